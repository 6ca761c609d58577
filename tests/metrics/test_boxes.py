import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from config.errors import InputError
from metrics.boxes import (
    BoxAccuracy,
    BoxIoU,
    SummedBoxIoU,
    box_scores,
    class_scores,
    dice,
)

METRICS = {"iou": BoxIoU, "summed_iou": SummedBoxIoU, "box_accuracy": BoxAccuracy}
every_metric = pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)
# IoU 1, 1 / 2, 0 and 1 / 4, with unions 4, 4, 2 and 4 and intersections 4, 2, 0 and 1.
TRUE = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [0, 0, 1, 1], [0, 0, 2, 2]], np.float64)
FOUND = np.array([[0, 0, 2, 2], [1, 1, 3, 2], [5, 5, 6, 6], [0, 0, 1, 1]], np.float64)
OVERLAPS, SHARED, UNIONS = [1, 0.5, 0, 0.25], [4, 2, 0, 1], [4, 4, 2, 4]


def random_boxes(number, seed=0):
    corners = np.random.default_rng(seed).random((number, 2, 2))
    return np.sort(corners, axis=1).reshape(-1, 4)


def upstream_iou(true, predicted):
    """Compute the published ratio of sums, from x0, y0, width, height clipped at 0."""
    gt, pred = np.array(true, np.float64), np.maximum(predicted, 0)
    width = np.minimum(gt[:, 0] + gt[:, 2], pred[:, 0] + pred[:, 2]) - np.maximum(
        gt[:, 0], pred[:, 0]
    )
    height = np.minimum(gt[:, 1] + gt[:, 3], pred[:, 1] + pred[:, 3]) - np.maximum(
        gt[:, 1], pred[:, 1]
    )
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = gt[:, 2] * gt[:, 3] + pred[:, 2] * pred[:, 3] - shared
    return shared.sum() / union.sum()


def test_box_scores_by_hand():
    scores = box_scores(FOUND, TRUE, deltas=(0.2, 0.5, 1.0))
    assert scores == {
        "mean_iou": 1.75 / 4,
        "summed_iou": 7 / 14,
        "accuracy_50": 0.5,  # exactly .5 is enough
        "accuracy_75": 0.25,
        "max_box_acc_20": 0.75,
        "max_box_acc_50": 0.5,
        "max_box_acc_100": 0.25,
        "max_box_acc": 0.5,
        "num_images": 4.0,
    }


def test_box_scores_max_box_acc_takes_the_journals_deltas():
    scores = box_scores(FOUND, TRUE)
    # IoU at least .3, .5, .7: 2, 2 and 1 of 4.
    names = [name for name in scores if name.startswith("max_box_acc")]
    assert names == ["max_box_acc_30", "max_box_acc_50", "max_box_acc_70", "max_box_acc"]
    assert scores["max_box_acc"] == pytest.approx((0.5 + 0.5 + 0.25) / 3)


def test_box_scores_equal_numpy_loops():
    predicted, true = random_boxes(100), random_boxes(100, seed=1)
    shared = np.prod(
        np.maximum(
            np.minimum(predicted[:, 2:], true[:, 2:]) - np.maximum(predicted[:, :2], true[:, :2]), 0
        ),
        axis=1,
    )
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (predicted, true)]
    overlaps = shared / (sum(areas) - shared)
    scores = box_scores(predicted, true)
    assert scores["mean_iou"] == pytest.approx(overlaps.mean())
    assert scores["summed_iou"] == pytest.approx(shared.sum() / (sum(areas) - shared).sum())
    assert scores["accuracy_50"] == np.mean(overlaps >= 0.5)


def test_box_scores_do_not_depend_on_a_common_unit():
    predicted, true = random_boxes(50), random_boxes(50, seed=1)
    pixels = box_scores(predicted * 96, true * 96)
    for name, value in box_scores(predicted, true).items():
        assert pixels[name] == pytest.approx(value)


def test_box_scores_summed_iou_is_upstreams():
    # Sizes below 0 are clipped by upstream, and have no area here.
    predicted, true = random_boxes(60), random_boxes(60, seed=1)
    predicted[::7, 2] = predicted[::7, 0] - 0.1
    as_sizes = [
        np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]) for boxes in (true, predicted)
    ]
    expected = upstream_iou(*as_sizes)
    assert box_scores(predicted, true)["summed_iou"] == pytest.approx(expected)
    metric = SummedBoxIoU()
    metric.update_state(true, predicted)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_box_scores_of_one_picture_and_of_points():
    assert box_scores(TRUE[:1], TRUE[:1])["mean_iou"] == 1
    point = np.full((1, 4), 0.3)
    scores = box_scores(point, point)
    assert scores["mean_iou"] == scores["summed_iou"] == scores["accuracy_50"] == 0


