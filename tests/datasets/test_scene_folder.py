import json

import numpy as np
import pytest

from config.errors import InputError
from config.files import write_json
from datasets.scene_folder import (
    check_folder,
    open_folder,
    write_picture,
)
from ops.opencv import cv2

RUN = {"method": "scenes", "seed": 0}


def test_write_picture_keeps_red_red(tmp_path):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    write_picture(tmp_path / "red.jpg", red)
    blue, green, red = cv2.imread(str(tmp_path / "red.jpg"))[8, 8]  # OpenCV reads BGR
    assert red > 245 and green < 10 and blue < 10


def test_write_picture_keeps_labels_beyond_a_byte(tmp_path):
    labels = np.array([[0, 255, 256, 40000]], np.int32)
    write_picture(tmp_path / "labels.png", labels)
    read = cv2.imread(str(tmp_path / "labels.png"), cv2.IMREAD_UNCHANGED)
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, labels)


def test_open_folder_resumes_the_same_run(tmp_path):
    assert not open_folder(tmp_path / "a" / "b", RUN)
    assert not open_folder(tmp_path / "a" / "b", RUN)
    write_json([], tmp_path / "a" / "b" / "annotations.json")
    assert open_folder(tmp_path / "a" / "b", RUN)


def test_open_folder_refuses_another_run_and_names_the_difference(tmp_path):
    open_folder(tmp_path, RUN)
    with pytest.raises(InputError, match="seed 0 instead of 1.*--overwrite"):
        open_folder(tmp_path, {**RUN, "seed": 1})


@pytest.mark.parametrize("key", ["source", "source_dir", "mask_dir", "backgrounds"])
def test_check_folder_takes_another_spelling_of_the_same_place(tmp_path, monkeypatch, key):
    (tmp_path / "photos" / "crowd").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    monkeypatch.chdir(tmp_path / "photos")
    open_folder(tmp_path / "made", {**RUN, key: "../photos/crowd"})
    for same in ("crowd/", str(tmp_path / "photos" / "crowd"), "../link/crowd"):
        assert check_folder(tmp_path / "made", {**RUN, key: same})
    for other in ("", "../photos", "crowd/*.jpg", "crowd\0"):
        with pytest.raises(InputError, match=f"{key} ../photos/crowd instead of"):
            check_folder(tmp_path / "made", {**RUN, key: other})


def test_check_folder_takes_another_spelling_of_the_same_glob(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_folder(tmp_path / "made", {**RUN, "source": "photos/*.jpg"})
    assert check_folder(tmp_path / "made", {**RUN, "source": f"{tmp_path}/photos//*.jpg"})


def test_check_folder_compares_names_that_are_no_paths_as_text(tmp_path):
    open_folder(tmp_path, {**RUN, "background": "photo"})
    with pytest.raises(InputError, match="background photo instead of ./photo"):
        check_folder(tmp_path, {**RUN, "background": "./photo"})


def test_open_folder_refuses_a_damaged_provenance(tmp_path):
    (tmp_path / "provenance.json").write_text("{")
    with pytest.raises(InputError, match="unreadable provenance.json"):
        check_folder(tmp_path, RUN)


def test_open_folder_overwrites_what_another_run_wrote_and_nothing_else(tmp_path):
    open_folder(tmp_path, RUN)
    for name in ("images", "train/cat"):
        (tmp_path / name).mkdir(parents=True)
    for name in (
        "images/1.jpg",
        "train/cat/1.jpg",
        "annotations.json",
        "objects.json",
        "notes.txt",
    ):
        (tmp_path / name).touch()
    assert not open_folder(tmp_path, {**RUN, "seed": 1}, overwrite=True)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["notes.txt", "provenance.json"]
    assert json.loads((tmp_path / "provenance.json").read_text())["seed"] == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_open_folder_never_touches_files_of_unknown_origin(tmp_path, overwrite):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match="move it away"):
        open_folder(tmp_path, RUN, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_open_folder_refuses_a_file_as_parent(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="folder that can be written to"):
        open_folder(tmp_path / "file" / "crowds", RUN)
