import keras
import numpy as np
import pytest

from metrics.average_precision import average_precision
from metrics.mean_average_precision import MeanAveragePrecision


def test_mean_average_precision_of_batches_is_that_of_all_pictures():
    generator = np.random.default_rng(0)
    # multiples of .05 so that no two share a bin that do not share a value
    logits = np.round(generator.normal(size=(40, 3)) * 20) / 20 + 0.005
    true = generator.random((40, 3)) < 0.3
    metric = MeanAveragePrecision(3)
    for start in range(0, 40, 7):
        metric.update_state(true[start : start + 7], logits[start : start + 7])
    areas = [
        average_precision(*pair) for pair in zip(logits.T, np.where(true, 1, -1).T, strict=True)
    ]
    assert float(metric.result()) == pytest.approx(np.mean(areas), abs=1e-5)


def test_mean_average_precision_leaves_out_classes_that_are_in_no_picture():
    metric = MeanAveragePrecision(2)
    metric.update_state([[1, 0], [0, 0]], [[0.5, 3.0], [1.5, 2.0]])
    assert float(metric.result()) == pytest.approx(0.5)  # the second of two


def test_mean_average_precision_of_nothing_is_nan_and_starts_anew():
    metric = MeanAveragePrecision(1)
    assert np.isnan(metric.result())
    metric.update_state([[1]], [[0.0]])
    metric.reset_state()
    assert np.isnan(metric.result())


def test_mean_average_precision_takes_logits_of_any_size_and_weights():
    metric = MeanAveragePrecision(1)
    metric.update_state([[1], [0], [0]], [[1e9], [-1e9], [5e9]], sample_weight=[1, 1, 0])
    assert float(metric.result()) == pytest.approx(1.0)


def test_mean_average_precision_is_saved_with_its_classes():
    config = keras.metrics.serialize(MeanAveragePrecision(4))
    assert keras.metrics.deserialize(config).num_classes == 4
