import numpy as np
import pytest

from config.errors import InputError
from metrics.boxes import box_scores
from metrics.score_maps import check_deltas, max_box_acc


def nested_map(*boxes, size=(10, 12)):
    """Draw boxes x0, y0, x1, y1 on each other, with scores .1, .2 and so on."""
    scores = np.zeros(size)
    for i, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        scores[y0:y1, x0:x1] = i / 10
    return scores


def test_max_box_acc_takes_one_threshold_for_all_pictures():
    # Picture 1 is right at .1 (IoU 1) and wrong at .2; picture 2 the other way round. No single
    # threshold gets both, so the best is half.
    first = nested_map((0, 0, 8, 8), (0, 0, 2, 2))
    second = nested_map((0, 0, 8, 8), (0, 0, 2, 2))
    boxes = [[0, 0, 8, 8], [0, 0, 2, 2]]
    assert max_box_acc([first, second], boxes, [0.1, 0.2], deltas=(0.5,)) == {0.5: 0.5}
    assert max_box_acc([first, first], [boxes[0]] * 2, [0.1, 0.2], deltas=(0.5,)) == {0.5: 1.0}


def test_max_box_acc_best_threshold_depends_on_delta():
    # Three pictures of one map: at .1 the box (0, 0, 10, 10), at .2 the box (0, 0, 5, 10).
    score_map = nested_map((0, 0, 10, 10), (0, 0, 5, 10))
    boxes = [[0, 0, 6, 10], [0, 0, 7, 10], [0, 0, 5, 10]]
    # IoU at .1: .6, .7, .5; at .2: 5 / 6, 5 / 7, 1.
    result = max_box_acc([score_map] * 3, boxes, [0.1, 0.2], deltas=(0.5, 0.65, 0.9))
    assert result == {0.5: 1.0, 0.65: 1.0, 0.9: pytest.approx(1 / 3)}
    alone = max_box_acc([score_map] * 3, boxes, [0.1], deltas=(0.5, 0.65, 0.9))
    assert alone == {0.5: 1.0, 0.65: pytest.approx(1 / 3), 0.9: 0.0}


def test_max_box_acc_takes_the_largest_area():
    # Above .5 a block of 9 pixels and one of 4: the box is that of the 9.
    score_map = np.zeros((10, 12))
    score_map[0:3, 0:3] = score_map[7:9, 9:11] = 0.9
    assert max_box_acc([score_map], [[0, 0, 3, 3]], [0.5], deltas=(1.0,)) == {1.0: 1.0}
    assert max_box_acc([score_map], [[9, 7, 11, 9]], [0.5], deltas=(0.1,)) == {0.1: 0.0}


def test_max_box_acc_includes_the_threshold_and_an_empty_mask_is_wrong():
    score_map = np.full((1, 1), 0.5)
    box = [[0, 0, 1, 1]]
    assert max_box_acc([score_map], box, [0.5], deltas=(1.0,)) == {1.0: 1.0}
    assert max_box_acc([score_map], box, [0.51], deltas=(0.1,)) == {0.1: 0.0}


def test_max_box_acc_of_maps_of_unequal_sizes():
    maps = [np.ones((4, 6)), np.ones((9, 3))]
    boxes = [[0, 0, 6, 4], [0, 0, 3, 9]]
    assert max_box_acc(maps, boxes, np.linspace(0, 1, 5)) == {0.3: 1.0, 0.5: 1.0, 0.7: 1.0}


def test_max_box_acc_of_filled_boxes_is_their_accuracy():
    # Maps that hold one box each, whatever the threshold: what `box_scores` says of those boxes.
    draws = np.random.default_rng(0)
    corners = np.sort(draws.integers(0, 9, (30, 2, 2)), axis=1)
    found = corners.reshape(-1, 4) + [0, 0, 1, 1]
    true = np.roll(found, 1, axis=0)
    maps = [(10 * nested_map(tuple(box)) > 0).astype(float) for box in found]
    result = max_box_acc(maps, true, [0.2, 0.8])
    scores = box_scores(found, true)
    for delta, value in result.items():
        assert value == pytest.approx(scores[f"max_box_acc_{100 * delta:g}"])


@pytest.mark.parametrize(
    "maps, boxes, thresholds",
    [
        ([], np.zeros((0, 4)), [0.5]),
        ([np.ones((2, 2))], [[0, 0, 1, 1]] * 2, [0.5]),
        ([np.ones((2, 2))], [[0, 0, 1]], [0.5]),
        ([np.ones((2, 2))], [[0, 0, 1, 1]], []),
    ],
)
def test_max_box_acc_bad_arguments(maps, boxes, thresholds):
    with pytest.raises(InputError, match="`maps` must be N maps with `true_boxes`"):
        max_box_acc(maps, boxes, thresholds)


def test_max_box_acc_bad_map_and_deltas():
    with pytest.raises(ValueError, match=r"`mask` must be a map \(H, W\)"):
        max_box_acc([np.ones(4)], [[0, 0, 1, 1]], [0.5])
    with pytest.raises(InputError, match=r"`deltas` must be IoUs in \(0, 1\], at least one"):
        check_deltas((0.5, 2.0))
