import logging

import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.shots import ShotChoices, read_shots
from datasets.youtube_objects import list_youtube_objects

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)

FORMAT = "youtube_objects"


def write_frame(root, place, boxes=None, size=(40, 30)):
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    if boxes is not None:
        cells = np.empty((1, len(boxes)), object)
        for number, box in enumerate(boxes):
            cells[0, number] = np.array([box], np.float64)
        scipy.io.savemat(f"{path}_sticks.mat", {"coor": cells})


def write_sets(root, name, train, test):
    (root / name / "sets").mkdir(parents=True)
    (root / name / "sets" / "train.txt").write_text("".join(f"{each}\n" for each in train))
    (root / name / "sets" / "test.txt").write_text("".join(f"{each}\n" for each in test))


@pytest.fixture
def root(tmp_path):
    """Write 8 videos of cats, seven of them for training, six of these with boxes."""
    root = tmp_path / "yto"
    write_sets(root, "cat", [f"{i:04d}" for i in range(1, 8)], ["data/0008"])
    for video in range(1, 9):
        for frame in (1, 2, 10):
            boxes = [[5, 5, 20, 20]] if video != 7 and frame == 2 else None
            write_frame(root, f"cat/data/{video:04d}/shots/001/frame{frame:04d}.jpg", boxes)
        write_frame(root, f"cat/data/{video:04d}/shots/002/frame0001.jpg")
    (root / "cat/data/0001/shots/003").mkdir()
    return root


def test_splits_are_those_of_the_lists_and_five_videos_validate(root):
    splits = read_shots(FORMAT, root.parent, "yto", WHOLE)
    assert [shot.name for shot in splits.test] == ["yto/cat/data/0008/shots/001"]
    assert [frame.name for frame in splits.test[0].frames] == ["frame0002.jpg"]
    assert splits.test[0].boxes[0].tolist() == [[5, 5, 20, 20]]
    validating = {shot.name.split("/")[3] for shot in splits.validation}
    assert len(validating) == 5 and validating < {f"{i:04d}" for i in range(1, 7)}
    assert all(len(shot.frames) == 1 and shot.annotated == (0,) for shot in splits.validation)
    # Two videos are left, 0007 and one with boxes, of two shots each; the empty shot is dropped.
    assert len(splits.training) == 4 and "0007" in splits.training[-1].name
    assert [len(shot.frames) for shot in splits.training] == [3, 1, 3, 1]
    assert all(shot.boxes == () for shot in splits.training) and not splits.transductive
    again = read_shots(FORMAT, root.parent, "yto", ShotChoices(split_seed=7))
    assert [shot.name for shot in again.validation] == [shot.name for shot in splits.validation]


def test_several_boxes_and_numbers_below_0(tmp_path):
    write_sets(tmp_path, "cat", [], [1])
    write_sets(tmp_path, "boat", ["0001"], [])
    write_frame(tmp_path, "boat/data/0001/shots/001/frame0001.jpg")
    place = "cat/data/0001/shots/001/frame0001.jpg"
    write_frame(tmp_path, place, [[-3, -1, 10, 12.5], [1, 2, 90, 20]])
    shot = next(shot for shot in list_youtube_objects(tmp_path, ".") if shot.tag == "cat")
    assert shot.boxes[0].tolist() == [[0, 0, 10, 12.5], [1, 2, 40, 20]]


def test_two_published_boxes_are_put_right(tmp_path):
    for name, place, box in (
        ("horse", "horse/data/0004/shots/055/frame0020.jpg", [30, 5, 10, 20]),
        ("boat", "boat/data/0006/shots/026/frame0001.jpg", [3, 5, 44, 20]),
    ):
        write_sets(tmp_path, name, [], ["0004", "0006"])
        write_frame(tmp_path, place, [box])
    write_frame(tmp_path, "horse/data/0004/shots/055/frame0021.jpg", [[30, 5, 10, 20]])
    boat, horse = list_youtube_objects(tmp_path, ".")
    assert horse.boxes[0].tolist() == [[10, 5, 30, 20]] and len(horse.frames) == 1
    assert boat.boxes[0].tolist() == [[3, 5, 39, 20]]  # 40 pixels wide: w - 1


def test_a_damaged_box_file_and_a_video_in_no_list_are_named(root, caplog):
    damaged = root / "cat/data/0008/shots/001/frame0002.jpg_sticks.mat"
    damaged.write_bytes(b"text")
    write_frame(root, "cat/data/0008/shots/001/frame0010.jpg", [[5, 5, 20, 20]])
    write_frame(root, "cat/data/0099/shots/001/frame0001.jpg")
    with caplog.at_level(logging.WARNING):
        shots = list_youtube_objects(root.parent, "yto")
    assert "Left out the boxes of" in caplog.text and damaged.name in caplog.text
    assert "0099, which is in no list" in caplog.text
    test = [shot for shot in shots if shot.split == "test"]
    assert [frame.name for frame in test[0].frames] == ["frame0010.jpg"]


def test_another_layout_and_missing_lists_are_refused(tmp_path):
    (tmp_path / "yto" / "cat").mkdir(parents=True)
    with pytest.raises(InputError, match="must hold a folder for each class with a folder `data`"):
        list_youtube_objects(tmp_path, "yto")
    (tmp_path / "yto" / "cat" / "data").mkdir()
    with pytest.raises(InputError, match="sets/train.txt` must be an annotation file"):
        list_youtube_objects(tmp_path, "yto")
