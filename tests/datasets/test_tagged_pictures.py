from pathlib import Path

import numpy as np

from datasets.named_objects import NamedObjects, fail_picture
from datasets.records import BadRecord
from datasets.tagged_pictures import TaggedPicture, make_tag_record, tag_objects


def test_tag_objects_names_each_class_once_and_keeps_boxes():
    boxes = np.array([[0.0, 0, 2, 2], [1, 1, 4, 4], [3, 3, 3, 5]])  # the last is empty
    picture = NamedObjects(Path("a"), np.zeros((3, 2)), ("rat", "", "cat"), "val", boxes=boxes)
    tagged = tag_objects(picture)
    assert tagged.names == ("object", "rat") and tagged.box_names == ("rat", "object")
    assert tagged.split == "val" and len(tagged.boxes) == 2


def test_tag_objects_of_nothing_and_of_a_bad_file():
    nothing = NamedObjects(Path("a"), np.zeros((0, 2)), (), boxes=np.zeros((0, 4)))
    assert tag_objects(nothing).names == ()
    assert tag_objects(fail_picture(Path("a"), "bad")).problem == "bad"


def test_make_tag_record_numbers_tags_boxes_and_mask_values():
    picture = TaggedPicture(
        Path("a.jpg"),
        ("cat", "dog", "rat"),
        mask=Path("a.png"),
        mask_names=("dog", "rat"),
        boxes=np.array([[0.0, 0, 1, 1], [0, 0, 2, 2], [0, 0, 3, 3]]),
        box_names=("rat", "dog", "cat"),
    )
    record = make_tag_record(picture, ("rat", "cat"))
    assert record.tags == (1, 2) and record.names == ("rat", "cat")
    assert record.mask_values == "ids" and record.mask_classes == (0, 1)
    assert record.boxes[:, 3].tolist() == [1, 3] and record.box_classes.tolist() == [1, 2]


def test_make_tag_record_of_a_problem_is_bad():
    record = make_tag_record(TaggedPicture(Path("a.jpg"), (), problem="why"), ("cat",))
    assert record == BadRecord(Path("a.jpg"), "why")
