from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from datasets.box_choices import check_choice, keep_classes, name_by_file, take_one
from datasets.named_objects import NamedObjects


def picture(name, *objects):
    """Make a picture of (class name, width of a box of height 1)."""
    boxes = np.array([(0, 0, width, 1) for _, width in objects], float).reshape(-1, 4)
    names = tuple(name for name, _ in objects)
    return NamedObjects(Path(name), np.zeros((len(objects), 2)), names, boxes=boxes)


PICTURES = [
    picture("a", ("cat", 1)),
    picture("b", ("cat", 1), ("rat", 3), ("rat", 3)),
    picture("c"),
]


@pytest.mark.parametrize(
    ("objects", "taken"),
    [
        ("only", [("a", "cat", 1)]),
        ("first", [("a", "cat", 1), ("b", "cat", 1)]),
        ("largest", [("a", "cat", 1), ("b", "rat", 3)]),
    ],
)
def test_take_one_takes_one_object(objects, taken):
    found = take_one(PICTURES, objects, "zoo")
    assert [(p.image.name, *p.names, p.boxes[0, 2]) for p in found] == taken
    assert all(p.boxes.shape == (1, 4) and p.points.shape == (1, 2) for p in found)


def test_take_one_tells_how_many_are_left_out(caplog):
    caplog.set_level("INFO")
    take_one(PICTURES, "only", "zoo")
    assert "Left out 2 of 3 pictures of zoo without exactly one object (1 have none)" in caplog.text


def test_take_one_refuses_to_leave_nothing():
    with pytest.raises(InputError, match="pictures for `objects` only.*can be first or largest"):
        take_one(PICTURES[1:], "only", "zoo")
    with pytest.raises(InputError, match="1 of 1 pictures of zoo without objects"):
        take_one(PICTURES[2:], "largest", "zoo")
    with pytest.raises(InputError, match="0 of 0 pictures"):
        take_one([], "only", "zoo")


def test_keep_classes_takes_objects_of_others_as_absent():
    kept = keep_classes(PICTURES, ["rat"], "zoo")
    assert [p.names for p in kept] == [(), ("rat", "rat"), ()]
    np.testing.assert_array_equal(kept[1].boxes[:, 2], [3, 3])


@pytest.mark.parametrize("classes", [[], ["cat", "cat"], "cat"])
def test_keep_classes_needs_names_each_once(classes):
    with pytest.raises(InputError, match="`classes` must be a list of names, each once"):
        keep_classes(PICTURES, classes, "zoo")


def test_keep_classes_names_the_nearest():
    with pytest.raises(InputError, match="classes of `zoo`: cat, rat. Received bat; the nearest"):
        keep_classes(PICTURES, ["bat"], "zoo")
    with pytest.raises(InputError, match="it has none. Received cat"):
        keep_classes([], ["cat"], "zoo")


def test_name_by_file_takes_the_name_up_to_the_last_underscore():
    named = name_by_file(picture("x/Great_Pyrenees_12.jpg", ("dog", 1), ("dog", 2)))
    assert named.names == ("great_pyrenees", "great_pyrenees")
    for name in ("pug-12.jpg", "_12.jpg"):
        with pytest.raises(InputError, match=f"`{name}` must be called `<class>_<rest>`"):
            name_by_file(picture(name, ("dog", 1)))


def test_check_choice_names_the_nearest():
    with pytest.raises(InputError, match="`objects` must be one of.*larges; the nearest is larges"):
        check_choice("objects", "larges")
