import json

import pytest

from config.errors import InputError
from reporting.model_kinds import settings_of_export
from reporting.tag_settings import TagSettings, read_tag_settings, tags_asset

OUTPUTS = {"tag_probabilities": (None, 2), "tag_maps": (None, 4, 4, 2)}


def write_export(folder, text):
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "tags.json").write_text(text)
    return folder


def test_tags_asset_is_what_settings_of_export_reads(tmp_path):
    folder = write_export(tmp_path, tags_asset(("cat", "rat"))["tags.json"])
    assert settings_of_export(folder, OUTPUTS) == TagSettings(("cat", "rat"))


def test_settings_of_export_without_names(tmp_path):
    assert settings_of_export(tmp_path, OUTPUTS) == TagSettings()


def test_settings_of_export_refuses_another_number_of_names(tmp_path):
    folder = write_export(tmp_path, json.dumps({"class_names": ["cat"]}))
    with pytest.raises(InputError, match="each of the model's 2 classes. It has 1 names"):
        settings_of_export(folder, OUTPUTS)


def test_read_tag_settings_names_the_key(tmp_path):
    path = tmp_path / "tags.json"
    path.write_text('{"class_names": 3}')
    with pytest.raises(InputError, match=r"tags\.json.*class_names"):
        read_tag_settings(path)
