import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.pipeline import make_sample_dataset
from datasets.records import TagRecord
from datasets.tag_pipeline import (
    TagPictures,
    make_tag_dataset,
    make_tag_sample_loader,
    make_targets,
)

NAMES = ("cat", "dog", "rat")


@pytest.fixture
def records(tmp_path):
    """Three pictures that get brighter to the right, of tags 1, 2 + 3 and 3."""
    made = []
    for i, (size, tags) in enumerate([((24, 32), (1,)), ((32, 16), (2, 3)), ((1, 1), (3,))]):
        grey = np.linspace(0, 255, size[1]).astype(np.uint8)
        pixels = np.repeat(np.tile(grey, (size[0], 1))[..., np.newaxis], 3, axis=2)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
        made.append(TagRecord(tmp_path / f"{i}.png", tags, NAMES))
    return made


def make_batches(records, first_step=0, cache="none"):
    pictures = TagPictures(records, 17, max_pixels=10_000, cache=cache)
    load = make_tag_sample_loader(pictures, augment="published")
    return list(
        make_sample_dataset(
            4, load, batch_size=2, steps_per_epoch=2, epochs=2, seed=3, first_step=first_step
        )
    )


def test_samples_go_on_exactly_from_any_step(records):
    whole, rest = make_batches(records), make_batches(records, 1, cache="memory")
    assert whole[0][0].shape == (2, 17, 17, 3) and len(rest) == 3
    for batch, twin in zip(whole[1:], rest, strict=True):
        for values, others in zip(batch, twin, strict=True):
            np.testing.assert_array_equal(values, others)


def test_samples_are_mirrored_now_and_then_and_differ_between_epochs(records):
    images = np.concatenate([images for images, _ in make_batches(records[:1])])
    assert {bool(image[8, 0, 0] < image[8, -1, 0]) for image in images} == {True, False}
    assert (images[:2] != images[-2:]).any()


def test_evaluation_batches_hold_every_picture_in_order(records):
    pictures = TagPictures(records, 17, max_pixels=10_000)
    batches = list(make_tag_dataset(pictures, batch_size=2))
    assert [images.shape[0] for images, _ in batches] == [2, 1]
    targets = np.concatenate([targets for _, targets in batches])
    assert targets.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
    # 32 x 16 pixels become 17 x 8 (8.5 to even), the first column at (17 - 8) // 2 = 4.
    image = batches[0][0][1].numpy()
    resized = np.asarray(Image.open(records[1].image).resize((8, 17), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(image[:, 4:12], resized / 255, atol=1e-6)
    np.testing.assert_array_equal(image[:, 3], image[:, 5])
    np.testing.assert_array_equal(batches[1][0], np.zeros((1, 17, 17, 3)))


def test_load_traces_in_a_graph_and_takes_numbers_modulo_the_pictures(records):
    pictures = TagPictures(records, 9, max_pixels=10_000)
    load = tf.function(make_tag_sample_loader(pictures, augment="none"))
    image, target = load(tf.constant(4), tf.constant([5, -6]))  # picture 4 modulo 3
    assert image.shape == (9, 9, 3) and target.numpy().tolist() == [0, 1, 1]


def test_make_targets_of_nothing_and_of_other_classes(records):
    assert make_targets([]).shape == (0, 0)
    other = TagRecord(records[0].image, (1,), ("ape",))
    with pytest.raises(ValueError, match="the same class names"):
        make_targets([*records, other])


def test_an_unknown_augmentation_is_named_at_once(records):
    pictures = TagPictures(records, 9, max_pixels=10_000)
    with pytest.raises(InputError, match="`augment` must be one of none, published. Received x"):
        make_tag_sample_loader(pictures, augment="x")
