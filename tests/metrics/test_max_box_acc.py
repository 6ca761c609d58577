import json

import numpy as np
import pytest

from config.errors import InputError
from config.files import to_json
from metrics.max_box_acc import MaxBoxAccuracy

# The paper's frames of each class of YouTube-Objects, and how many its best network has right.
RIGHT = [76, 19, 23, 25, 28, 17, 30, 20, 19, 8]
FRAMES = [84, 27, 37, 33, 33, 21, 37, 31, 27, 16]


def block(box=(2, 1, 6, 5), size=(8, 10)):
    score_map = np.zeros(size)
    x0, y0, x1, y1 = box
    score_map[y0:y1, x0:x1] = 1
    return score_map


def count(frames, **options):
    accuracy = MaxBoxAccuracy(("cat", "dog"), step=0.1, **options)
    for frame in frames:
        accuracy.update(*frame)
    return accuracy


def test_max_box_accuracy_macro_and_micro_of_the_paper():
    accuracy = MaxBoxAccuracy([str(i) for i in range(10)], step=0.5)
    for label, (right, frames) in enumerate(zip(RIGHT, FRAMES, strict=True), start=1):
        for number in range(frames):
            box = (2, 1, 6, 5) if number < right else (7, 6, 9, 8)
            accuracy.update(block(), [box], label)
    result = accuracy.result()
    assert result["corloc_macro"] == pytest.approx(0.7305, abs=5e-5)
    assert result["corloc_micro"] == pytest.approx(265 / 346)
    assert result["per_class"]["9"] == {"corloc": 0.5, "num_frames": 16}
    assert result["num_frames"] == 346


def test_max_box_accuracy_takes_one_threshold_for_all_frames():
    # Each frame is right at one threshold, but not at the same: the best is 1 of 2.
    low, high = block((0, 0, 8, 4), (4, 10)) * 0.5, block((0, 0, 2, 4), (4, 10))
    score_map = np.maximum(low, high)
    frames = [(score_map, [[0, 0, 8, 4]], 1), (score_map, [[0, 0, 2, 4]], 2)]
    accuracy = count(frames)
    np.testing.assert_array_equal(accuracy.curve(), [0.5] * 10)
    result = accuracy.result()
    assert result["corloc_micro"] == 0.5 and result["threshold"] == 0
    assert result["per_class"]["cat"]["corloc"] == 1 and result["per_class"]["dog"]["corloc"] == 0
    at_high = accuracy.result(threshold=0.68)
    assert at_high["threshold"] == pytest.approx(0.7)
    assert at_high["per_class"]["cat"]["corloc"] == 0
    assert at_high["per_class"]["dog"] == {"corloc": 1, "num_frames": 1}


def test_max_box_accuracy_chooses_by_frames_or_by_classes():
    low, high = block((0, 0, 8, 4), (4, 10)) * 0.5, block((0, 0, 2, 4), (4, 10))
    score_map, half = np.maximum(low, high), np.maximum(low, high * 0)
    # Low: two of three cats are right. High: the other cat and the dog.
    frames = [(score_map, [[0, 0, 8, 4]], 1)] * 2
    frames += [(score_map, [[0, 0, 2, 4]], 1), (score_map, [[0, 0, 2, 4]], 2)]
    frames += [(score_map, [[0, 0, 8, 4]], 1)] + [(half, [[9, 0, 10, 4]], 1)]
    accuracy = count(frames)
    micro, macro = accuracy.result(), accuracy.result(choose="macro")
    assert (micro["threshold"], micro["corloc_micro"]) == (0, 3 / 6)
    assert macro["threshold"] == pytest.approx(0.5)
    assert macro["corloc_macro"] == pytest.approx((1 / 5 + 1) / 2)


def test_max_box_accuracy_counts_the_largest_contour_or_any():
    score_map = np.maximum(block(), block((7, 6, 9, 8)))
    frames = [(score_map, [[7, 6, 9, 8]], 1)]
    result = count(frames).result()
    assert result["corloc_micro"] == 0 and result["max_box_acc_v1_30"] == 0
    assert result["max_box_acc_v2_70"] == 1 and result["max_box_acc_v2"] == 1
    assert "max_box_acc_v2" not in count(frames, every_contour=False).result()


def test_max_box_accuracy_takes_any_true_box_and_each_delta():
    # IoU with the second box: 16 of 32, and with the first nothing.
    result = count([(block(), [[8, 6, 10, 8], [2, 1, 10, 5]], 1)]).result()
    names = ("max_box_acc_v1_30", "max_box_acc_v1_50", "max_box_acc_v1_70")
    assert [result[name] for name in names] == [1, 1, 0]
    assert result["max_box_acc_v2"] == pytest.approx(2 / 3)


def test_max_box_accuracy_at_a_borderline_differs_between_conventions():
    # Half-open: 8 of 16 pixels. Inclusive: columns 0 .. 4 and 0 .. 2, rows 0 .. 4: 15 of 25.
    frame = (block((0, 0, 4, 4)), [[0, 0, 2, 4]], 1)
    assert count([frame]).result()["max_box_acc_v1_50"] == 1
    inclusive = count([frame], deltas=(0.5, 0.55, 0.61), inclusive=True).result()
    assert inclusive["max_box_acc_v1_55"] == 1 and inclusive["max_box_acc_v1_61"] == 0
    half_open = count([frame], deltas=(0.5, 0.55, 0.61)).result()
    assert half_open["max_box_acc_v1_55"] == 0