def test_box_scores_nan_stays_visible():
    predicted = FOUND.copy()
    predicted[0, 1] = np.nan
    scores = box_scores(predicted, TRUE)
    assert np.isnan(scores["mean_iou"]) and np.isnan(scores["summed_iou"])
    assert scores["accuracy_50"] == 0.25


@pytest.mark.parametrize(
    "predicted, true",
    [
        (np.zeros((0, 4)), np.zeros((0, 4))),
        (np.zeros((2, 4)), np.zeros((3, 4))),
        (np.zeros((2, 5)), np.zeros((2, 5))),
        (np.zeros(4), np.zeros(4)),
    ],
)
def test_box_scores_bad_shapes(predicted, true):
    with pytest.raises(InputError, match=r"must be \(N, 4\) boxes of one length, at least 1"):
        box_scores(predicted, true)


@pytest.mark.parametrize("deltas", [(), (0.0,), (0.5, 1.1), (float("nan"),)])
def test_box_scores_bad_deltas(deltas):
    with pytest.raises(InputError, match=r"`deltas` must be IoUs in \(0, 1\], at least one"):
        box_scores(FOUND, TRUE, deltas=deltas)


def test_class_scores_by_hand():
    # Class 1: 2 right, 1 missed, 0 claimed wrongly: 4 / 5. Class 2: 1 right, 1 wrongly: 2 / 3.
    # Class 3 is nowhere.
    scores = class_scores([1, 1, 2, 2], [1, 1, 1, 2], 3)
    assert scores["accuracy"] == 0.75 and scores["num_images"] == 4
    assert scores["f1"][:2] == [pytest.approx(0.8), pytest.approx(2 / 3)]
    assert np.isnan(scores["f1"][2])
    assert scores["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


@pytest.mark.parametrize("num_classes", [1, 2, 5])
def test_class_scores_equal_scikit_learn(num_classes):
    draws = np.random.default_rng(0)
    predicted, true = draws.integers(1, num_classes + 1, (2, 60))
    scores = class_scores(predicted, true, num_classes)
    assert scores["accuracy"] == accuracy_score(true, predicted)
    np.testing.assert_allclose(scores["f1"], f1_score(true, predicted, average=None))
    assert scores["macro_f1"] == pytest.approx(f1_score(true, predicted, average="macro"))


def test_class_scores_all_wrong():
    scores = class_scores([2], [1], 2)
    assert scores["accuracy"] == scores["macro_f1"] == 0 and scores["f1"] == [0, 0]


@pytest.mark.parametrize("predicted, true", [([], []), ([1], [1, 2]), ([[1]], [[1]])])
def test_class_scores_bad_shapes(predicted, true):
    with pytest.raises(InputError, match=r"must be \(N,\) of one length, at least 1"):
        class_scores(predicted, true, 2)


@pytest.mark.parametrize("ids", [[0], [3], [-1], [1.0]])
def test_class_scores_bad_ids(ids):
    with pytest.raises(InputError, match="whole numbers from 1 to 2"):
        class_scores(ids, [1], 2)


def test_dice_by_hand():
    # 2 * 2 / (3 + 4).
    predicted = np.array([[1, 1, 1], [0, 0, 0]], bool)
    true = np.array([[0, 1, 1], [1, 1, 0]], bool)
    assert dice(predicted, true) == pytest.approx(4 / 7)
    assert dice(predicted, predicted) == 1 and dice(predicted, ~predicted) == 0


def test_dice_of_a_batch_is_one_sum():
    # Pictures of Dice 1 (2 pixels) and 0 (1 and 1 pixels): 2 * 2 / (4 + 2).
    predicted = np.array([[1, 1, 0], [1, 0, 0]], bool)
    true = np.array([[1, 1, 0], [0, 0, 1]], bool)
    assert dice(predicted, true) == pytest.approx(4 / 6)


def test_dice_equals_f1_of_the_pixels():
    draws = np.random.default_rng(0)
    predicted, true = draws.random((2, 4, 7, 9)) > 0.4
    assert dice(predicted, true) == pytest.approx(f1_score(true.ravel(), predicted.ravel()))


def test_dice_of_nothing_and_of_other_shapes():
    assert np.isnan(dice(np.zeros((0, 3)), np.zeros((0, 3)))) and np.isnan(dice([False], [False]))
    with pytest.raises(InputError, match=r"masks of one shape. Received \(2,\) and \(3,\)"):
        dice(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize("values", [[0.4, 1.0], [0, 255], [np.nan, 1.0]])
def test_dice_refuses_probabilities(values):
    with pytest.raises(InputError, match="must hold only 0 and 1.* with a threshold first"):
        dice(values, [0, 1])
    assert dice([0.0, 1.0], [0, 1]) == 1


@every_metric
def test_metrics_sum_over_batches_and_start_again(make):
    metric = make()
    expected = {
        "iou": np.mean(OVERLAPS),
        "summed_iou": np.sum(SHARED) / np.sum(UNIONS),
        "box_accuracy": 0.5,
    }[metric.name]
    for _ in range(2):
        metric.update_state(TRUE[:3], FOUND[:3])  # batches of unequal size
        metric.update_state(TRUE[3:], FOUND[3:])
        assert float(metric.result()) == pytest.approx(expected)
        metric.reset_state()
    assert float(metric.result()) == 0


@every_metric
def test_metrics_weigh_pictures(make):
    # Weights 1, 3, 0, 2.
    weights = np.array([1, 3, 0, 2])
    metric = make()
    metric.update_state(TRUE, FOUND, sample_weight=weights)
    expected = {
        "iou": (1 + 3 * 0.5 + 2 * 0.25) / 6,
        "summed_iou": (4 + 3 * 2 + 2 * 1) / (4 + 3 * 4 + 2 * 4),
        "box_accuracy": 4 / 6,
    }[metric.name]
    assert float(metric.result()) == pytest.approx(expected)
    metric.reset_state()
    metric.update_state(TRUE, FOUND, sample_weight=np.zeros(4))
    assert float(metric.result()) == 0


@every_metric
def test_metrics_equal_box_scores(make):
    predicted, true = random_boxes(64), random_boxes(64, seed=1)
    scores = box_scores(predicted, true)
    metric = make()
    for i in range(0, 64, 10):
        metric.update_state(true[i : i + 10], predicted[i : i + 10])
    names = {"iou": "mean_iou", "box_accuracy": "accuracy_50"}
    assert float(metric.result()) == pytest.approx(
        scores[names.get(metric.name, metric.name)], rel=1e-5
    )


@every_metric
def test_metrics_nan_stays_visible(make):
    metric = make()
    metric.update_state(TRUE, FOUND)
    metric.update_state(TRUE[:1], np.full((1, 4), np.nan))
    assert np.isnan(float(metric.result()))


@every_metric
def test_metrics_take_no_picture(make):
    metric = make()
    metric.update_state(np.zeros((0, 4)), np.zeros((0, 4)))
    assert float(metric.result()) == 0


@every_metric
def test_metrics_come_back_from_their_config(make):
    metric = make(name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert type(copy) is make and copy.get_config() == metric.get_config()


def test_metrics_measure_a_model_of_several_outputs():
    image = keras.Input((4,))
    outputs = {name: keras.layers.Identity(name=name)(image) for name in ("box", "raw_box")}
    model = keras.Model(image, outputs)
    metrics = [BoxIoU(), SummedBoxIoU(), BoxAccuracy(0.25)]
    model.compile(loss={"raw_box": "mse"}, metrics={"box": metrics})
    true = {"box": TRUE, "raw_box": TRUE}
    results = model.evaluate(FOUND, true, batch_size=3, verbose=0, return_dict=True)
    assert results["box_iou"] == pytest.approx(1.75 / 4)
    assert results["box_summed_iou"] == pytest.approx(0.5)
    assert results["box_box_accuracy"] == 0.75


def test_box_accuracy_threshold_is_reached_at_equality():
    metric = BoxAccuracy(0.75)
    metric.update_state(TRUE[:1], [[0, 0, 2, 1.5]])
    assert float(metric.result()) == 1


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_box_accuracy_bad_threshold(threshold):
    with pytest.raises(ValueError, match=r"`threshold` must be an IoU in \[0, 1\]"):
        BoxAccuracy(threshold)
