from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from datasets.named_objects import (
    NamedObjects,
    list_class_names,
    make_records,
    number_classes,
    take_split,
)


def picture(name, *names, split=None):
    return NamedObjects(Path(name), np.zeros((len(names), 2)), names, split)


def test_make_records_numbers_the_classes_of_all_splits():
    pictures = [picture("b", "cow", "ant", split="train"), picture("a", "bee", split="test")]
    (train,) = make_records(pictures, "train", Path("p"))
    assert train.class_names == ("ant", "bee", "cow") and train.classes.tolist() == [3, 1]
    (test,) = make_records(pictures, "test", Path("p"))
    assert test.classes.tolist() == [2] and test.classes.dtype == np.int64


def test_make_records_without_names_has_no_classes():
    (record,) = make_records([picture("a", "", "")], "train", Path("p"))
    assert record.classes is None and record.class_names == () and record.count == 2


def test_make_records_gives_a_picture_without_objects_no_classes_of_its_own():
    records = make_records([picture("a"), picture("b", "ant")], "train", Path("p"))
    assert records[0].classes.shape == (0,) and records[0].class_names == ("ant",)


def test_list_class_names_of_nothing_is_empty():
    assert list_class_names([]) == ()


def test_number_classes_refuses_a_picture_twice():
    with pytest.raises(InputError, match="`a` must be annotated once"):
        number_classes([picture("a"), picture("a")], [])


def test_take_split_takes_every_fifth_by_name():
    pictures = [picture(name) for name in "fedcba"]
    assert [p.image.name for p in take_split(pictures, "test", Path("p"))] == ["e"]
    assert take_split(pictures, "val", Path("p")) == []


def test_take_split_needs_all_splits_or_none():
    with pytest.raises(InputError, match="split of every picture.*none for `b`"):
        take_split([picture("a", split="train"), picture("b")], "train", Path("p"))
    assert take_split([picture("a", split="train")], "val", Path("p")) == []
    with pytest.raises(InputError, match="pictures of the split test. It has none"):
        take_split([picture("a", split="train")], "test", Path("p"))
