import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.guide_pipeline import GuidePictures, make_guide_dataset, make_guide_sample_loader
from datasets.records import TagRecord


@pytest.fixture
def files(tmp_path):
    """Three pictures of 33 x 33 and their guides: label 1 + row // 8 in each row."""
    records, guides = [], []
    for i in range(3):
        labels = np.repeat(np.arange(33)[:, None] // 8 + 1, 33, axis=1).astype(np.uint8)
        labels[8, 16] = 200  # on the grid: cell (1, 2)
        labels[9, 17] = 201  # beside it
        image = np.repeat(labels[..., None], 3, axis=2)
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        Image.fromarray(labels).save(tmp_path / f"{i}.guide.png")
        records.append(TagRecord(tmp_path / f"{i}.png", (1,), ("cat",)))
        guides.append(tmp_path / f"{i}.guide.png")
    return records, guides


@pytest.mark.parametrize("resize", ["tight", "none"])
def test_labels_are_those_of_every_eighth_pixel(files, resize):
    pictures = GuidePictures(*files, 33, resize=resize, max_pixels=10_000)
    image, labels = pictures.read(0)
    assert labels.tolist()[1] == [2, 2, 200, 2, 2] and labels[:, 0].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(labels, image[::8, ::8, 0])
    assert labels.dtype == np.int32


def test_samples_repeat_with_their_seed_and_differ_by_it(files):
    pictures = GuidePictures(*files, 33, max_pixels=10_000)
    load = make_guide_sample_loader(pictures, augment="general")
    samples = [load(tf.constant(4), tf.constant([0, seed])) for seed in (1, 1, 2)]
    assert samples[0][0].shape == (33, 33, 3) and samples[0][1].shape == (5, 5)
    for one, same, other in zip(*samples, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)


def test_make_guide_dataset_gives_every_picture_once(files):
    pictures = GuidePictures(*files, 33, max_pixels=10_000)
    batches = list(make_guide_dataset(pictures, batch_size=2))
    assert [len(images) for images, _ in batches] == [2, 1]
    assert batches[0][0].dtype == tf.float32 and float(tf.reduce_max(batches[0][0])) <= 1


def test_guides_of_another_size_are_refused(files):
    records, guides = files
    Image.new("L", (9, 9)).save(guides[1])
    pictures = GuidePictures(records, guides, 33, max_pixels=10_000)
    with pytest.raises(InputError, match=r"1.guide.png` must be of its picture's size .33, 33."):
        pictures.read(1)


def test_arguments_that_do_not_fit_are_refused(files):
    with pytest.raises(ValueError, match="`guides` must be one file per record. Received 0 for 3"):
        GuidePictures(files[0], [], 33, max_pixels=10_000)
    with pytest.raises(InputError, match="`image_size` must be 8 k . 1"):
        GuidePictures(*files, 32, max_pixels=10_000)
    with pytest.raises(InputError, match="`resize` must be one of tight, none"):
        GuidePictures(*files, 33, resize="wide", max_pixels=10_000)


def test_no_pictures_give_no_batches():
    pictures = GuidePictures([], [], 33, max_pixels=10_000)
    assert list(make_guide_dataset(pictures, batch_size=2)) == []
