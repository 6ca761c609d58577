import os

import pytest

from config.errors import InputError
from datasets.split_folders import find_split_folders, list_folders


def test_folders_are_sorted_without_files_and_hidden_ones(tmp_path):
    for name in ("b", "a", ".git", "masks"):
        (tmp_path / name).mkdir()
    (tmp_path / "c.jpg").touch()
    assert [path.name for path in list_folders(tmp_path, tmp_path)] == ["a", "b", "masks"]
    assert [path.name for path in list_folders(tmp_path, tmp_path, skipped=["a"])][0] == "b"
    assert list_folders(tmp_path, tmp_path / "a") == []


def test_split_folders_need_one_called_train(tmp_path):
    (tmp_path / "test").mkdir()
    assert find_split_folders(tmp_path, tmp_path) == [(tmp_path, None)]
    for name in ("train", "validation", "extra"):
        (tmp_path / name).mkdir()
    found = [(path.name, split) for path, split in find_split_folders(tmp_path, tmp_path)]
    assert found == [("test", "test"), ("train", "train"), ("validation", "val")]


def test_a_link_out_of_the_data_folder_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    os.symlink(tmp_path, tmp_path / "data" / "out")
    with pytest.raises(InputError, match="must lie inside the data folder"):
        list_folders(tmp_path / "data", tmp_path / "data")
