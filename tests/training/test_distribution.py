import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from training.distribution import (
    build_metrics,
    check_batch,
    evaluate,
    run_without_strategy,
    split_batches,
)


def test_split_batches_keeps_structure_order_and_count():
    batches = tf.data.Dataset.from_tensor_slices((np.arange(7), {"b": np.arange(7.0)})).batch(4)
    parts = split_batches(batches, 2)
    assert int(parts.cardinality()) == 4
    got = [(a.tolist(), b["b"].tolist()) for a, b in parts.as_numpy_iterator()]
    assert [a for a, _ in got] == [[0, 1], [2, 3], [4], [5, 6]]
    assert all(a == b for a, b in got)


def test_split_batches_of_one_part_changes_nothing():
    batches = tf.data.Dataset.range(4).batch(2)
    assert split_batches(batches, 1) is batches


def test_check_batch_wants_equal_parts():
    check_batch(8, 4)
    with pytest.raises(InputError, match="multiple of the 3 parts it is computed in. Received 8"):
        check_batch(8, 3)


def test_build_metrics_changes_no_value_and_evaluate_weighs_records_alike():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "linear", False)])
    model.compile(loss="mse", metrics=["mae"])
    model.set_weights([np.ones((1, 1))])
    inputs = np.array([[0.0], [0.0], [3.0]], np.float32)
    batches = tf.data.Dataset.from_tensor_slices((inputs, np.zeros((3, 1), np.float32))).batch(2)
    build_metrics(model, batches)
    assert all(float(value) == 0 for value in model.metrics_variables)
    # Errors 0, 0, 3: mean squared 9 / 3, mean absolute 3 / 3, though the batches are unequal.
    assert evaluate(model, batches) == {"loss": 3.0, "mae": 1.0}


def test_run_without_strategy_works_as_on_one_device():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        assert tf.distribute.has_strategy()
        assert run_without_strategy(tf.distribute.has_strategy) is False
        with pytest.raises(ZeroDivisionError):
            run_without_strategy(lambda: 1 / 0)
    assert run_without_strategy(lambda: 3) == 3
