import json

import pytest

from config.errors import InputError
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from datasets.records import CountRecord, RankedRecord


def write(data_dir, content):
    (data_dir / "crowd").mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (data_dir / "crowd" / "annotations.json").write_text(text, encoding="utf-8")


def pair(source, target, kind=None):
    item = {"source_image": source, "target_image": target}
    return item if kind is None else item | {"info": {"type": kind, "seed": 3}}


def test_read_ranked_annotations_joins_names_with_and_without_a_slash(tmp_path):
    write(tmp_path, {"train": [pair("/c/b.jpg", "c/b_fewer.jpg", "removed"), pair("a", "b")]})
    assert read_ranked_annotations(tmp_path, "crowd", "train") == [
        RankedRecord((tmp_path / "a", tmp_path / "b"), ""),
        RankedRecord((tmp_path / "c/b.jpg", tmp_path / "c/b_fewer.jpg"), "removed"),
    ]


def test_read_ranked_annotations_reads_the_split_asked_for(tmp_path):
    write(tmp_path, {"train": [pair("a", "b")], "val": [pair("c", "d")]})
    (record,) = read_ranked_annotations(tmp_path, "crowd", "val")
    assert record.images == (tmp_path / "c", tmp_path / "d")


def test_read_ranked_annotations_leaves_filtered_kinds_out(tmp_path):
    write(tmp_path, {"train": [pair("a", "b", "removed"), pair("c", "d", "added"), pair("e", "f")]})
    records = read_ranked_annotations(tmp_path, "crowd", "train", filter_classes=["added"])
    assert [record.kind for record in records] == ["removed", ""]


def test_read_ranked_annotations_accepts_a_filter_of_another_split(tmp_path):
    write(tmp_path, {"train": [pair("a", "b", "added")], "val": [pair("c", "d", "removed")]})
    records = read_ranked_annotations(tmp_path, "crowd", "val", filter_classes=["added"])
    assert len(records) == 1


def test_read_ranked_annotations_names_the_nearest_of_an_unknown_kind(tmp_path):
    write(tmp_path, {"train": [pair("a", "b", "removed"), pair("c", "d", "added")]})
    with pytest.raises(InputError, match="Received remved; the nearest is removed"):
        read_ranked_annotations(tmp_path, "crowd", "train", filter_classes=["remved"])


def test_read_ranked_annotations_refuses_a_filter_that_leaves_nothing(tmp_path):
    write(tmp_path, {"train": [pair("a", "b", "removed")]})
    with pytest.raises(InputError, match="`--filter_classes` must leave items"):
        read_ranked_annotations(tmp_path, "crowd", "train", filter_classes=["removed"])


@pytest.mark.parametrize(("told", "source"), [("a/7.jpg", "a/7.jpg"), (7, "7"), (None, "")])
def test_read_ranked_annotations_tells_the_photo_that_a_pair_is_made_of(tmp_path, told, source):
    item = {**pair("a", "b"), "info": {"type": "remove", "source": told}}
    write(tmp_path, {"train": [item]})
    assert read_ranked_annotations(tmp_path, "crowd", "train")[0].source == source


def chain(*names, kind="crops"):
    return {"images": list(names), "info": {"type": kind}}


def test_read_ranked_annotations_reads_chains(tmp_path):
    write(tmp_path, {"train": [chain("/c/b", "c/a", "c/c")], "val": [chain("a", "b", "c")]})
    expected = RankedRecord((tmp_path / "c/b", tmp_path / "c/a", tmp_path / "c/c"), "crops")
    assert read_ranked_annotations(tmp_path, "crowd", "train") == [expected]


def test_read_ranked_annotations_takes_chains_of_two_for_pairs(tmp_path):
    write(tmp_path, {"train": [chain("a", "b"), pair("c", "d", "removed")]})
    assert len(read_ranked_annotations(tmp_path, "crowd", "train")) == 2


@pytest.mark.parametrize("split", ["train", "val"])
def test_read_ranked_annotations_refuses_lists_of_several_lengths(tmp_path, split):
    write(tmp_path, {"train": [chain("a", "b", "c")], "val": [pair("a", "b", "removed")]})
    with pytest.raises(InputError, match="3 pictures in train item 0, 2 pictures in val item 0"):
        read_ranked_annotations(tmp_path, "crowd", split)


def test_read_ranked_annotations_filters_before_it_compares_lengths(tmp_path):
    write(tmp_path, {"train": [chain("a", "b", "c"), pair("a", "b", "removed")]})
    (record,) = read_ranked_annotations(tmp_path, "crowd", "train", filter_classes=["removed"])
    assert len(record.images) == 3


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (["a"], "item 1: `images` must name two pictures or more"),
        ("ab", "item 1: `images` must be a list"),
        (["a", 3], "item 1: A file name must be text"),
        (["a", "../b"], "item 1: `../b` must lie inside"),
    ],
)
def test_read_ranked_annotations_names_the_wrong_chain(tmp_path, images, message):
    write(tmp_path, {"train": [pair("a", "b"), {"images": images}]})
    with pytest.raises(InputError, match=message):
        read_ranked_annotations(tmp_path, "crowd", "train")