@pytest.mark.parametrize(
    ("box", "truth", "expected"),
    [
        # (0, 0, 9, 9) and (5, 0, 14, 9), both ends counted: 5 x 10 of 150.
        ((0, 0, 9, 9), (5, 0, 14, 9), 1 / 3),
        # (30, 50, 120, 100) and (30, 50, 119, 99): 90 x 50 of 91 x 51.
        ((30, 50, 120, 100), (30, 50, 119.9, 99.7), 0.96962),
    ],
)
def test_max_box_accuracy_of_the_specification_with_both_ends(box, truth, expected):
    frame = (block(box, (224, 224)), [truth], 1)
    for delta, right in ((expected - 1e-4, 1), (expected + 1e-4, 0)):
        result = count([frame], deltas=(0.5, delta), inclusive=True).result()
        assert result[f"max_box_acc_v1_{100 * delta:g}"] == right


def test_max_box_accuracy_with_both_ends_stops_at_the_last_column():
    # The map's box would be (0, 0, 10, 8) and ends at (9, 7), which is the whole of the truth.
    frame = (np.ones((8, 10)), [[0, 0, 9, 7]], 1)
    assert count([frame], deltas=(0.5, 1.0), inclusive=True).result()["max_box_acc_v1_100"] == 1


def test_max_box_accuracy_of_classified_frames():
    frames = [(block(), [[2, 1, 6, 5]], 1, [1, 2]), (block(), [[2, 1, 6, 5]], 1, [2, 1])]
    frames += [(block(), [[7, 7, 9, 8]], 2, [2, 1])]
    result = count(frames).result()
    assert result["top1_localization"] == pytest.approx(1 / 3)
    assert result["top5_localization"] == pytest.approx(2 / 3) == result["corloc_micro"]
    assert set(result["best_thresholds"]) > {"top1_localization", "max_box_acc_v2_30"}


def test_max_box_accuracy_leaves_out_frames_without_truth():
    empty = np.zeros((8, 10))
    frames = [(empty, None, 1), (empty, [[0, 0, 0, 0]], 1), (empty, np.zeros((0, 4)), 2)]
    accuracy = count(frames)
    with pytest.raises(InputError, match="CorLoc needs a frame with a true box. None of 3"):
        accuracy.result()
    accuracy.update(block(), [[2, 1, 6, 5]], 2)
    result = accuracy.result()
    assert result["num_unknown"] == 3 and result["num_frames"] == 1
    assert result["corloc_macro"] == 1 and np.isnan(result["per_class"]["cat"]["corloc"])
    assert json.dumps(to_json(result)) and "top1_localization" not in result


def test_max_box_accuracy_of_a_map_without_a_contour_is_wrong():
    result = count([(np.zeros((8, 10)), [[0, 0, 1, 1]], 1)], inclusive=True).result()
    assert result["corloc_micro"] == 0 and result["max_box_acc_v2"] == 0


def test_max_box_accuracy_names_what_is_wrong():
    accuracy = count([])
    with pytest.raises(ValueError, match="`label` must be 1 to 2. Received 0"):
        accuracy.update(block(), [[0, 0, 1, 1]], 0)
    with pytest.raises(ValueError, match=r"`true_boxes` must be \(N, 4\) finite"):
        accuracy.update(block(), [[0, 0, 1, np.nan]], 1)
    with pytest.raises(ValueError, match="swapped corners"):
        accuracy.update(block(), [[5, 0, 1, 1]], 1)
    with pytest.raises(ValueError, match="`score_map` must be in"):
        accuracy.update(block() * np.nan, [[0, 0, 1, 1]], 1)
    with pytest.raises(InputError, match="`deltas` must hold 0.5"):
        MaxBoxAccuracy(("cat",), deltas=(0.3,))
    accuracy.update(block(), [[2, 1, 6, 5]], 1)
    with pytest.raises(InputError, match="`choose` must be one of micro, macro"):
        accuracy.result(choose="best")


def test_max_box_accuracy_sums_up_other_groups_as_if_counted_so():
    frames = [(block(), [[2, 1, 6, 5]], 1, [1]), (block(), [[7, 6, 9, 8]], 2, [1, 2])]
    frames += [(block(), [[2, 1, 6, 4]], 3, [3]), (block(), None, 3, None)]
    shots = MaxBoxAccuracy(("a", "b", "c"), step=0.1, inclusive=True)
    for score_map, boxes, label, ranking in frames:
        shots.update(score_map, boxes, label, ranking)
    classes = count([], inclusive=True)
    for score_map, boxes, label, ranking in frames:
        new = 1 if label == 2 else 2
        rank = [new if each == label else 0 for each in ranking] if ranking else None
        classes.update(score_map, boxes, new, rank)
    regrouped = shots.regroup(("cat", "dog"), [2, 1, 2])
    assert to_json(regrouped.result()) == to_json(classes.result())
    assert shots.result()["per_class"]["c"]["num_frames"] == 1


@pytest.mark.parametrize("labels", [[1], [1, 3], [0, 1], [[1, 2]]])
def test_max_box_accuracy_refuses_groups_that_are_not_there(labels):
    with pytest.raises(ValueError, match="`labels` must be 2 numbers from 1 to 2"):
        count([]).regroup(("x", "y"), labels)
