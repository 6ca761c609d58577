import keras
import pytest

from training.barriers import BarrierGrowth
from training.resumable_state import state_names


def grow(variable, epochs, **options):
    growth = BarrierGrowth(variable, **options)
    for epoch in range(epochs):
        growth.on_epoch_end(epoch)
    return growth


@pytest.mark.parametrize(
    ("epochs", "expected"), [(0, 1), (1, 1.01), (100, 2.70481), (231, 1.01**231), (232, 10)]
)
def test_barrier_growth_is_that_of_the_specification(epochs, expected):
    growth = grow(keras.Variable(1.0, trainable=False), epochs)
    assert growth.sharpness == pytest.approx(expected, rel=1e-4)


def test_barrier_growth_stops_at_its_cap():
    assert grow(keras.Variable(1.0), 500, cap=4.0).sharpness == 4


def test_barrier_growth_tells_the_sharpness_of_the_epoch_that_ended():
    logs, growth = {}, BarrierGrowth(keras.Variable(2.0), growth=1.5)
    growth.on_epoch_end(0, logs)
    assert logs == {"sharpness": 2} and growth.sharpness == 3


def test_barrier_growth_goes_on_from_its_state():
    first = grow(keras.Variable(1.0), 7)
    second = BarrierGrowth(keras.Variable(1.0))
    for name in state_names(first):
        setattr(second, name, getattr(first, name))
    first.on_epoch_end(7)
    second.on_epoch_end(7)
    assert second.sharpness == first.sharpness


@pytest.mark.parametrize("options", [{"growth": 0.9}, {"cap": 0}, {"growth": float("nan")}])
def test_barrier_growth_refuses_to_shrink(options):
    with pytest.raises(ValueError, match="`growth` must be at least 1 and `cap` positive"):
        BarrierGrowth(keras.Variable(1.0), **options)
