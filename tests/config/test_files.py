import errno
import json
import os

import numpy as np
import pytest

from config.errors import InputError
from config.files import atomic_file, atomic_table, output_folder, to_json, write_json


def test_atomic_file_keeps_the_earlier_file_when_the_disk_is_full(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("earlier")
    with pytest.raises(OSError, match="No space"), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_atomic_file_leaves_nothing_after_ctrl_c(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_atomic_file_keeps_the_suffix_so_that_writers_know_the_format(tmp_path):
    with atomic_file(tmp_path / "a.png") as temporary:
        assert temporary.suffix == ".png"
        temporary.write_text("")


def test_atomic_table_writes_a_name_in_its_own_bytes(tmp_path):
    with atomic_table(tmp_path / "a.csv") as table:
        table.writerow([os.fsdecode(b"\xe9.jpg"), "\u00e9.jpg", 1])
    assert (tmp_path / "a.csv").read_bytes() == b"\xe9.jpg,\xc3\xa9.jpg,1\n"


def test_output_folder_names_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/out must be a folder.*choose another"):
        with output_folder(tmp_path / "file" / "out"):
            pass


def test_output_folder_goes_when_nothing_was_written(tmp_path):
    with pytest.raises(InputError, match="later"), output_folder(tmp_path / "out"):
        raise InputError("later")
    assert not (tmp_path / "out").exists()


def test_output_folder_takes_the_folders_above_it_along(tmp_path):
    with pytest.raises(InputError, match="later"), output_folder(tmp_path / "a" / "b" / "c"):
        raise InputError("later")
    assert list(tmp_path.iterdir()) == []


def test_output_folder_leaves_nothing_when_it_cannot_be_made(tmp_path):
    with pytest.raises(InputError, match="must be a folder that can be written to"):
        with output_folder(tmp_path / "a" / ("b" * 300)):  # names have at most 255 bytes
            pass
    assert list(tmp_path.iterdir()) == []


def test_output_folder_stays_when_it_was_there_or_holds_files(tmp_path):
    for folder in (tmp_path / "old", tmp_path / "new"):
        if folder.name == "old":
            folder.mkdir()
        with pytest.raises(InputError), output_folder(folder):
            if folder.name == "new":
                (folder / "a").write_text("")
            raise InputError("later")
        assert folder.exists()


def test_write_json_escapes_what_utf_8_cannot_hold(tmp_path):
    name = os.fsdecode(b"caf\xe9 \xc3\xa9.jpg")  # Latin-1, then UTF-8
    path = write_json([name], tmp_path / "a.json")
    assert path.read_bytes().decode("utf-8").split("\n")[1] == '  "caf\\udce9 é.jpg"'
    assert os.fsencode(json.loads(path.read_text("utf-8"))[0]) == b"caf\xe9 \xc3\xa9.jpg"


def test_write_json_has_no_word_outside_json(tmp_path):
    values = {"a": float("nan"), "b": [np.float32("inf"), np.array([1.5, np.nan])], "c": {1: ()}}
    text = write_json(values, tmp_path / "a.json").read_text()
    strict = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert strict == {"a": None, "b": [None, [1.5, None]], "c": {"1": []}}


def test_to_json_keeps_types():
    assert to_json([True, np.bool_(True), np.int64(3), "ü", None]) == [True, True, 3, "ü", None]
