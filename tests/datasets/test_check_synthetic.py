import json
import math

import pytest

from config.errors import InputError
from datasets.check_synthetic import (
    CountCheck,
    NoTrueCounts,
    OrderCheck,
    check_synthetic,
    describe_check,
)


def write(tmp_path, annotations, true):
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "annotations.json").write_text(json.dumps(annotations))
    if true is not None:
        listed = [{"image": name, "count": count} for name, count in true.items()]
        (folder / "true_counts.json").write_text(json.dumps(listed))
    return folder


def chain(*names, kind="crops"):
    return {"images": list(names), "info": {"type": kind}}


def test_check_synthetic_counts_all_pairs_of_the_chains_of_both_splits(tmp_path):
    annotations = {"train": [chain("a", "b", "c")], "val": [chain("c", "b", "a")]}
    folder = write(tmp_path, annotations, {"a": 5, "b": 3, "c": 3})
    # a > b, a > c, b = c; then c = b, c < a, b < a: of six pairs two in order, two ties.
    assert check_synthetic(folder) == [OrderCheck("crops", 2, 6, 2 / 6, 2 / 6)]


def test_check_synthetic_tells_kinds_apart(tmp_path):
    annotations = {"train": [chain("a", "b", kind="removed"), chain("b", "a", kind="added")]}
    rows = check_synthetic(write(tmp_path, annotations, {"a": 2, "b": 1}))
    assert [(row.kind, row.in_order, row.wrong) for row in rows] == [
        ("added", 0, 1),
        ("removed", 1, 0),
    ]


def test_check_synthetic_reads_upstreams_pairs_with_and_without_a_slash(tmp_path):
    pair = {"source_image": "/made/a", "target_image": "made/b"}
    folder = write(tmp_path, {"train": [pair]}, {"made/a": 1, "/made/b": 0})
    assert check_synthetic(folder) == [OrderCheck("", 1, 1, 1.0, 0.0)]


def test_check_synthetic_leaves_pictures_without_a_true_count_out(tmp_path):
    folder = write(tmp_path, {"train": [chain("a", "b", "c")]}, {"a": 2, "c": 1})
    assert check_synthetic(folder) == [OrderCheck("crops", 1, 1, 1.0, 0.0)]


def test_check_synthetic_measures_listed_counts(tmp_path):
    listed = [
        {"image": name, "count": count} for name, count in zip("abc", (12, 4, 1), strict=True)
    ]
    folder = write(tmp_path, listed, {"a": 10, "b": 5, "c": 0})
    # Differences 2, -1, 1: mean 2/3, absolute 4/3; relative .2 and .2 of the two that are not 0.
    (row,) = check_synthetic(folder)
    assert (row.split, row.num_pictures) == ("train", 3)
    assert (row.bias, row.mae) == (pytest.approx(2 / 3), pytest.approx(4 / 3))
    assert row.relative == pytest.approx(0.2)


def test_check_synthetic_has_no_relative_error_of_empty_pictures(tmp_path):
    folder = write(tmp_path, {"test": [{"image": "a", "count": 1}]}, {"a": 0})
    (row,) = check_synthetic(folder)
    assert row.split == "test" and math.isnan(row.relative)
    assert describe_check([row]).split("\n")[1].split() == ["test", "1", "+1.00", "1.00", "-"]


@pytest.mark.parametrize("true", [None, {}, {"z": 3}])
def test_check_synthetic_needs_true_counts(tmp_path, true):
    folder = write(tmp_path, {"train": [chain("a", "b")]}, true)
    with pytest.raises(NoTrueCounts, match=r"true_counts\.json"):
        check_synthetic(folder)


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ("crops", "from photos without labels; `--format` and `--dataset` name photos"),
        ("diffusion", "a diffusion model drew or repainted its pictures, and nobody counted"),
        (None, "it does not say how many objects its pictures show"),
        ([], "it does not say how many objects its pictures show"),
    ],
)
def test_check_synthetic_says_why_there_are_no_true_counts(tmp_path, method, why):
    folder = write(tmp_path, {"train": [chain("a", "b")]}, None)
    if method is not None:
        (folder / "provenance.json").write_text(json.dumps({"method": method}))
    with pytest.raises(NoTrueCounts, match=f"must hold true_counts.json.* It has none: .*{why}"):
        check_synthetic(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "must be a list of pictures"),
        ('[{"image": "a"}]', "item 0 must be an object with `count`"),
        ('[{"image": "a", "count": "3"}]', "item 0: `count` must be a number"),
        ("[", "must be JSON"),
    ],
)
def test_check_synthetic_names_what_is_wrong(tmp_path, text, message):
    folder = write(tmp_path, {"train": [chain("a", "b")]}, None)
    (folder / "true_counts.json").write_text(text)
    with pytest.raises(InputError, match=message):
        check_synthetic(folder)


def test_check_synthetic_refuses_a_folder_without_annotations(tmp_path):
    with pytest.raises(InputError, match=r"annotations\.json.*no such file"):
        check_synthetic(tmp_path)


def test_describe_check_lines_columns_up():
    rows = [CountCheck("train", 100, 0.5, 2, 0.1), CountCheck("val", 9, -12.25, 12.25, 1)]
    assert len({len(line) for line in describe_check(rows).split("\n")}) == 1
