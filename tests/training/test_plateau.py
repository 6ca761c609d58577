import logging

import keras
import numpy as np
import pytest

from training.plateau import LoweredRate, ReduceOnPlateau
from training.resumable_state import state_names


def build(patience=2, factor=0.5, floor=0.2, rate=1.0):
    return ReduceOnPlateau(
        LoweredRate(rate), "val_iou", factor=factor, patience=patience, floor=floor
    )


def tell(plateau, values):
    """Give the rate with which each epoch was trained."""
    rates = []
    for epoch, value in enumerate(values):
        logs = {"val_iou": value}
        plateau.on_epoch_end(epoch, logs)
        rates.append(logs["learning_rate"])
    return rates


def test_reduce_on_plateau_waits_for_the_patience_and_begins_anew():
    # .6 at epoch 1 is best; epochs 2, 3 do not better it: .5 from 4 on; 4, 5: .25 from 6 on.
    assert tell(build(), [0.5, 0.6, 0.6, 0.55, 0.6, 0.1, 0.1]) == [1, 1, 1, 1, 0.5, 0.5, 0.25]


def test_reduce_on_plateau_counts_from_the_last_rise():
    assert tell(build(), [0.5, 0.4, 0.6, 0.5, 0.7, 0.8]) == [1] * 6


def test_reduce_on_plateau_takes_a_tiny_rise_for_none():
    assert tell(build(), [0.5, 0.50005, 0.5001, 0.5]) == [1, 1, 1, 0.5]


def test_reduce_on_plateau_takes_nan_for_no_rise():
    nan = float("nan")
    assert tell(build(), [nan, 0.5, nan, nan, nan, 0.6]) == [1, 1, 1, 1, 0.5, 0.5]


def test_reduce_on_plateau_stops_at_the_floor():
    plateau = build(patience=1)
    tell(plateau, [0.5] * 9)
    assert plateau.rate == pytest.approx(0.2)


def test_reduce_on_plateau_equals_keras_callback():
    values = np.random.default_rng(0).uniform(size=40).round(2).tolist()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0))
    twin = keras.callbacks.ReduceLROnPlateau(
        "val_iou", factor=0.5, patience=2, min_lr=0.01, mode="max"
    )
    twin.set_model(model)
    twin.on_train_begin()
    expected = []
    for epoch, value in enumerate(values):
        logs = {"val_iou": value}
        twin.on_epoch_end(epoch, logs)
        expected.append(logs["learning_rate"])
    assert tell(build(floor=0.01), values) == pytest.approx(expected)


def test_reduce_on_plateau_remembers_all_of_it(caplog):
    caplog.set_level(logging.INFO)
    values = [0.5, 0.6, 0.6, 0.55, 0.6, 0.1, 0.1, 0.1]
    undisturbed, first = build(rate=0.1, floor=0.0), build(rate=0.1, floor=0.0)
    expected = tell(undisturbed, values)
    begun = tell(first, values[:5])
    second = build(rate=0.1, floor=0.0)
    for name in state_names(first):
        setattr(second, name, getattr(first, name))
    assert begun + tell(second, values[5:]) == expected
    assert "learning rate lowered to 0.05 after epoch 4" in caplog.text


def test_lowered_rate_falls_at_every_step_too():
    schedule = LoweredRate(0.5, decay=0.25)
    assert [float(schedule(step)) for step in (0, 4)] == [0.5, 0.25]  # .5 / (1 + .25 * 4)
    schedule.rate = 0.1
    assert float(schedule(4)) == pytest.approx(0.05)


def test_lowered_rate_is_what_an_optimizer_steps_by():
    schedule = LoweredRate(1.0)
    optimizer = keras.optimizers.SGD(schedule)
    weight = keras.Variable(8.0)
    optimizer.apply([keras.ops.convert_to_tensor(1.0)], [weight])
    schedule.rate = 0.5
    optimizer.apply([keras.ops.convert_to_tensor(1.0)], [weight])
    assert float(weight) == 6.5
