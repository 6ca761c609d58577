from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.loader import load_params
from datasets.records import ShotRecord
from datasets.shot_pictures import ShotPictures
from datasets.shots import ShotSplits
from finetuning.temporal_cam.fitting import choose_watched
from finetuning.temporal_cam.samples import (
    make_training_batches,
    make_validation_batches,
    read_scaled_boxes,
)

PARAMS = replace(
    load_params(Path("config"), "finetuning/temporal_cam"), batch_size=2, epochs=3, crf_scale=0.5
)


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """Three shots of 4 frames of 40 x 30 (width x height) pixels; a box in the second frame."""
    folder = tmp_path_factory.mktemp("shots")
    generator = np.random.default_rng(0)
    records = []
    for name in "abc":
        frames = tuple(folder / f"{name}{i}.png" for i in range(4))
        for path in frames:
            pixels = generator.integers(0, 256, (30, 40, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(path)
        boxes = (None, np.array([[10.0, 6, 20, 12]]), None, np.zeros((0, 4)))
        records.append(ShotRecord(name, frames, 1, ("cat",), boxes))
    return records


def read_cams(shot):
    cams = np.zeros((len(shot.frames), 4, 4), np.float32)
    for number in range(len(shot.frames)):
        cams[number, number] = 1
    return cams


def make(shots, params=PARAMS, **options):
    pictures = ShotPictures(shots, 24, resize_size=26, max_pixels=10**6)
    return make_training_batches(pictures, read_cams, params, steps_per_epoch=1, seed=0, **options)


def test_training_batches_hold_what_the_losses_need(shots):
    batches = list(make(shots))
    assert len(batches) == 3
    images, targets = batches[0]
    assert images.shape == (2, 1, 24, 24, 3) and targets["labels"].shape == (2, 1, 24, 24)
    assert set(targets) == {"labels", "crf"}
    assert targets["crf"]["vertices"].shape == (2, 1, 144, 6)


def test_training_batches_go_on_exactly(shots):
    whole, rest = list(make(shots)), list(make(shots, first_step=1))
    assert len(rest) == 2
    for (images, targets), (others, own) in zip(whole[1:], rest, strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(targets["labels"], own["labels"])


def test_training_batches_of_several_frames(shots):
    params = replace(PARAMS, crf_weight=0.0, side_frames=1, joint_crf_weight=1.0)
    images, targets = next(iter(make(shots, params)))
    assert images.shape == (2, 3, 24, 24, 3) and set(targets) == {"labels", "joint_crf"}


def test_validation_batches_are_whole_frames_with_their_boxes(shots):
    options = {"image_size": 24}
    places = [(0, 1), (1, 3), (2, 1)]
    first, second = (
        list(make_validation_batches(shots, places, read_cams, PARAMS, **options)) for _ in "ab"
    )
    images, targets = first[0]
    assert images.shape == (2, 1, 24, 24, 3) and len(first) == 2
    # 10 to 20 of 40 and 6 to 12 of 30 pixels, of 24 each; the other frame shows no object.
    assert targets["boxes"].numpy().tolist() == [
        [[6, pytest.approx(4.8), 12, pytest.approx(9.6)]],
        [[0] * 4],
    ]
    for (_, one), (_, other) in zip(first, second, strict=True):
        np.testing.assert_array_equal(one["labels"], other["labels"])
    assert (
        "boxes"
        not in next(iter(make_validation_batches(shots, [(0, 0)], read_cams, PARAMS, **options)))[1]
    )


def test_validation_maps_are_joined_with_the_frames_before(shots):
    # Frame 1 is lit in rows 0 and 1 of 4: no seed of the object is below the middle.
    params = replace(PARAMS, crf_weight=0.0, num_foreground=30)
    batches = make_validation_batches(shots, [(0, 1)], read_cams, params, image_size=24)
    labels = next(iter(batches))[1]["labels"][0, 0].numpy()
    rows = np.argwhere(labels == 1)[:, 0]
    assert rows.max() <= 14 and rows.min() < 6 < rows.max()


def test_read_scaled_boxes_fills_up_to_the_most():
    shot = ShotRecord("a", (Path("1.jpg"), Path("2.jpg")), 1, ("cat",))
    assert read_scaled_boxes([shot], [(0, 0), (0, 1)], 8, max_pixels=9).shape == (2, 1, 4)
    assert read_scaled_boxes([], [], 8, max_pixels=9).shape == (0, 1, 4)


def test_choose_watched_takes_annotated_frames_of_validation_shots(shots):
    watched = choose_watched(ShotSplits(shots[:1], shots[1:], [], ("cat",)), most=8)
    assert watched.monitor == "val_corloc"
    assert watched.places == [(0, 1), (0, 3), (1, 1), (1, 3)]


def test_choose_watched_never_looks_at_boxes_of_training_shots(shots):
    watched = choose_watched(ShotSplits(shots, [], shots, ("cat",), True), most=8)
    assert watched.monitor == "val_loss" and watched.places == [(0, 2), (1, 2), (2, 2)]
    assert all(not shot.boxes and not shot.masks for shot in watched.shots)


def test_choose_watched_without_boxes_takes_the_loss(shots):
    bare = [replace(shot, boxes=()) for shot in shots]
    watched = choose_watched(ShotSplits(bare[:1], bare[1:], [], ("cat",)), most=2)
    assert watched.monitor == "val_loss" and watched.places == [(0, 1), (0, 3), (1, 1), (1, 3)]
