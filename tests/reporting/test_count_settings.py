import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.counter import build_counter
from ops.count_calibration import calibrate_counts
from reporting.count_settings import CountSettings, counts_asset, read_count_settings
from reporting.export import export_saved_model
from reporting.predictors import load_predictor


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose counter sees 10 objects where all is red, 6 to 14 of them."""
    image = keras.Input((4, 6, 3))
    encoder = keras.Model(image, {"stride_32": keras.layers.ReLU(max_value=1.0)(image)})
    calibration = calibrate_counts(
        [0, 2, 4, 9], [1.0, 2.0, 6.0, 5.0], interval=0.8, calibrated_on="drawn scenes"
    )
    weights = np.array([10.0, 0, 0])
    counter = build_counter(encoder, 1, weights=weights, calibration=calibration)
    folder = tmp_path_factory.mktemp("run")
    counter.save(folder / "counter.keras")
    return folder


EXPECTED = CountSettings(0.8, "drawn scenes", "empty pictures")


def test_a_counters_file_and_its_export_tell_the_same(run, tmp_path):
    predictor = load_predictor(run)
    assert predictor.settings == EXPECTED
    counter = keras.saving.load_model(run / "counter.keras")
    exported = export_saved_model(
        counter, tmp_path / "saved_model", max_pixels=10**4, assets=counts_asset(counter)
    )
    told = json.loads((exported / "assets.extra" / "counts.json").read_text())
    assert (told["interval"], told["none_threshold"]) == (0.8, 0.5)
    other = load_predictor(exported)
    assert other.settings == EXPECTED
    image = np.full((1, 5, 5, 3), (255, 0, 0), np.uint8)
    for name, value in other(image).items():
        np.testing.assert_allclose(predictor(image)[name], value, rtol=1e-5)
    assert other(image)["count_high"].tolist() == pytest.approx([14])
    signatures = tf.saved_model.load(str(exported)).signatures
    assert {"count_low", "none_probability"} <= set(signatures["serve_bytes"].structured_outputs)


@pytest.mark.parametrize("content", ['{"interval": 1}', '{"interval": "0.8"}', '{"none_from": 1}'])
def test_read_count_settings_refuses(content, tmp_path):
    (tmp_path / "counts.json").write_text(content)
    with pytest.raises(InputError, match="counts.json`: `.*` must be a"):
        read_count_settings(tmp_path / "counts.json")
