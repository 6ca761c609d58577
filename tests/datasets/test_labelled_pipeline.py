import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from datasets.labelled_pipeline import (
    LabelledPictures,
    make_labelled_dataset,
    make_labelled_sample_loader,
)


@pytest.fixture
def paths(tmp_path):
    """Two pictures of 40 x 60 pixels, white where their labels, of half the size, say 1."""
    found = []
    for i, (top, left) in enumerate([(4, 6), (2, 16)]):
        labels = np.zeros((20, 30), np.uint8)
        labels[top : top + 10, left : left + 12] = 1
        Image.fromarray(np.kron(255 * labels, np.ones((2, 2), np.uint8))).save(
            tmp_path / f"{i}.png"
        )
        Image.fromarray(labels).save(tmp_path / f"{i}.labels.png")
        found.append((tmp_path / f"{i}.png", tmp_path / f"{i}.labels.png"))
    return found


def open_pictures(paths, **options):
    images, labels = zip(*paths, strict=True)
    options = {"label_size": 16, "max_pixels": 10**6, **options}
    return LabelledPictures(images, labels, 32, **options)


def test_evaluation_batches_show_whole_pictures_in_order(paths):
    pictures = open_pictures(paths)
    ((images, labels),) = make_labelled_dataset(pictures, batch_size=4)
    assert images.shape == (2, 32, 32, 3) and labels.dtype == tf.float32
    # Every second pixel of the picture lies in the label's cell: where it is white, the label is 1.
    bright = images.numpy()[..., 0].reshape(2, 16, 2, 16, 2).mean(axis=(2, 4))
    sure = np.abs(bright - 0.5) > 0.45
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(labels.numpy()[sure], bright[sure].round())


def test_training_samples_move_picture_and_labels_together(paths):
    pictures = open_pictures(paths, detail=1.5)
    load = make_labelled_sample_loader(pictures, recipe="general")
    seen = set()
    for i in range(6):
        image, labels = load(tf.constant(i), tf.constant([0, i]))
        again = load(tf.constant(i), tf.constant([0, i]))[1]
        np.testing.assert_array_equal(labels, again)
        values = labels.numpy()
        seen.add(values.tobytes())
        bright = image.numpy().mean(axis=-1).reshape(16, 2, 16, 2).mean(axis=(1, 3))
        assert bright[values == 1].mean() > 0.5 > 0.2 > bright[values == 0].mean()
        assert set(np.unique(values)) <= {0, 1, 255}
    assert len(seen) > 3


def test_labels_without_an_object_are_augmented_too(paths, tmp_path):
    Image.fromarray(np.full((4, 6), 255, np.uint8)).save(tmp_path / "void.png")
    pictures = open_pictures([(paths[0][0], tmp_path / "void.png")])
    labels = pictures.draw(0, np.array([1, 2]), recipe="general")[1]
    assert (labels == 255).all()


def test_labelled_pictures_need_a_map_each(paths):
    with pytest.raises(ValueError, match="`labels` must be one for each of 2 pictures"):
        LabelledPictures([a for a, _ in paths], [], 32, label_size=16, max_pixels=10**6)
    with pytest.raises(ValueError, match="`recipe` must be one of"):
        make_labelled_sample_loader(open_pictures(paths), recipe="strong")
