import shutil

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets import set_writing
from datasets.boxes import read_boxes
from datasets.contact_sheets import write_contact_sheet
from datasets.scene_jobs import SceneSettings
from datasets.shots import read_shots
from datasets.synthetic_files import SHOTS, write_shots


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_shots(folder, 9, SceneSettings())
    return folder


def test_write_shots_can_be_read_with_its_splits_and_boxes(drawn):
    splits = read_shots("shots", drawn, SHOTS)
    # Of 9: round(1.35) = 1 validates, round(1.8) = 2 are tested.
    assert [len(part) for part in (splits.training, splits.validation, splits.test)] == [6, 1, 2]
    assert splits.class_names == ("disc", "square", "triangle") and not splits.transductive
    shot = splits.training[0]
    assert shot.name == f"{SHOTS}/train/disc/0000" and len(shot.frames) == 12
    assert shot.annotated == tuple(range(12)) and shot.boxes[0].shape == (1, 4)
    with Image.open(shot.frames[0]) as frame:
        assert frame.size == (96, 72)


def test_write_shots_can_be_read_as_boxed_pictures(drawn):
    splits = read_boxes("coco", drawn, SHOTS)
    shots = read_shots("shots", drawn, SHOTS)
    boxes = {record.image: record.boxes for record in splits.test}
    assert len(boxes) == 24
    for shot in shots.test:
        for frame, expected in zip(shot.frames, shot.boxes, strict=True):
            np.testing.assert_array_equal(boxes[frame], expected)


def test_a_torn_set_is_finished_and_a_whole_one_kept(drawn, tmp_path, monkeypatch):
    torn = tmp_path / SHOTS
    shutil.copytree(drawn / SHOTS, torn)
    for name in ("annotations.json", "train/disc/0000/03.jpg", "train/square/0001/boxes.csv"):
        (torn / name).unlink()
    write_shots(tmp_path, 9, SceneSettings())
    for path in (drawn / SHOTS).rglob("*.*"):
        assert (torn / path.relative_to(drawn / SHOTS)).read_bytes() == path.read_bytes()
    monkeypatch.setattr(set_writing, "run_jobs", None)
    assert write_shots(tmp_path, 9, SceneSettings(max_count=3, image_size=(40, 50))) == torn


def test_another_number_needs_overwrite_and_leaves_nothing_old(drawn, tmp_path):
    shutil.copytree(drawn / SHOTS, tmp_path / SHOTS)
    with pytest.raises(InputError, match="num 9 instead of 3"):
        write_shots(tmp_path, 3, SceneSettings())
    folder = write_shots(tmp_path, 3, SceneSettings(), overwrite=True)
    assert len(list(folder.rglob("*.jpg"))) == 36
    with pytest.raises(InputError, match="`synthetic_shots` must hold 3 to"):
        write_shots(tmp_path, 2, SceneSettings())


def test_the_contact_sheet_shows_several_shots(drawn, tmp_path):
    shutil.copytree(drawn / SHOTS, tmp_path / SHOTS)
    with Image.open(write_contact_sheet(tmp_path, SHOTS)) as page:
        assert page.width == 16 + 6 * (96 + 16)
