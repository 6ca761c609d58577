from reporting.box_settings import (
    BoxSettings,
    boxes_asset,
    find_box_settings,
    read_box_settings,
)


def test_boxes_asset_is_read_back(pet_locator, tmp_path):
    (tmp_path / "boxes.json").write_text(boxes_asset(pet_locator)["boxes.json"])
    assert read_box_settings(tmp_path / "boxes.json") == BoxSettings(("cat", "dog"))
    assert find_box_settings(pet_locator) == BoxSettings(("cat", "dog"))


def test_another_kind_of_model_has_no_box_settings(point_counter):
    assert find_box_settings(point_counter) is None and boxes_asset(point_counter) == {}


def test_read_box_settings_has_defaults(tmp_path):
    (tmp_path / "boxes.json").write_text("{}")
    assert read_box_settings(tmp_path / "boxes.json") == BoxSettings(())
