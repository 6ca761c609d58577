import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.encoders import build_encoder
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from reporting.point_settings import PointSettings, settings_asset
from reporting.predictors import Predictor, load_predictor, trace_pictures


def test_load_predictor_gives_the_same_from_run_file_and_saved_model(counter_file, tmp_path):
    alone = tmp_path / "exported"
    export_saved_model(load_keras_model(counter_file), alone, max_pixels=10**6)
    images = np.random.default_rng(0).integers(0, 256, (2, 41, 35, 3), np.uint8)
    expected = load_predictor(counter_file)(images)
    assert expected["patch_counts"].shape == (2, 4) and expected["count"].min() > 0
    for model in (counter_file.parent, alone):
        np.testing.assert_allclose(load_predictor(model)(images)["count"], expected["count"], 1e-4)


def test_load_predictor_prefers_the_exported_model_of_a_run(brightness_counter, tmp_path):
    export_saved_model(brightness_counter, tmp_path / "saved_model", max_pixels=10**5)
    white = np.full((1, 7, 5, 3), 255, np.uint8)
    np.testing.assert_allclose(load_predictor(tmp_path)(white)["count"], [4], rtol=1e-5)


def test_load_predictor_names_a_broken_saved_model(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"broken")
    with pytest.raises(InputError, match="must be a whole SavedModel"):
        load_predictor(tmp_path)


def test_load_predictor_refuses_an_encoder(counter_file, tmp_path):
    build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35).save(tmp_path / "best.keras")
    with pytest.raises(InputError, match="best.keras must take pictures .* of any size"):
        load_predictor(tmp_path / "best.keras")


def run_folder(model, folder, class_names='["red", "white"]'):
    folder.mkdir(exist_ok=True)
    model.save(folder / "points.keras")
    (folder / "points.json").write_text('{"class_names": %s}' % class_names)
    return folder


def test_load_predictor_tells_a_point_counter_by_its_outputs(point_counter, tmp_path):
    predictor = load_predictor(run_folder(point_counter, tmp_path / "run"))
    assert predictor.outputs["probabilities"] == (None, None, None, 2)
    assert predictor.settings == PointSettings(0.6, 1, 900, class_names=("red", "white"))


def test_load_predictor_of_a_counter_has_no_settings(counter_file):
    predictor = load_predictor(counter_file)
    assert predictor.settings is None
    assert predictor.outputs == {"count": (None,), "patch_counts": (None, 4)}


def test_load_predictor_reads_the_settings_of_an_export(point_counter, tmp_path):
    asset = settings_asset(point_counter, ("red", "white"))
    export_saved_model(point_counter, tmp_path / "a", max_pixels=10**5, assets=asset)
    predictor = load_predictor(tmp_path / "a")
    assert predictor.settings == PointSettings(0.6, 1, 900, class_names=("red", "white"))
    (tmp_path / "a" / "assets.extra" / "points.json").unlink()
    assert load_predictor(tmp_path / "a").settings == PointSettings()
    images = np.random.default_rng(0).integers(0, 256, (2, 41, 35, 3), np.uint8)
    chosen = predictor.select("probabilities")(images)
    expected = point_counter.predict(images, verbose=0)["probabilities"]
    np.testing.assert_allclose(chosen["probabilities"], expected, atol=1e-5)
    assert set(chosen) == {"probabilities"} and len(predictor(images)) == 6


def test_load_predictor_refuses_names_that_do_not_fit(point_counter, tmp_path):
    folder = run_folder(point_counter, tmp_path / "run", '["red", "white", "blue"]')
    with pytest.raises(InputError, match=r"points\.json.* each of the model's 2 .* has 3 names"):
        load_predictor(folder)


def test_predictor_select_is_traced_once_for_all_sizes():
    def call(images):
        log.append("traced")
        return {"wanted": images[:, 0, 0, 0], "other": images}

    log = []
    predictor = Predictor(call, {"wanted": (None,), "other": (None, None, None, 3)})
    select = predictor.select("wanted")
    for side in (2, 3, 4):
        assert list(select(np.ones((1, side, side, 3), np.uint8))) == ["wanted"]
    assert log == ["traced"]


def test_trace_pictures_gives_all_outputs_or_those_named():
    def call(images):
        log.append("traced")
        return {"first": images[:, 0, 0], "num": tf.shape(images)[:1]}

    log = []
    run = trace_pictures(call)
    for size in ((1, 1), (4, 7)):
        found = run(np.full((1, *size, 3), 5, np.uint8))
        assert found["first"].tolist() == [[5, 5, 5]] and found["num"].tolist() == [1]
    assert run(np.zeros((0, 2, 2, 3), np.uint8))["first"].shape == (0, 3)
    assert log == ["traced"]
    assert list(trace_pictures(call, ["num"])(np.zeros((2, 3, 3, 3), np.uint8))) == ["num"]
