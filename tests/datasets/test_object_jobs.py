import json

import pytest

from config.errors import InputError
from datasets import scene_jobs
from datasets.boxes import read_boxes
from datasets.contact_sheets import write_contact_sheet
from datasets.images import read_labels
from datasets.object_jobs import write_object
from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import OBJECTS, write_objects

SETTINGS = SceneSettings(image_size=(48, 64))


def test_write_object_describes_what_the_files_show(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / "things" / name).mkdir(parents=True)
    settings = SceneSettings(image_size=(48, 64), masks=True)
    (picture,) = write_object(tmp_path / "things", settings, 5, 0)
    mask = read_labels(tmp_path / "things" / "masks" / "000000.png")
    assert [int((mask == 1).sum())] == picture["areas"]
    assert len(picture["boxes"]) == len(picture["classes"]) == 1


def test_write_objects_can_be_read_as_boxes(tmp_path):
    write_objects(tmp_path, 20, SETTINGS)
    splits = read_boxes("coco", tmp_path, OBJECTS)
    assert [len(each) for each in (splits.training, splits.validation, splits.test)] == [13, 3, 4]
    assert splits.class_names == ("car", "person", "tree")
    content = json.loads((tmp_path / OBJECTS / "objects.json").read_text())
    x, y, width, height = content["annotations"][0]["bbox"]
    assert splits.training[0].boxes.tolist() == [[x, y, x + width, y + height]]
    name = content["categories"][content["annotations"][0]["category_id"] - 1]["name"]
    assert splits.class_names[splits.training[0].classes[0] - 1] == name
    assert write_contact_sheet(tmp_path, OBJECTS).is_file()


def test_an_interrupted_set_of_objects_is_resumed(tmp_path, monkeypatch):
    whole = write_objects(tmp_path / "whole", 3, SETTINGS)
    write, calls = scene_jobs.write_picture, []

    def stop_at_the_second(path, pixels):
        calls.append(path)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(path, pixels)

    monkeypatch.setattr(scene_jobs, "write_picture", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        write_objects(tmp_path, 3, SETTINGS)
    assert not (tmp_path / OBJECTS / "annotations.json").exists()
    write_objects(tmp_path, 3, SETTINGS)
    for path in whole.rglob("*.*"):
        assert (tmp_path / OBJECTS / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_objects_do_not_depend_on_the_crowds_settings(tmp_path):
    write_objects(tmp_path, 3, SETTINGS)
    other = SceneSettings(image_size=(48, 64), max_count=5, empty_fraction=0.5)
    assert write_objects(tmp_path, 3, other) == tmp_path / OBJECTS


def test_write_objects_wants_one_for_each_split(tmp_path):
    with pytest.raises(InputError, match="`synthetic_objects` must hold 3 to 1000000 records"):
        write_objects(tmp_path, 2, SETTINGS)
