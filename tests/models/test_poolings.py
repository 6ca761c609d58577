import keras
import numpy as np
import pytest

from config.errors import InputError
from models.poolings import (
    POOLINGS,
    AveragePooling,
    LogSumExpPooling,
    MaxPooling,
    WeightedAveragePooling,
    WildCatPooling,
)

FEATURES = np.random.default_rng(0).random((2, 3, 4, 5)).astype(np.float32)


def run(head, features=FEATURES, seed=1):
    keras.utils.set_random_seed(seed)
    head.build(features.shape)
    head.bias.assign(np.linspace(-1, 1, head.bias.shape[0]))
    return {name: value.numpy() for name, value in head(features).items()}


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (1, 1, 1, 5), (2, 7, 2, 5)])
def test_poolings_give_scores_and_maps_of_every_size(name, shape):
    found = run(POOLINGS[name](3), np.ones(shape, np.float32))
    assert found["scores"].shape == (shape[0], 3) and found["maps"].shape == (*shape[:3], 3)
    assert all(np.isfinite(value).all() for value in found.values())


@pytest.mark.parametrize("name", POOLINGS)
def test_poolings_are_saved_and_opened(name, tmp_path):
    image = keras.Input((None, None, 5))
    model = keras.Model(image, POOLINGS[name](3, name="head", dtype="float32")(image))
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras", safe_mode=True)
    assert again.get_layer("head").get_config() == model.get_layer("head").get_config()
    np.testing.assert_array_equal(again(FEATURES)["scores"], model(FEATURES)["scores"])


@pytest.mark.parametrize("name", POOLINGS)
def test_poolings_of_one_place_are_its_map(name):
    bottom = {"bottom": 0} if name == "wildcat" else {}
    head = POOLINGS[name](2, **bottom)
    found = run(head, FEATURES[:, :1, :1])
    bias = head.bias.numpy() if name == "wgap" else 0
    share = 2 if name == "wildcat" else 1
    np.testing.assert_allclose(share * found["scores"], found["maps"][:, 0, 0] + bias, atol=1e-6)


def test_weighted_average_pooling_is_linear_in_averaged_features():
    head = WeightedAveragePooling(3)
    found = run(head)
    twin = FEATURES.mean(axis=(1, 2)) @ head.kernel.numpy() + head.bias.numpy()
    np.testing.assert_allclose(found["scores"], twin, atol=1e-5)
    np.testing.assert_allclose(found["maps"], FEATURES @ head.kernel.numpy(), atol=1e-5)


def test_average_pooling_says_what_the_weighted_average_says():
    wgap, gap = WeightedAveragePooling(3), AveragePooling(3)
    found, expected = run(gap), run(wgap)
    np.testing.assert_allclose(found["scores"], expected["scores"], atol=1e-5)
    np.testing.assert_allclose(found["maps"] - gap.bias, expected["maps"], atol=1e-5)


def test_log_sum_exp_pooling_lies_between_mean_and_maximum():
    maps = (10 * np.random.default_rng(2).normal(size=(2, 3, 4, 3))).astype(np.float32)
    mean, largest = maps.mean(axis=(1, 2)), maps.max(axis=(1, 2))
    # (1 / r) log(1 / n) short of the maximum at most, n = 12; r var / 2 above the mean
    np.testing.assert_allclose(LogSumExpPooling(3, 1e4).pool(maps), largest, atol=3e-4)
    np.testing.assert_allclose(LogSumExpPooling(3, 1e-5).pool(maps), mean, atol=0.02)
    between = LogSumExpPooling(3).pool(maps).numpy()
    assert (mean < between).all() and (between < largest).all()


def test_log_sum_exp_pooling_equals_its_twin_where_exp_would_overflow():
    maps = np.array([100.0, 99.9, -200.0], np.float32).reshape(1, 1, 3, 1)
    twin = np.log(np.mean(np.exp(10 * maps.astype(np.longdouble)))) / 10
    np.testing.assert_allclose(LogSumExpPooling(1).pool(maps)[0, 0], float(twin), rtol=1e-6)


def test_wild_cat_pooling_counts_its_worst_places_too():
    maps = np.arange(20, dtype=np.float32).reshape(1, 4, 5, 1)
    # best 10: mean 14.5; worst 2: mean .5; (14.5 + .6 x .5) / 2
    assert float(WildCatPooling(1).pool(maps)[0, 0]) == pytest.approx(7.4)
    assert float(WildCatPooling(1, alpha=-1.0).pool(maps)[0, 0]) == pytest.approx(7.0)
    assert float(WildCatPooling(1, bottom=0.0).pool(maps)[0, 0]) == pytest.approx(7.25)


def test_wild_cat_pooling_counts_at_least_one_place():
    maps = np.array([3.0, -1.0], np.float32).reshape(1, 1, 2, 1)
    head = WildCatPooling(1, top=0.1, bottom=0.1, alpha=1.0)
    assert float(head.pool(maps)[0, 0]) == pytest.approx(1)  # (3 - 1) / 2


def test_wild_cat_pooling_averages_the_maps_of_a_class():
    head = WildCatPooling(3, modalities=2)
    found = run(head)
    maps = FEATURES @ head.kernel.numpy() + head.bias.numpy()
    np.testing.assert_allclose(found["maps"], (maps[..., ::2] + maps[..., 1::2]) / 2, atol=1e-5)


def test_max_pooling_takes_the_best_place():
    found = run(MaxPooling(3))
    np.testing.assert_array_equal(found["scores"], found["maps"].max(axis=(1, 2)))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AveragePooling(0), "`num_classes` must be at least 1. Received 0"),
        (lambda: LogSumExpPooling(2, 0), "`sharpness` must be above 0"),
        (lambda: WildCatPooling(2, modalities=0), "`modalities` must be at least 1"),
        (lambda: WildCatPooling(2, top=0), "`top` above 0 and at most 1"),
        (lambda: WildCatPooling(2, bottom=1.1), "`bottom` at least 0 and at most 1"),
    ],
)
def test_poolings_say_what_is_wrong(build, message):
    with pytest.raises(InputError, match=message):
        build()
