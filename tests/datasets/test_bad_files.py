import json
import logging
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets import bad_files
from datasets.bad_files import drop_bad_files, find_bad_files
from datasets.records import BadRecord, CountRecord, PointRecord, RankedRecord


@pytest.fixture
def pictures(tmp_path):
    """Four sound pictures, 8 x 6."""
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path in paths:
        Image.new("RGB", (8, 6)).save(path)
    return paths


@pytest.fixture
def decoded(monkeypatch):
    """How often each picture is decoded."""
    seen = Counter()
    read = bad_files.read_image
    monkeypatch.setattr(
        bad_files,
        "read_image",
        lambda path, **options: (seen.update([path]), read(path, **options))[1],
    )
    return seen


def spoil(path):
    path.write_bytes(path.read_bytes()[:40])


def test_drop_bad_files_keeps_sound_records_in_order(pictures):
    records = [CountRecord(path, 3) for path in reversed(pictures)]
    assert drop_bad_files(records, max_bad_fraction=0) == records


def test_drop_bad_files_drops_a_pair_with_one_bad_picture_and_says_so(pictures, caplog):
    spoil(pictures[1])
    records = [RankedRecord((pictures[0], pictures[1])), RankedRecord((pictures[2], pictures[3]))]
    with caplog.at_level(logging.WARNING):
        assert drop_bad_files(records, max_bad_fraction=0.25) == records[1:]
    (message,) = caplog.messages
    assert "1.png" in message and "must be a whole picture" in message


def test_drop_bad_files_counts_distinct_pictures(pictures):
    # One of two distinct pictures is bad, though it is in one record of six.
    spoil(pictures[1])
    records = [CountRecord(pictures[0], 1)] * 5 + [CountRecord(pictures[1], 1)]
    with pytest.raises(InputError, match="1 of 2 pictures are bad"):
        drop_bad_files(records, max_bad_fraction=0.4)
    assert len(drop_bad_files(records, max_bad_fraction=0.5)) == 5


def test_drop_bad_files_counts_an_absent_picture_as_bad(pictures, tmp_path):
    records = [PointRecord(path, np.zeros((0, 2))) for path in [*pictures, tmp_path / "absent.png"]]
    assert len(drop_bad_files(records, max_bad_fraction=0.2)) == 4
    with pytest.raises(InputError, match=r"absent\.png.*no such file"):
        drop_bad_files(records, max_bad_fraction=0.19)


def test_drop_bad_files_counts_a_picture_without_annotations_as_bad(pictures, caplog):
    # One of four pictures: its record says that its own annotation file is damaged.
    bad = BadRecord(pictures[1], "`1.mat` must be a whole MATLAB file.")
    records = [CountRecord(pictures[0], 1), bad, *(CountRecord(p, 1) for p in pictures[2:])]
    kept = drop_bad_files(records, max_bad_fraction=0.25)
    assert [record.image for record in kept] == [pictures[0], *pictures[2:]]
    assert caplog.messages == [f"Skipped {pictures[1]}: `1.mat` must be a whole MATLAB file."]
    with pytest.raises(InputError, match="1 of 4 pictures are bad; .*\n  `1.mat` must be a whole"):
        drop_bad_files(records, max_bad_fraction=0.24)
    with pytest.raises(InputError, match="some record must stay whole. 1 of 1"):
        drop_bad_files([bad], max_bad_fraction=1)


def test_drop_bad_files_counts_a_picture_of_too_many_pixels_as_bad(pictures):
    with pytest.raises(InputError, match="4 of 4"):
        drop_bad_files([CountRecord(p, 1) for p in pictures], max_bad_fraction=0, max_pixels=47)


def test_drop_bad_files_stops_when_nothing_is_left(pictures):
    spoil(pictures[0])
    with pytest.raises(InputError, match="some record must stay whole"):
        drop_bad_files([CountRecord(pictures[0], 1)], max_bad_fraction=1)


def test_drop_bad_files_lists_twenty(tmp_path):
    records = [CountRecord(tmp_path / f"{i:02d}.png", 1) for i in range(23)]
    with pytest.raises(InputError) as caught:
        drop_bad_files(records, max_bad_fraction=0.5)
    assert "19.png" in str(caught.value) and "20.png" not in str(caught.value)
    assert "and 3 more" in str(caught.value)


def test_drop_bad_files_takes_no_records():
    assert drop_bad_files([], max_bad_fraction=0) == []


def test_drop_bad_files_decodes_each_picture_once(pictures, decoded):
    records = [RankedRecord((a, b)) for a in pictures for b in pictures if a != b]
    drop_bad_files(records, max_bad_fraction=0, workers=2)
    assert decoded == dict.fromkeys(pictures, 1)


def test_find_bad_files_keeps_the_order_of_the_pictures(pictures):
    for path in (pictures[2], pictures[0]):
        spoil(path)
    assert list(find_bad_files(pictures)) == [pictures[0], pictures[2]]


def test_memo_saves_decoding_until_a_file_changes(pictures, decoded, tmp_path):
    memo = tmp_path / "run" / "memo.json"
    find_bad_files(pictures, memo=memo)
    find_bad_files(pictures, memo=memo)
    assert decoded == dict.fromkeys(pictures, 1)
    spoil(pictures[0])
    os.utime(pictures[1], ns=(1, 1))
    assert list(find_bad_files(pictures, memo=memo)) == [pictures[0]]
    assert [decoded[path] for path in pictures] == [2, 2, 1, 1]


def test_memo_forgets_neither_bad_files_nor_the_bound(pictures, tmp_path):
    memo = tmp_path / "memo.json"
    spoil(pictures[0])
    for _ in range(2):
        assert list(find_bad_files(pictures, memo=memo)) == [pictures[0]]
    assert len(find_bad_files(pictures, memo=memo, max_pixels=47)) == 4


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 3}', '{"a": ["x", 1, 2]}', "null"])
def test_a_damaged_memo_is_not_used(pictures, tmp_path, text):
    (tmp_path / "memo.json").write_text(text)
    assert find_bad_files(pictures, memo=tmp_path / "memo.json") == {}
    assert len(json.loads((tmp_path / "memo.json").read_text())) == 4


def test_a_memo_that_cannot_be_written_only_warns(pictures, tmp_path, caplog):
    (tmp_path / "file").touch()
    assert find_bad_files(pictures, memo=tmp_path / "file" / "memo.json") == {}
    assert "Could not write" in caplog.text


def test_a_full_disk_leaves_the_old_memo_and_no_partial_file(pictures, tmp_path, monkeypatch):
    memo = tmp_path / "run" / "memo.json"
    find_bad_files(pictures[:1], memo=memo)
    before = memo.read_text()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert find_bad_files(pictures, memo=memo) == {}
    assert memo.read_text() == before and list(memo.parent.iterdir()) == [memo]


def test_find_bad_files_takes_no_pictures():
    assert find_bad_files([]) == {}
    assert list(find_bad_files([Path("absent.png")])) == [Path("absent.png")]
