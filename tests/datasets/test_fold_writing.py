import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.fold_writing import write_folds, write_shot_folders
from datasets.frame_boxes import read_frame_boxes
from datasets.records import ShotRecord
from datasets.shot_jobs import write_shot
from datasets.shots import ShotChoices, ShotSplits, read_shots
from datasets.synthetic_shots import moving_shots

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)


@pytest.fixture
def splits(tmp_path):
    """Write three shots of three frames as a data set with splits, and read it."""
    shots = moving_shots(3, num_frames=3, image_size=(24, 32))
    for split, shot in zip(("train", "val", "test"), shots, strict=True):
        folder = tmp_path / "data" / "set" / split / shot.name / "1"
        write_shot(folder, shot, relative_to=tmp_path)
    return read_shots("shots", tmp_path / "data", "set", WHOLE)


def truths_of(shots):
    return [read_frame_boxes(shot, i).tolist() for shot in shots for i in shot.annotated]


def test_folds_are_read_as_they_were_written(splits, tmp_path):
    data_dir = tmp_path / "data"
    write_folds(splits, data_dir / "folds", data_dir=data_dir)
    test = data_dir / "folds" / "test"
    assert (test / "image_ids.txt").read_text().split()[0] == "set/test/triangle/1/00.jpg"
    assert (test / "image_sizes.txt").read_text().split()[0] == "set/test/triangle/1/00.jpg,32,24"
    assert (data_dir / "folds" / "train" / "image_ids.txt").read_text() == "set/train/disc/1\n"
    found = read_shots("wsol", data_dir, "folds", WHOLE)
    assert found.class_names == splits.class_names
    assert found.training[0].frames == splits.training[0].frames
    assert found.test[0].frames == splits.test[0].frames
    assert truths_of(found.test) == truths_of(splits.test)
    assert truths_of(found.validation) == truths_of(splits.validation)


def test_boxes_of_masks_and_of_frames_without_an_object_are_written(tmp_path):
    frames = tuple(tmp_path / f"{i}.jpg" for i in range(3))
    for frame in frames:
        Image.new("RGB", (8, 6)).save(frame)
    mask = np.zeros((6, 8), np.uint8)
    mask[1:3, 2:5] = 9
    Image.fromarray(mask).save(tmp_path / "mask.png")
    shot = ShotRecord(
        "a",
        frames,
        1,
        ("cat",),
        (None, np.zeros((0, 4)), None),
        (tmp_path / "mask.png", None, None),
    )
    write_folds(ShotSplits([], [], [shot], ("cat",)), tmp_path / "folds", data_dir=tmp_path)
    lines = (tmp_path / "folds" / "test" / "localization.txt").read_text().split()
    assert lines == ["0.jpg,2,1,5,3", "1.jpg,0,0,0,0"]


def test_a_training_shot_that_is_not_a_folder_is_refused(splits, tmp_path):
    part = ShotSplits([splits.training[0].take([0, 1])], [], [], splits.class_names)
    with pytest.raises(InputError, match="must be all pictures of one folder"):
        write_folds(part, tmp_path / "folds", data_dir=tmp_path)
    with pytest.raises(InputError, match="must lie inside the data folder"):
        write_folds(splits, tmp_path / "folds", data_dir=tmp_path / "folds")
    with pytest.raises(InputError, match="without quotes"):
        write_folds(ShotSplits([], [], [], ("a: b",)), tmp_path / "folds", data_dir=tmp_path)


def test_folders_of_shots_are_read_as_they_were_written(splits, tmp_path):
    for _ in range(2):  # the second time with the frames there
        write_shot_folders(splits, tmp_path / "out")
    found = read_shots("shots", tmp_path, "out", WHOLE)
    assert [shot.name for shot in found.test] == ["out/test/triangle/set_test_triangle_1"]
    assert truths_of(found.test) == truths_of(splits.test)
    for shot, other in zip(found.training, splits.training, strict=True):
        assert [f.read_bytes() for f in shot.frames] == [f.read_bytes() for f in other.frames]


def test_folders_of_data_without_a_split_have_none(splits, tmp_path):
    shots = splits.training + splits.validation
    without = ShotSplits(shots, [], list(shots), splits.class_names, True)
    write_shot_folders(without, tmp_path / "out")
    assert read_shots("shots", tmp_path, "out", WHOLE).transductive
    parted = ShotSplits(splits.training, splits.validation, splits.training, ("disc",), True)
    write_shot_folders(parted, tmp_path / "parted")
    assert sorted(path.name for path in (tmp_path / "parted").iterdir()) == ["train", "val"]