@pytest.mark.parametrize("info", [None, {}, {"type": None}, "text", []])
def test_read_ranked_annotations_needs_no_info(tmp_path, info):
    write(tmp_path, {"train": [pair("a", "b") | {"info": info}]})
    assert read_ranked_annotations(tmp_path, "crowd", "train")[0].kind == ""


@pytest.mark.parametrize(
    "item, message",
    [
        ({"source_image": "a"}, "item 1 must be an object with `target_image`. Received source"),
        ({"image": "a", "count": 3}, "item 1 must be an object with `source_image`"),
        ([1, 2], "item 1 must be an object.*Received list"),
        (pair("a", 3), "item 1: `target_image` must be text. Received 3"),
        (pair("a", ""), "item 1: A file name must be text that is not empty"),
    ],
)
def test_read_ranked_annotations_names_the_wrong_item(tmp_path, item, message):
    write(tmp_path, {"train": [pair("a", "b"), item]})
    with pytest.raises(InputError, match=rf"annotations\.json` train {message}"):
        read_ranked_annotations(tmp_path, "crowd", "train")


def test_read_ranked_annotations_refuses_a_name_that_climbs_out(tmp_path):
    write(tmp_path / "data", {"train": [pair("a", "../b.jpg")]})
    with pytest.raises(InputError, match=r"train item 0: `\.\./b\.jpg` must lie inside"):
        read_ranked_annotations(tmp_path / "data", "crowd", "train")


def test_read_ranked_annotations_needs_the_split(tmp_path):
    write(tmp_path, {"train": [pair("a", "b")], "val": []})
    with pytest.raises(InputError, match="items in the split val. It is empty"):
        read_ranked_annotations(tmp_path, "crowd", "val")
    with pytest.raises(InputError, match="must have the split test. It has train, val"):
        read_ranked_annotations(tmp_path, "crowd", "test")


def test_read_counted_annotations_takes_a_list_for_training(tmp_path):
    write(tmp_path, [{"image": "/b.jpg", "count": 0}, {"image": "a.jpg", "count": 7.0}])
    assert read_counted_annotations(tmp_path, "crowd", "train") == [
        CountRecord(tmp_path / "a.jpg", 7),
        CountRecord(tmp_path / "b.jpg", 0),
    ]
    with pytest.raises(InputError, match=r'must have the split test.*\{"test": \[\.\.\.\]\}'):
        read_counted_annotations(tmp_path, "crowd", "test")


@pytest.mark.parametrize("item", [pair("a", "b"), chain("a", "b")])
def test_read_counted_annotations_says_that_ranked_pictures_have_no_counts(tmp_path, item):
    write(tmp_path, {"val": [item]})
    with pytest.raises(InputError, match="val item 0 must .* ranked pair or chain, which tells no"):
        read_counted_annotations(tmp_path, "crowd", "val")


def test_read_counted_annotations_reads_splits(tmp_path):
    write(tmp_path, {"train": [], "test": [{"image": "a.jpg", "count": 3}]})
    assert read_counted_annotations(tmp_path, "crowd", "test")[0].count == 3
    assert read_counted_annotations(tmp_path, "crowd", "val") == []
    with pytest.raises(InputError, match="split train. It is empty"):
        read_counted_annotations(tmp_path, "crowd", "train")


@pytest.mark.parametrize(
    "count", ["-1", "2.5", "true", "null", '"3"', "NaN", "Infinity", "1e30", "[]", "9" * 400]
)
def test_read_counted_annotations_names_the_item_of_a_bad_count(tmp_path, count):
    write(tmp_path, f'[{{"image": "a", "count": 1}}, {{"image": "b", "count": {count}}}]')
    with pytest.raises(InputError, match=r"annotations\.json` train item 1: `count` must be"):
        read_counted_annotations(tmp_path, "crowd", "train")


def test_read_counted_annotations_names_the_missing_key(tmp_path):
    write(tmp_path, [{"image": "a"}])
    with pytest.raises(InputError, match="item 0 must be an object with `count`. Received image"):
        read_counted_annotations(tmp_path, "crowd", "train")


@pytest.mark.parametrize("text", ["{", "", "\x00", "[" * 100_000, "9" * 5000 + "x"])
def test_text_that_is_not_json_is_refused(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(InputError, match=r"annotations\.json` must be JSON"):
        read_counted_annotations(tmp_path, "crowd", "train")


def test_bytes_that_are_not_utf8_are_refused(tmp_path):
    write(tmp_path, "")
    (tmp_path / "crowd" / "annotations.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="must be JSON in UTF-8"):
        read_counted_annotations(tmp_path, "crowd", "train")


@pytest.mark.parametrize("content", [3, "null", {"train": {"image": "a"}}, {"image": "a"}])
def test_another_shape_is_refused(tmp_path, content):
    write(tmp_path, content)
    with pytest.raises(InputError, match=r"must be a list of items, or \{"):
        read_ranked_annotations(tmp_path, "crowd", "train")


def test_a_missing_file_tells_of_the_built_in_data_set(tmp_path):
    (tmp_path / "crowd").mkdir()
    with pytest.raises(InputError, match=r"annotations\.json.*`python synthesize\.py` draws"):
        read_ranked_annotations(tmp_path, "crowd", "train")


def test_an_unknown_split_is_refused(tmp_path):
    write(tmp_path, [])
    with pytest.raises(InputError, match="`split` must be one of"):
        read_counted_annotations(tmp_path, "crowd", "training")
