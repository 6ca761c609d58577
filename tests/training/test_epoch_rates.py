from types import SimpleNamespace

import keras
import pytest

from training.epoch_rates import build_epoch_rate


def make(schedule, **changes):
    values = {"learning_rate": 0.1, "epochs": 10, "epochs_per_drop": 2, "drop": 0.5}
    return SimpleNamespace(schedule=schedule, **{**values, **changes})


def test_build_epoch_rate_stays_constant():
    assert build_epoch_rate(make("constant"), 7) == 0.1


@pytest.mark.parametrize(("step", "expected"), [(0, 0.1), (13, 0.1), (14, 0.05), (28, 0.025)])
def test_build_epoch_rate_drops_after_so_many_epochs(step, expected):
    rate = build_epoch_rate(make("steps"), 7)
    assert float(rate(step)) == pytest.approx(expected)


def test_build_epoch_rate_falls_to_zero_with_the_last_step():
    rate = build_epoch_rate(make("cosine"), 7)
    assert isinstance(rate, keras.optimizers.schedules.CosineDecay)
    assert float(rate(35)) == pytest.approx(0.05) and float(rate(70)) == pytest.approx(0, abs=1e-8)
