import os

import numpy as np
import pytest

from datasets.records import CountRecord, PointRecord, RankedRecord, Region
from training.data_identity import DataIdentity


@pytest.fixture
def pictures(tmp_path):
    """Four files of 3 bytes, last changed at second 1000."""
    paths = [tmp_path / "set" / f"{letter}.png" for letter in "abcd"]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"abc")
        os.utime(path, (1000, 1000))
    return paths


def identify(records, folder):
    return DataIdentity({"training": records}, folder)


def changes(before, after, folder):
    return identify(after, folder).describe_changes(identify(before, folder).digests)


def test_describe_changes_says_nothing_of_the_same_data(pictures, tmp_path):
    records = [RankedRecord(tuple(pictures[:2]), "removed"), RankedRecord(tuple(pictures[2:]))]
    assert changes(records, list(records), tmp_path) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda p: RankedRecord((p, p.parent / "b.png")), lambda p: RankedRecord((p, p))),
        (lambda p: RankedRecord((p, p)), lambda p: RankedRecord((p, p), "removed")),
        (lambda p: CountRecord(p, 3), lambda p: CountRecord(p, 3.5)),
        (
            lambda p: PointRecord(p, np.array([[1.0, 2.0]])),
            lambda p: PointRecord(p, np.array([[1.0, 2.5]])),
        ),
        (
            lambda p: PointRecord(p, np.ones((2, 2)), np.array([1, 2]), ("x", "y")),
            lambda p: PointRecord(p, np.ones((2, 2)), np.array([2, 1]), ("x", "y")),
        ),
        (
            lambda p: PointRecord(p, np.ones((1, 2)), region=Region(mask=p)),
            lambda p: PointRecord(p, np.ones((1, 2)), region=Region(mask=p, key="BW")),
        ),
    ],
    ids=["picture", "kind", "count", "point", "class", "region"],
)
def test_describe_changes_sees_every_label(pictures, tmp_path, before, after):
    path = pictures[0]
    (told,) = changes([before(path)], [after(path)], tmp_path)
    assert told.startswith("`training` had 1 records, now 1; the first that differs is number 1")


def test_describe_changes_names_the_first_record_that_differs(pictures, tmp_path):
    records = [CountRecord(path, 1) for path in pictures]
    (told,) = changes(records, records[:1] + records[2:], tmp_path)
    assert "had 4 records, now 3; the first that differs is number 2" in told
    assert "c.png" in told
    (told,) = changes(records, records[:3], tmp_path)
    assert told.endswith("number 4, which is gone")


def test_describe_changes_sees_a_file_of_another_size(pictures, tmp_path):
    records = [CountRecord(path, 1) for path in pictures]
    before = identify(records, tmp_path).digests
    pictures[2].write_bytes(b"abcd")
    (told,) = identify(records, tmp_path).describe_changes(before)
    assert "the first that differs is number 3" in told


def test_describe_changes_tells_files_that_were_written_again_apart(pictures, tmp_path):
    records = [CountRecord(path, 1) for path in pictures]
    before = identify(records, tmp_path).digests
    os.utime(pictures[3], (2000, 2000))
    (told,) = identify(records, tmp_path).describe_changes(before)
    assert "same labels, and files of the same names and sizes" in told
    assert "number 4" in told and "d.png" in told


def test_digests_do_not_depend_on_where_the_data_folder_lies(pictures, tmp_path):
    before = identify([CountRecord(pictures[0], 1)], tmp_path / "set").digests
    (tmp_path / "set").rename(tmp_path / "moved")
    record = CountRecord(tmp_path / "moved" / "a.png", 1)
    assert identify([record], tmp_path / "moved").describe_changes(before) == []
    assert identify([record], tmp_path).describe_changes(before) != []  # "moved/a.png"


@pytest.mark.parametrize("stored", [None, 3, {}, {"training": 3}, {"training": {"labels": 7}}])
def test_describe_changes_takes_a_damaged_file_for_other_data(pictures, tmp_path, stored):
    assert identify([pictures[0]], tmp_path).describe_changes(stored) != []


def test_an_absent_file_and_no_record_have_digests(tmp_path):
    assert identify([], tmp_path).digests == {"training": {"labels": "", "times": ""}}
    assert changes([tmp_path / "absent"], [tmp_path / "absent"], tmp_path) == []


def test_summary_tells_workers_apart_by_labels_not_by_times(pictures, tmp_path):
    first = identify([CountRecord(pictures[0], 1)], tmp_path).summary()
    os.utime(pictures[0], (2000, 2000))
    assert identify([CountRecord(pictures[0], 1)], tmp_path).summary() == first
    assert identify([CountRecord(pictures[0], 2)], tmp_path).summary() != first


def test_digest_part_tells_labels_and_times(pictures, tmp_path):
    record = CountRecord(pictures[0], 1)
    first = identify([record], tmp_path).digest_part("training")
    assert identify([record], tmp_path).digest_part("training") == first
    assert identify([CountRecord(pictures[0], 2)], tmp_path).digest_part("training") != first
    os.utime(pictures[0], (2000, 2000))
    assert identify([record], tmp_path).digest_part("training") != first
