import numpy as np
import pytest

from datasets.synthetic_shots import draw_moving_shot, moving_shots, simulated_cams
from ops.map_boxes import boxes_from_contours
from ops.opencv import cv2
from ops.temporal_cams import temporal_max

SHOTS = moving_shots(9, num_frames=6, image_size=(48, 64), seed=1)


def test_a_shot_is_a_function_of_seed_and_number():
    again = moving_shots(2, num_frames=6, image_size=(48, 64), seed=1, first=4)
    np.testing.assert_array_equal(again[0].frames, SHOTS[4].frames)
    other = moving_shots(1, num_frames=6, image_size=(48, 64), seed=2)[0]
    assert (other.frames != SHOTS[0].frames).any()


def test_boxes_frame_the_object_in_every_frame():
    for shot in SHOTS:
        for mask, box in zip(shot.masks, shot.boxes, strict=True):
            rows, columns = np.nonzero(mask)
            expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert box.tolist() == expected
            assert mask.mean() > 0.02


def test_the_object_and_the_ground_move():
    for shot in SHOTS:
        centres = (shot.boxes[:, :2] + shot.boxes[:, 2:]) / 2
        steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
        # 2.4 x 48 / 64 = 1.8 pixels a frame; turning changes the box by a little.
        assert 0.3 < steps.mean() < 3 and np.linalg.norm(centres[0] - centres[-1]) > 0.5
    assert any((shot.frames[0] != shot.frames[-1])[~shot.masks.any(axis=0)].any() for shot in SHOTS)


def test_classes_come_in_turn():
    assert [shot.tag for shot in SHOTS[:4]] == [1, 2, 3, 1]
    assert [shot.tag for shot in moving_shots(3, num_frames=1, num_classes=2)] == [1, 2, 1]
    assert [shot.name for shot in SHOTS[:3]] == ["disc", "square", "triangle"]


def test_the_colour_of_the_object_tells_its_class_and_that_of_the_picture_does_not():
    shots = moving_shots(60, num_frames=1, seed=3)
    inside = np.array([shot.frames[0][shot.masks[0]].mean(axis=0) for shot in shots])
    assert np.mean(inside.argmax(axis=1) == [shot.tag - 1 for shot in shots]) > 0.9
    outside = np.array([shot.frames[0][~shot.masks[0]].mean(axis=0) for shot in shots])
    assert np.mean(outside.argmax(axis=1) == [shot.tag - 1 for shot in shots]) < 0.6


def test_a_shot_of_one_frame_and_of_the_smallest_size():
    shot = draw_moving_shot(0, 0, 2, num_frames=1, image_size=(16, 40))
    assert shot.frames.shape == (1, 16, 40, 3) and shot.boxes.shape == (1, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_frames": 0}, "`num_frames` must be at least 1"),
        ({"image_size": (15, 40)}, r"`image_size` at least \(16, 16\)"),
        ({"num_classes": 4}, "`num_classes` must be 1 to 3"),
        ({"num_classes": 0}, "`num_classes` must be 1 to 3"),
    ],
)
def test_arguments_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        moving_shots(1, **options)
    assert moving_shots(0) == []


def score(shots, cams, n):
    """Give the share of frames whose best box of a map has an IoU of .5, at the best threshold."""
    found = []
    for shot, maps in zip(shots, cams, strict=True):
        for number, truth in enumerate(shot.boxes):
            cam = temporal_max(maps, number, n=n, mode="before" if n else "instant")
            cam = cv2.resize(cam, shot.frames.shape[2:0:-1])
            row = []
            for threshold in np.arange(0.1, 0.9, 0.05):
                boxes = boxes_from_contours(cam > threshold * cam.max(), tolerance=0)
                row.append(len(boxes) > 0 and overlap(boxes[0], truth) >= 0.5)
            found.append(row)
    return np.mean(found, axis=0).max()


def overlap(one, other):
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = np.prod(np.maximum(sides, 0))
    return both / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)


def test_the_maximum_over_one_frame_before_finds_more_than_over_none_and_than_over_five():
    shots = moving_shots(40, num_frames=6, image_size=(64, 64), seed=1)
    cams = [simulated_cams(shot, index=index, seed=1) for index, shot in enumerate(shots)]
    none, one, five = (score(shots, cams, n) for n in (0, 1, 5))
    assert 0.5 < none < one - 0.04 and one > five + 0.02


def test_simulated_maps_are_in_0_to_1_and_differ_from_frame_to_frame():
    cams = simulated_cams(SHOTS[0], cells=8)
    assert cams.shape == (6, 8, 8) and cams.dtype == np.float32
    assert cams.min() == 0 and (cams.max(axis=(1, 2)) == 1).all()
    assert (simulated_cams(SHOTS[0], cells=8, index=1) != cams).any()
