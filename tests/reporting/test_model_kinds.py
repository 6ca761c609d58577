import json

import pytest

from config.errors import InputError
from reporting.box_settings import BoxSettings
from reporting.mask_settings import MaskSettings
from reporting.model_kinds import model_assets, settings_of_export, settings_of_file

BOXES = {"boxes": (None, 4), "scores": (None,), "class_probabilities": (None, 2)}


def test_model_assets_are_those_of_the_models_kind(
    pet_locator, point_counter, brightness_counter, tmp_path
):
    (tmp_path / "points.json").write_text('{"class_names": ["red", "white"]}')
    file = tmp_path / "points.keras"
    assert json.loads(model_assets(pet_locator, file)["boxes.json"]) == {
        "class_names": ["cat", "dog"]
    }
    [(name, text)] = model_assets(point_counter, file).items()
    assert name == "points.json" and json.loads(text)["class_names"] == ["red", "white"]
    assert model_assets(brightness_counter, file) == {}


def test_settings_of_file_reads_the_names_out_of_a_locator(pet_locator, tmp_path):
    settings = settings_of_file(pet_locator, tmp_path / "localizer.keras", BOXES)
    assert settings == BoxSettings(("cat", "dog"))


def test_settings_of_export_reads_its_asset(tmp_path):
    assert settings_of_export(tmp_path, BOXES) == BoxSettings()
    assert settings_of_export(tmp_path, {"count": (None,)}) is None
    (tmp_path / "assets.extra").mkdir()
    path = tmp_path / "assets.extra" / "boxes.json"
    path.write_text('{"class_names": ["cat", "dog"]}')
    assert settings_of_export(tmp_path, BOXES) == BoxSettings(("cat", "dog"))
    one = {"boxes": (None, 4), "scores": (None,)}
    with pytest.raises(InputError, match="boxes.json`: .* each of the model's 1 classes"):
        settings_of_export(tmp_path, one)
    path.write_text('{"class_names": ["cat"]}')
    assert settings_of_export(tmp_path, one) == BoxSettings(("cat",))


def test_settings_of_a_segmenter_are_those_beside_it(segmenter, tmp_path):
    outputs, file = {"label_map": (None, None, None)}, tmp_path / "segmenter.keras"
    assert settings_of_file(segmenter, file, outputs) == MaskSettings()
    assert settings_of_export(tmp_path, outputs) == MaskSettings()
    (tmp_path / "masks.json").write_text('{"class_names": ["cat", "dog"]}')
    assert settings_of_file(segmenter, file, outputs) == MaskSettings(("cat", "dog"))
    text = model_assets(segmenter, file)["masks.json"]
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "masks.json").write_text(text)
    assert settings_of_export(tmp_path, outputs) == MaskSettings(("cat", "dog"))
