from pathlib import Path

import numpy as np
import pytest

from datasets.box_flaws import BoxFlaw
from datasets.check_objects import (
    ClassCount,
    count_classes,
    find_class_flaws,
    find_object_flaws,
)
from datasets.check_pictures import PictureFacts
from datasets.named_objects import NO_BOX, NamedObjects

SOUND = PictureFacts("", size=(6, 8))


def picture(*names, split=None, **others):
    return NamedObjects(Path("a.png"), np.zeros((len(names), 2)), names, split, **others)


def boxed(*boxes, **others):
    boxes = np.array(boxes, float).reshape(-1, 4)
    return picture(*["cat"] * len(boxes), boxes=boxes, **others)


def kinds(item, fact=SOUND):
    return [finding.kind for finding in find_object_flaws(item, fact)]


def test_count_classes_counts_pictures_and_objects_by_split():
    pictures = [
        picture("rat", "cat", "cat", split="train"),
        picture("cat", split="test"),
        picture(split="test"),
    ]
    assert count_classes(pictures) == [
        ClassCount("cat", 2, 3, {"train": 1, "test": 1}),
        ClassCount("rat", 1, 1, {"train": 1, "test": 0}),
    ]
    assert count_classes([]) == [] and count_classes([picture("")])[0].splits == {}


def test_find_class_flaws_names_rare_and_unlearned_classes():
    counts = [
        ClassCount("ant", 5, 5, {"train": 4, "test": 1}),
        ClassCount("bee", 4, 9, {"train": 4, "test": 0}),
        ClassCount("cow", 7, 7, {"train": 0, "test": 7}),
        ClassCount("", 5, 5, {}),
    ]
    found = [(finding.kind, finding.text) for finding in find_class_flaws(counts)]
    assert found == [("few", "`bee`: 4"), ("unlearned", "`cow`")]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 8, 6), []),
        ((5, 1, 2, 3), ["inverted"]),
        ((5, 1, 5, 3), ["empty"]),
        ((9, 1, 12, 3), ["outside"]),
        ((2, 1, 12, 3), ["beyond"]),
        (NO_BOX, ["boxless"]),
    ],
)
def test_find_object_flaws_judges_boxes(box, expected):
    assert kinds(boxed(box)) == expected


def test_find_object_flaws_judges_boxes_where_they_end_up():
    # Twice as large as the picture, of the same shape.
    assert kinds(boxed((2, 2, 16, 12), size=(12, 16))) == ["size"]
    assert kinds(boxed((2, 2, 20, 12), size=(12, 16))) == ["size", "beyond"]


@pytest.mark.parametrize(
    ("said", "orientation", "text"),
    [
        (
            (12, 16),
            1,
            "has 8 x 6 (width x height), its annotation says 16 x 12: the boxes are scal",
        ),
        ((8, 6), 1, "of another shape"),
        ((8, 6), 6, "without its EXIF rotation"),
    ],
)
def test_find_object_flaws_tells_of_another_size(said, orientation, text):
    fact = PictureFacts("", size=(6, 8), orientation=orientation)
    (finding,) = find_object_flaws(boxed((1, 1, 2, 2), size=said), fact)
    assert finding.kind == "size" and text in finding.text


def test_find_object_flaws_hands_on_what_the_reader_found():
    flaw = BoxFlaw("inverted", "`a.xml` object 0, whose box is inverted")
    assert kinds(boxed((1, 1, 2, 2), flaws=(flaw,))) == ["inverted"]
    assert kinds(boxed(problem="`a.xml` is damaged")) == ["annotation"]


def test_find_object_flaws_of_a_damaged_picture_still_judges_the_boxes():
    fact = PictureFacts("damaged")
    found = kinds(boxed((1, 1, 900, 900), (5, 1, 2, 3), size=(1, 1)), fact)
    assert found == ["inverted", "several"]


def test_find_object_flaws_notes_pictures_without_one_object():
    assert kinds(boxed()) == ["bare"]
    assert kinds(boxed((1, 1, 3, 3), (2, 2, 4, 4))) == ["several"]
    assert kinds(picture()) == kinds(picture("cat", "cat")) == []  # of a format that only counts


def test_find_object_flaws_allows_points_a_pixel_outside():
    points = np.array([[-1.0, 9.0], [7.0, 8.0]])
    item = NamedObjects(Path("a.png"), points, ("", ""))
    assert kinds(item) == []
    item = NamedObjects(Path("a.png"), points + [0, 0.5], ("", ""))
    (finding,) = find_object_flaws(item, SOUND)
    assert finding.kind == "point" and "1 of 2, the first at [-1.0, 9.5]" in finding.text
