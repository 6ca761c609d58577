from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.records import ShotRecord
from datasets.sample_order import make_ordered_dataset
from datasets.shot_pictures import ShotPictures, make_shot_targets
from datasets.shot_pipeline import (
    list_frames,
    make_cam_sample_loader,
    make_classifier_dataset,
    make_frame_dataset,
    make_shot_order,
)
from ops.temporal_cams import TemporalSettings

NAMES = ("cat", "rat")
SIZE, RESIZED = 12, 16
INSTANT = TemporalSettings(n=0, mode="instant")


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


def read_cams(shot):
    """Give maps of the frames' size whose values are 1 / 255 of the column, for every frame."""
    ramp = np.tile(10 * np.arange(RESIZED) / 255, (RESIZED, 1))
    return np.stack([ramp] * len(shot.frames)).astype(np.float32)


def make_cam_batches(shots, read, settings, epochs=1, frames_per_shot=1):
    pictures = open_shots(shots, frames_per_shot=frames_per_shot)
    return list(
        make_ordered_dataset(
            make_shot_order(pictures, seed=5),
            make_cam_sample_loader(pictures, read, settings=settings),
            batch_size=3,
            steps_per_epoch=frames_per_shot,
            epochs=epochs,
            seed=5,
        )
    )


def test_crop_and_flip_move_frame_and_map_alike(shots):
    batches = make_cam_batches(shots, read_cams, INSTANT, epochs=6)
    corners = set()
    for batch in batches:
        assert batch["image"].shape == (3, SIZE, SIZE, 3) and batch["cam"].shape == (
            3,
            SIZE,
            SIZE,
            1,
        )
        np.testing.assert_allclose(batch["image"][..., 2:], batch["cam"], atol=1e-6)
        corners |= {round(float(value) * 25.5) for value in batch["cam"][:, 0, 0, 0]}
    # Windows of 12 of 16 columns start at column 0..4, mirrored ones at 11..15.
    assert min(corners) < 5 and max(corners) > 10


def test_maps_of_neighbours_are_joined_within_the_shot(shots):
    def read(shot):  # frame i has the value i / 10 everywhere
        return np.broadcast_to(
            np.arange(len(shot.frames))[:, None, None] / 10, (len(shot.frames), 4, 4)
        )

    batches = make_cam_batches(shots, read, TemporalSettings(n=1, mode="after"), epochs=20)
    seen = set()
    for batch in batches:
        shown = list_shown(batch["image"])
        for (shot, frame), cam in zip(shown, batch["cam"].numpy(), strict=True):
            last = len(shots[shot].frames) - 1
            np.testing.assert_allclose(cam, min(frame + 1, last) / 10, atol=1e-6)
            seen.add((shot, frame))
    assert len(seen) == 7


def test_the_heat_is_that_of_the_epoch(shots):
    def read(shot):
        return np.stack([np.array([[0.0, 1.0]])] * len(shot.frames))

    settings = TemporalSettings(n=1, mode="before", heat=4.0, uniform_from=4)
    batches = make_cam_batches(shots, read, settings, epochs=6)
    # The coldest place of a map of 0 and 1 is exp(-heat) with heat 4, 3, 2, 1, and then none: 0.
    found = [float(batch["cam"].numpy().min()) for batch in batches]
    expected = [np.exp(-4), np.exp(-3), np.exp(-2), np.exp(-1), 0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_maps_that_are_not_one_a_frame_are_named(shots):
    with pytest.raises(Exception, match="maps of the shot . must be .T, h, w."):
        make_cam_batches(shots, lambda shot: np.ones((9, 4, 4)), INSTANT)


def test_evaluation_shows_every_frame_in_order(shots):
    batches = list(make_frame_dataset(shots, 8, batch_size=4, max_pixels=10_000))
    assert [images.shape[0] for images in batches] == [4, 3]
    images = np.concatenate(batches)
    assert images.shape == (7, 8, 8, 3) and images.dtype == np.float32
    assert list_shown(images) == [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3)]
    with Image.open(shots[2].frames[1]) as picture:
        expected = np.asarray(picture.resize((8, 8), Image.Resampling.BILINEAR)) / 255
    np.testing.assert_allclose(images[4], expected, atol=1e-6)


def test_evaluation_may_show_annotated_frames_alone(shots):
    box = np.array([[0.0, 0, 4, 4]])
    shot = ShotRecord("a", shots[2].frames, 1, NAMES, boxes=(None, box, np.zeros((0, 4)), None))
    assert list_frames([shots[0], shot], annotated=True) == [(1, 1), (1, 2)]
    batches = make_frame_dataset([shot], 8, batch_size=4, max_pixels=10_000, annotated=True)
    assert list_shown(next(iter(batches))) == [(2, 1), (2, 2)]


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
