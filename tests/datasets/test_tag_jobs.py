import shutil

import numpy as np
import pytest

from config.errors import InputError
from datasets import set_writing
from datasets.boxes import read_boxes
from datasets.contact_sheets import write_contact_sheet
from datasets.label_maps import check_label_maps, read_label_map
from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import TAGS, write_tags
from datasets.tags import read_tags


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    write_tags(data_dir, 10, SceneSettings())
    return data_dir


def test_write_tags_can_be_read_with_splits_and_masks(drawn):
    splits = read_tags("tags", drawn, TAGS)
    assert splits.class_names == ("disc", "square", "triangle")
    # Of 10: round(1.5) = 2 to validate, 2 to test.
    parts = (splits.training, splits.validation, splits.test)
    assert [len(records) for records in parts] == [6, 2, 2]
    assert check_label_maps(splits.training) == 6
    for record in splits.training:
        ids = np.unique(read_label_map(record, (128, 128)))
        assert tuple(ids[ids > 0]) == record.tags


def test_write_tags_can_be_read_as_masks_and_boxes(drawn):
    expected = read_tags("tags", drawn, TAGS)
    of_masks = read_tags("masks", drawn, TAGS)
    by_name = {r.image: r.tags for r in expected.training + expected.validation + expected.test}
    assert all(by_name[record.image] == record.tags for record in of_masks.training)
    boxes = read_boxes("coco", drawn, TAGS, objects="largest")
    assert boxes.class_names == expected.class_names


def test_a_torn_set_is_finished_and_a_whole_one_kept(drawn, tmp_path, monkeypatch):
    torn = tmp_path / TAGS
    shutil.copytree(drawn / TAGS, torn)
    for name in ("annotations.json", "tags.csv", "images/000003.jpg", "masks/000004.png"):
        (torn / name).unlink()
    write_tags(tmp_path, 10, SceneSettings())
    for path in (drawn / TAGS).rglob("*.*"):
        assert (torn / path.relative_to(drawn / TAGS)).read_bytes() == path.read_bytes()
    monkeypatch.setattr(set_writing, "run_jobs", None)
    # Crowds' settings do not matter to it.
    assert write_tags(tmp_path, 10, SceneSettings(max_count=3, image_size=(40, 50))) == torn


def test_another_seed_needs_overwrite_and_leaves_nothing_old(tmp_path):
    write_tags(tmp_path, 4, SceneSettings())
    with pytest.raises(InputError, match="seed 0 instead of 1"):
        write_tags(tmp_path, 3, SceneSettings(seed=1))
    folder = write_tags(tmp_path, 3, SceneSettings(seed=1), overwrite=True)
    assert len(list((folder / "masks").iterdir())) == 3
    with pytest.raises(InputError, match="`synthetic_tags` must hold 3 to"):
        write_tags(tmp_path, 2, SceneSettings())


def test_the_contact_sheet_frames_all_objects(drawn, tmp_path):
    shutil.copytree(drawn / TAGS, tmp_path / TAGS)
    assert write_contact_sheet(tmp_path, TAGS).is_file()
