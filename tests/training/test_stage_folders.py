import logging
from pathlib import Path

import pytest

from training.stage_folders import (
    StageFolder,
    describe_changes,
    digest_file,
    name_picture,
    read_told,
)


def fill(folder, identity, told=None):
    stage = StageFolder(folder, identity)
    stage.open()
    (folder / "a.png").write_text("content")
    if told is not None:
        stage.finish(told)
    return stage


def test_a_stage_is_told_once_it_is_finished(tmp_path):
    stage = fill(tmp_path / "s", {"rule": "G2"})
    assert stage.told is None
    stage.finish({"miou": 0.5})
    assert stage.told == {"miou": 0.5} == read_told(tmp_path / "s")


def test_open_keeps_files_of_the_same_identity(tmp_path):
    fill(tmp_path / "s", {"rule": "G2", "values": (1, 2)})
    StageFolder(tmp_path / "s", {"values": [1, 2], "rule": "G2"}).open()
    assert (tmp_path / "s" / "a.png").exists()


def test_open_names_and_removes_files_of_another_identity(tmp_path, caplog):
    fill(tmp_path / "s", {"rule": "G1", "seed": 0}, {"done": 1})
    stage = StageFolder(tmp_path / "s", {"rule": "G2", "seed": 0})
    assert stage.told is None
    stage.open()
    assert not (tmp_path / "s" / "a.png").exists()
    assert "another configuration and made anew: `rule` was G1, now G2" in caplog.text


@pytest.mark.parametrize("content", ["", "[]", "{", '{"identity": 3}'])
def test_a_damaged_stage_is_made_anew(tmp_path, content):
    fill(tmp_path / "s", {"a": 1}, {"done": 1})
    (tmp_path / "s" / "stage.json").write_text(content)
    stage = StageFolder(tmp_path / "s", {"a": 1})
    assert stage.told is None
    stage.open()
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["stage.json"]


def test_open_takes_over_what_is_complete_and_the_same(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    fill(tmp_path / "unfinished", {"a": 1})
    fill(tmp_path / "other", {"a": 2}, {"done": 2})
    fill(tmp_path / "same", {"a": 1}, {"done": 1})
    stage = StageFolder(tmp_path / "new", {"a": 1})
    stage.open([tmp_path / name for name in ("absent", "unfinished", "other", "same")])
    assert stage.told == {"done": 1} and (tmp_path / "new" / "a.png").read_text() == "content"
    assert f"taken from the same in {tmp_path / 'same'}" in caplog.text
    stage.finish({"done": 3})  # the other run keeps its own
    assert read_told(tmp_path / "same") == {"done": 1}


def test_open_does_not_take_over_into_a_begun_stage(tmp_path):
    fill(tmp_path / "same", {"a": 1}, {"done": 1})
    fill(tmp_path / "begun", {"a": 1})
    stage = StageFolder(tmp_path / "begun", {"a": 1})
    stage.open([tmp_path / "same"])
    assert stage.told is None


def test_a_stage_that_lost_a_file_is_not_taken_over(tmp_path):
    fill(tmp_path / "lost", {"a": 1}, {"done": 1})
    stage = StageFolder(tmp_path / "new", {"a": 1}, ["a.png", "b.png"])
    stage.open([tmp_path / "lost"])
    assert stage.told is None and not (tmp_path / "new" / "a.png").exists()
    (tmp_path / "lost" / "b.png").touch()
    stage = StageFolder(tmp_path / "newer", {"a": 1}, ["a.png", "b.png"])
    stage.open([tmp_path / "lost"])
    assert stage.told == {"done": 1}


def test_describe_changes_names_absent_values():
    assert describe_changes({"a": 1}, {"b": 2}) == "`a` was 1, now None; `b` was None, now 2"
    assert describe_changes(None, {"b": 2}) == "it does not say of which"


def test_name_picture_stays_inside(tmp_path):
    name = name_picture(tmp_path / "elsewhere" / "1.jpg", tmp_path / "data" / "deep")
    assert name == "_/_/elsewhere/1.jpg"
    assert name_picture(Path("d/a/1.jpg"), Path("d")) != name_picture(Path("d/1.jpg"), Path("d"))


def test_digest_file_hangs_on_the_content(tmp_path):
    for name, content in (("a", "x"), ("b", "x"), ("c", "y")):
        (tmp_path / name).write_text(content)
    a, b, c = (digest_file(tmp_path / name) for name in "abc")
    assert a == b != c
