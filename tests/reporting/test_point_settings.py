import json

import pytest

from config.errors import InputError
from reporting.point_settings import (
    PointSettings,
    find_settings,
    read_class_names,
    read_settings,
    settings_asset,
)


def write(folder, text):
    path = folder / "points.json"
    path.write_text(text)
    return path


def test_find_settings_reads_the_layers(point_counter):
    expected = PointSettings(0.6, 1, 900, 1.0, ("a", "b"))
    assert find_settings(point_counter, ["a", "b"]) == expected


def test_find_settings_of_another_kind_of_model_is_none(brightness_counter):
    assert find_settings(brightness_counter) is None and settings_asset(brightness_counter) == {}


def test_read_settings_reads_what_an_export_carries(point_counter, tmp_path):
    path = write(tmp_path, settings_asset(point_counter, ("röd", "b"))["points.json"])
    assert read_settings(path) == find_settings(point_counter, ("röd", "b"))


def test_read_settings_takes_a_runs_file(tmp_path):
    path = write(tmp_path, '{"threshold": 0, "min_area": 9, "chosen": "by hand"}')
    assert read_settings(path) == PointSettings(0.0, 9)


def test_read_class_names_needs_no_file(tmp_path):
    assert read_class_names(tmp_path / "points.keras") == ()
    write(tmp_path, '{"class_names": ["a"]}')
    assert read_class_names(tmp_path / "points.keras") == ("a",)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("threshold", 1, "a number from 0 to below 1. It is 1"),
        ("threshold", True, "a number from 0"),
        ("threshold", float("nan"), "a number from 0 to below 1. It is nan"),
        ("min_area", 0, "a whole number from 1"),
        ("max_points", 1.5, "a whole number from 1"),
        ("scale", "2", "a number above 0"),
        ("scale", float("inf"), "a number above 0"),
        ("class_names", "ab", "a list of names"),
        ("class_names", [1], "a list of names"),
    ],
)
def test_read_settings_names_a_bad_value(key, value, rule, tmp_path):
    path = write(tmp_path, json.dumps({key: value}))
    with pytest.raises(InputError, match=rf"points.json`: `{key}` must be {rule}"):
        read_settings(path)


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000])
def test_read_settings_names_a_bad_file(text, tmp_path):
    with pytest.raises(InputError, match=r"points\.json` must (be|hold a) JSON"):
        read_settings(write(tmp_path, text))


def test_read_settings_bounds_the_file(tmp_path):
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        read_settings(write(tmp_path, " " * (1 << 20) + "{}"))
