import numpy as np
import pytest
from PIL import Image

from config.errors import InputError, MissingSplit
from datasets.oxford_pets import list_oxford_pets_objects, read_oxford_pets
from datasets.records import BadRecord

XML = [("cat", (2, 1, 5, 4), 0)]


@pytest.fixture
def pets(tmp_path, write_voc):
    """Write a training picture with an XML file and a test picture with a trimap alone."""
    for folder in ("images", "annotations/xmls", "annotations/trimaps"):
        (tmp_path / "pets" / folder).mkdir(parents=True)
    annotations = tmp_path / "pets" / "annotations"
    trimap = np.full((6, 8), 2, np.uint8)
    trimap[2:5, 3:7] = 3
    trimap[3, 4:6] = 1
    for stem in ("Maine_Coon_1", "pug_2"):
        Image.new("RGB", (8, 6)).save(tmp_path / "pets" / "images" / f"{stem}.jpg")
        Image.fromarray(trimap).save(annotations / "trimaps" / f"{stem}.png")
    write_voc(annotations / "xmls" / "Maine_Coon_1.xml", XML)
    (annotations / "trainval.txt").write_text("# a comment\nMaine_Coon_1 1 1 1\n")
    (annotations / "test.txt").write_text("pug_2 2 2 1\n")
    return tmp_path / "pets"


def test_list_oxford_pets_objects_takes_heads_and_else_whole_animals(tmp_path, pets, caplog):
    head, animal = list_oxford_pets_objects(tmp_path, "pets")
    assert head.names == ("maine_coon",) and head.split == "train"
    np.testing.assert_array_equal(head.boxes, [[1, 0, 5, 4]])
    assert animal.names == ("pug",) and animal.split == "test"
    np.testing.assert_array_equal(animal.boxes, [[4, 3, 6, 4]])  # columns 4, 5 of row 3
    np.testing.assert_array_equal(animal.points, [[3.5, 5]])
    assert "1 boxes of" in caplog.text and "frame heads" in caplog.text


def test_list_oxford_pets_objects_takes_one_kind_by_its_folder(tmp_path, pets, caplog):
    (head,) = list_oxford_pets_objects(tmp_path, "pets/annotations/xmls")
    assert head.image.stem == "Maine_Coon_1"
    boxes = [each.boxes for each in list_oxford_pets_objects(tmp_path, "pets/annotations/trimaps")]
    np.testing.assert_array_equal(boxes, [[[4, 3, 6, 4]]] * 2)
    assert "frame heads" not in caplog.text


def test_read_oxford_pets_numbers_the_breeds_of_all_splits(tmp_path, pets):
    (record,) = read_oxford_pets(tmp_path, "pets", "test")
    assert record.classes.tolist() == [2] and record.class_names == ("maine_coon", "pug")
    assert read_oxford_pets(tmp_path, "pets", "val") == []
    with pytest.raises(MissingSplit, match="split test"):
        read_oxford_pets(tmp_path, "pets/annotations/xmls", "test")


def test_list_oxford_pets_objects_without_lists_takes_all_pictures(tmp_path, pets):
    for name in ("trainval.txt", "test.txt"):
        (pets / "annotations" / name).unlink()
    assert [each.split for each in list_oxford_pets_objects(tmp_path, "pets")] == [None, None]
    (pets / "annotations" / "list.txt").write_text("pug_2 2 2 1\nlost_9 3 2 1\n")
    (picture,) = list_oxford_pets_objects(tmp_path, "pets")
    assert picture.image.stem == "pug_2"


def test_list_oxford_pets_objects_of_an_empty_trimap_has_no_object(tmp_path, pets):
    Image.new("L", (8, 6), 2).save(pets / "annotations" / "trimaps" / "pug_2.png")
    animal = list_oxford_pets_objects(tmp_path, "pets")[1]
    assert animal.boxes.shape == (0, 4) and [flaw.kind for flaw in animal.flaws] == ["empty"]


def test_read_oxford_pets_names_a_damaged_trimap(tmp_path, pets):
    (pets / "annotations" / "trimaps" / "pug_2.png").write_bytes(b"no picture")
    (record,) = read_oxford_pets(tmp_path, "pets", "test")
    assert isinstance(record, BadRecord) and "pug_2.png" in record.reason


def test_list_oxford_pets_objects_refuses_a_picture_in_two_lists(tmp_path, pets):
    (pets / "annotations" / "test.txt").write_text("Maine_Coon_1 1 1 1\n")
    with pytest.raises(InputError, match=r"test.txt` line 1: `Maine_Coon_1` must be in one list"):
        list_oxford_pets_objects(tmp_path, "pets")


def test_list_oxford_pets_objects_needs_annotations(tmp_path):
    (tmp_path / "pets").mkdir()
    with pytest.raises(InputError, match="must hold `annotations/xmls` or `annotations/trimaps`"):
        list_oxford_pets_objects(tmp_path, "pets")
