from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.records import ShotRecord
from datasets.shot_pictures import ShotPictures, make_shot_targets
from datasets.shot_pipeline import (
    list_frames,
    make_classifier_dataset,
    make_frame_dataset,
)

NAMES = ("cat", "rat")
SIZE, RESIZED = 12, 16


@pytest.fixture
def shots(tmp_path):
    """Give shots of 1, 2 and 4 frames: red tells the shot, green the frame, blue the column."""
    made = []
    for place, num_frames in enumerate((1, 2, 4)):
        frames = []
        for frame in range(num_frames):
            pixels = np.zeros((RESIZED, RESIZED, 3), np.uint8)
            pixels[..., 0], pixels[..., 1] = 50 * place, 50 * frame
            pixels[..., 2] = 10 * np.arange(RESIZED)
            path = tmp_path / f"{place}_{frame}.png"
            Image.fromarray(pixels).save(path)
            frames.append(path)
        made.append(ShotRecord(f"{place}", tuple(frames), 1 + place % 2, NAMES))
    return made


def open_shots(shots, **options):
    return ShotPictures(shots, SIZE, resize_size=RESIZED, max_pixels=10_000, **options)


def list_shown(images):
    """Return the (shot, frame) that images show."""
    return [tuple(int(round(float(x) * 255 / 50)) for x in image[0, 0, :2]) for image in images]


def test_an_epoch_shows_every_shot_once_and_a_random_frame_of_it(shots):
    steps = {"batch_size": 3, "steps_per_epoch": 1, "epochs": 40, "seed": 3}
    batches = list(make_classifier_dataset(open_shots(shots), **steps))
    shown = [list_shown(images) for images, _ in batches]
    assert all(sorted(shot for shot, _ in epoch) == [0, 1, 2] for epoch in shown)
    frames = [frame for epoch in shown for shot, frame in epoch if shot == 2]
    assert set(frames) == {0, 1, 2, 3}
    for epoch, (_, targets) in zip(shown, batches, strict=True):
        expected = [[1, 0] if shot % 2 == 0 else [0, 1] for shot, _ in epoch]
        assert targets.numpy().tolist() == expected


def test_samples_go_on_exactly_from_any_step(shots):
    make = partial(make_classifier_dataset, batch_size=2, steps_per_epoch=3, epochs=2, seed=1)
    whole = list(make(open_shots(shots, frames_per_shot=2)))
    rest = list(make(open_shots(shots, frames_per_shot=2, cache="memory"), first_step=2))
    assert len(whole) == 6 and len(rest) == 4
    for batch, twin in zip(whole[2:], rest, strict=True):
        for values, others in zip(batch, twin, strict=True):
            np.testing.assert_array_equal(values, others)


def test_several_frames_of_a_shot_may_come_in_an_epoch(shots):
    pictures = open_shots(shots, frames_per_shot=2)
    steps = {"batch_size": 6, "steps_per_epoch": 1, "epochs": 1, "seed": 0}
    images, _ = next(iter(make_classifier_dataset(pictures, **steps)))
    assert sorted(shot for shot, _ in list_shown(images)) == [0, 0, 1, 1, 2, 2]


def test_evaluation_shows_every_frame_in_order(shots):
    batches = list(make_frame_dataset(shots, 8, batch_size=4, max_pixels=10_000))
    assert [images.shape[0] for images in batches] == [4, 3]
    images = np.concatenate(batches)
    assert images.shape == (7, 8, 8, 3) and images.dtype == np.float32
    assert list_shown(images) == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3)]
    with Image.open(shots[2].frames[1]) as picture:
        expected = np.asarray(picture.resize((8, 8), Image.Resampling.BILINEAR)) / 255
    np.testing.assert_allclose(images[4], expected, atol=1e-6)


def test_evaluation_may_show_some_frames_alone(shots):
    shot = shots[2].take([1, 2])
    assert list_frames([shots[0], shot]) == [(0, 0), (1, 0), (1, 1)]
    batches = make_frame_dataset([shot], 8, batch_size=4, max_pixels=10_000)
    assert list_shown(next(iter(batches))) == [(2, 1), (2, 2)]


def test_evaluation_gives_the_targets_of_the_frames_shots(shots):
    options = {"batch_size": 4, "max_pixels": 10_000, "targets": True}
    batches = list(make_frame_dataset(shots, SIZE, **options))
    shown = [shot for images, _ in batches for shot, _ in list_shown(images)]
    targets = np.concatenate([targets for _, targets in batches])
    assert shown == [0, 1, 1, 2, 2, 2, 2]
    np.testing.assert_array_equal(targets, np.eye(2)[[0, 1, 1, 0, 0, 0, 0]])


def test_frames_of_another_size_and_of_one_pixel_are_resized_alike(tmp_path):
    paths = []
    for number, size in enumerate(((5, 40), (1, 1), (30, 20))):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", size, (51, 0, 0)).save(paths[-1])
    shot = ShotRecord("a", tuple(paths), 1, NAMES)
    images = next(iter(make_frame_dataset([shot], 8, batch_size=3, max_pixels=10_000)))
    np.testing.assert_allclose(images[..., 0], np.full((3, 8, 8), 0.2), atol=1e-6)


def test_targets_of_nothing_and_of_other_classes(shots):
    assert make_shot_targets([]).shape == (0, 0)
    other = ShotRecord("x", shots[0].frames, 1, ("ape",))
    with pytest.raises(ValueError, match="the same class names"):
        make_shot_targets([*shots, other])


def test_the_frames_are_at_least_as_large_as_the_windows(shots):
    assert ShotPictures(shots, 224, max_pixels=10_000).resize_size == 256
    with pytest.raises(InputError, match="`resize_size` must be at least `image_size`, 12 pixels"):
        ShotPictures(shots, 12, resize_size=11, max_pixels=10_000)


def test_a_frame_of_too_many_pixels_is_named(shots):
    pictures = ShotPictures(shots, 8, max_pixels=100)
    steps = {"batch_size": 3, "steps_per_epoch": 1, "epochs": 1, "seed": 0}
    with pytest.raises(tf.errors.OpError, match="max_pixels"):
        list(make_classifier_dataset(pictures, **steps))
