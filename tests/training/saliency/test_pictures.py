from pathlib import Path

import pytest

from config.errors import InputError
from datasets.records import BadRecord, TagRecord
from datasets.tags import TagSplits
from training.saliency.pictures import choose_scored, exclude_classes

NAMES = ("cat", "dog")


def make_record(name, *tags, mask=None):
    return TagRecord(Path(name), tags, NAMES, mask=mask)


def test_exclude_classes_keeps_them_in_the_test():
    records = [make_record("a", 1), make_record("b", 2), make_record("c", 1, 2)]
    bad = BadRecord(Path("d"), "torn")
    splits = exclude_classes(TagSplits([*records, bad], records, records, NAMES), ["cat"])
    assert splits.training == [records[1], bad] and splits.validation == [records[1]]
    assert splits.test == records


def test_exclude_classes_names_the_nearest():
    with pytest.raises(InputError, match="Received cats; the nearest is cat"):
        exclude_classes(TagSplits([], [], [], NAMES), ["cats"])


def test_choose_scored_takes_pictures_with_masks_alone():
    plain, masked = make_record("a", 1), make_record("b", 1, mask=Path("b.png"))
    assert choose_scored(TagSplits([], [], [plain, masked], NAMES)) == ([masked], "test")
    assert choose_scored(TagSplits([], [], [plain], NAMES)) == ([plain], "test")


def test_choose_scored_falls_back_to_validation(caplog):
    plain = make_record("a", 1)
    assert choose_scored(TagSplits([], [plain], [], NAMES)) == ([plain], "val")
    assert "no test pictures" in caplog.text
