import keras
import numpy as np
import pytest

from models.count_interval import OUTPUTS, find_calibration, make_count_interval
from models.counter import build_counter
from ops.conformal import conformal_interval
from ops.count_calibration import calibrate_counts
from ops.none_curves import NoneCurve


def calibrate(offset=None, counts=(0, 2, 4, 9)):
    return calibrate_counts(
        counts, [1.0, 2.0, 6.0, 5.0], interval=0.8, calibrated_on="drawn scenes", offset=offset
    )


@pytest.mark.parametrize("offset", [None, 3.0])
@pytest.mark.parametrize("counts", [(0, 2, 4, 9), (1, 2, 4, 9)])
def test_count_interval_equals_the_array_operations(offset, counts):
    calibration = calibrate(offset, counts)
    given = np.array([0.0, 0.3, 1.7, 5.0, 80.0], np.float32)
    low, high = conformal_interval(given, calibration.quantile, offset=offset)
    outputs = make_count_interval(calibration)(given)
    np.testing.assert_allclose(outputs["count_low"], low, rtol=1e-5)
    np.testing.assert_allclose(outputs["count_high"], high, rtol=1e-5)
    expected = calibration.none_curve.read(given)
    np.testing.assert_allclose(outputs["none_probability"], expected, atol=1e-5)
    assert (given >= outputs["count_low"].numpy()).all()
    assert (given <= outputs["count_high"].numpy()).all()


def test_count_interval_takes_a_curve_of_one_knot_and_keeps_nan():
    layer = make_count_interval(calibrate())
    assert all(np.isnan(value[0]) for value in layer(np.array([np.nan], np.float32)).values())
    layer.none_curve = NoneCurve((0.0,), (1.0,))
    probability = layer(np.array([np.nan, 2.0], np.float32))["none_probability"].numpy()
    assert np.isnan(probability[0]) and probability[1] == 1


@pytest.fixture(scope="module")
def counter():
    image = keras.Input((4, 6, 3))
    encoder = keras.Model(image, {"stride_32": keras.layers.ReLU(max_value=1.0)(image)})
    return build_counter(encoder, 2, weights=np.array([10.0, 0, 1]), calibration=calibrate())


def test_build_counter_with_a_calibration_tells_an_interval(counter):
    image = np.zeros((2, 8, 12, 3), np.uint8)
    image[0, :4, :6, 0] = 255  # Red 1 in a quarter: 10 objects, 6 to 14 as errors are 4 at most.
    outputs = counter(image)
    assert set(outputs) == {"count", "patch_counts", *OUTPUTS}
    np.testing.assert_allclose(outputs["count_low"], [6, 0], rtol=1e-6)
    np.testing.assert_allclose(outputs["count_high"], [14, 4], rtol=1e-6)
    assert outputs["none_probability"][0] < 0.5 < outputs["none_probability"][1]


def test_a_saved_counter_keeps_its_calibration(counter, tmp_path):
    counter.save(tmp_path / "counter.keras")
    loaded = keras.saving.load_model(tmp_path / "counter.keras", safe_mode=True)
    assert find_calibration(loaded) == calibrate()
    assert isinstance(find_calibration(loaded).none_curve, NoneCurve)
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 7, 3), np.uint8)
    for name, value in counter(images).items():
        np.testing.assert_array_equal(loaded(images)[name], value)


def test_find_calibration_of_a_counter_without_one():
    image = keras.Input((4, 6, 3))
    encoder = keras.Model(image, {"stride_32": keras.layers.ReLU()(image)})
    assert find_calibration(build_counter(encoder, 1)) is None
