import keras
import numpy as np
import pytest

from metrics.blob_counts import BlobMAE


def logits_of(*rows):
    """Logits 3 where there is a letter other than a dot, else -3: (1, H, W, 1)."""
    return np.array([[[3.0 if x != "." else -3.0] for x in row] for row in rows], np.float32)[None]


def points_of(shape, *places):
    maps = np.zeros(shape, np.float32)
    for place in places:
        maps[place] += 1
    return maps


def score(y_true, y_pred, **options):
    metric = BlobMAE(**options)
    metric.update_state(y_true, y_pred)
    return float(metric.result())


def test_blob_mae_is_the_mean_over_pictures():
    y_pred = np.concatenate([logits_of("x.x.x"), logits_of("....."), logits_of("xx...")])
    y_true = points_of((3, 1, 5, 1), (0, 0, 0, 0), (1, 0, 2, 0), (2, 0, 1, 0))
    assert score(y_true, y_pred) == pytest.approx((2 + 1 + 0) / 3)


def test_blob_mae_adds_up_over_batches():
    metric = BlobMAE()
    metric.update_state(points_of((1, 1, 3, 1)), logits_of("x.x"))
    metric.update_state(points_of((1, 2, 2, 1)), logits_of("..", ".."))
    assert float(metric.result()) == 1.0
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_blob_mae_takes_classes_apart():
    y_pred = np.zeros((1, 1, 4, 3), np.float32)
    y_pred[0, 0, [0, 2], 1] = 5  # two blobs of class 1
    y_true = points_of((1, 1, 4, 2), (0, 0, 0, 1), (0, 0, 2, 1))  # two points of class 2
    assert score(y_true, y_pred) == 2.0


def test_blob_mae_cuts_blobs_at_the_region():
    y_true = np.full((1, 1, 5, 1), -1, np.float32)
    y_true[0, 0, :2] = 0
    assert score(y_true, logits_of("..xxx")) == 0.0
    assert score(y_true, logits_of(".xx.x")) == 1.0


def test_blob_mae_counts_doubled_points_twice():
    assert score(points_of((1, 1, 3, 1), (0, 0, 0, 0), (0, 0, 0, 0)), logits_of("x..")) == 1.0


def test_blob_mae_applies_threshold_levels_and_area():
    y_pred = np.float32([4, 1, 4, -4, 1]).reshape(1, 1, 5, 1)  # p = .98 .73 .98 .02 .73
    empty = points_of((1, 1, 5, 1))
    assert score(empty, y_pred) == 2.0
    assert score(empty, y_pred, threshold=0.8) == 2.0
    assert score(empty, y_pred, levels=2) == 3.0  # .75 parts the first blob
    assert score(empty, y_pred, min_area=2) == 1.0


def test_blob_mae_shows_nan():
    assert np.isnan(score(points_of((1, 1, 2, 1)), np.float32([[[[np.nan], [1.0]]]])))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 1, 9, 1), (1, 9, 1, 1)])
def test_blob_mae_of_thin_maps(shape):
    assert score(np.zeros(shape, np.float32), np.full(shape, 2.0, np.float32)) == 1.0


def test_blob_mae_keeps_its_arguments():
    metric = BlobMAE.from_config(BlobMAE(0.6, 3, 4.0, name="error").get_config())
    assert (metric.rule.threshold, metric.rule.levels, metric.rule.min_area) == (0.6, 3, 4.0)
    assert metric.name == "error"


def test_blob_mae_in_a_compiled_evaluation():
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Activation("linear")])
    model.compile(loss="mse", metrics=[BlobMAE()], jit_compile=False)
    y_true = points_of((2, 1, 5, 1), (0, 0, 0, 0))
    inputs = np.concatenate([logits_of("x.x.x"), logits_of(".....")])
    assert model.evaluate(inputs, y_true, return_dict=True, verbose=0)["mae"] == 1.0
