import numpy as np
import pytest
from PIL import Image

from config.errors import InputError, MissingSplit
from datasets.boxes import read_boxes
from datasets.records import BadRecord, BoxRecord


@pytest.fixture
def write_set(tmp_path, write_voc):
    """Write pictures of 8 x 6 pixels and their XML files: {stem: class names}, and lists."""

    def write(pictures, *, name="zoo", lists=None):
        folder = tmp_path / name
        (folder / "images").mkdir(parents=True)
        for i, (stem, classes) in enumerate(pictures.items()):
            objects = [(each, (1, 1, 2 + i % 5 + k, 4), 0) for k, each in enumerate(classes)]
            write_voc(folder / "annotations" / f"{stem}.xml", objects)
            Image.new("RGB", (8, 6)).save(folder / "images" / f"{stem}.png")
        for split, stems in (lists or {}).items():
            (folder / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
            (folder / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(stems))
        return folder

    return write


def stems(records):
    return "".join(record.image.stem for record in records)


def test_read_boxes_gives_one_box_a_picture(tmp_path, write_set):
    write_set({"a": ["cat"], "b": ["cat", "rat"], "c": [], "d": ["rat"], "e": ["rat"]})
    splits = read_boxes("voc", tmp_path, "zoo", test_fraction=0.3, validation_fraction=0)
    assert splits.class_names == ("cat", "rat") and splits.validation == []
    assert len(splits.training) == 2 and len(splits.test) == 1
    # Of the cats there is one, which stays for training.
    record = splits.training[0]
    assert record.image.stem == "a" and record.classes.tolist() == [1]
    # xmin 1, ymin 1, xmax 2, ymax 4, counted from 1
    np.testing.assert_array_equal(record.boxes, [[0, 0, 2, 4]])
    assert record.boxes.dtype == np.float64 and record.class_names == ("cat", "rat")


@pytest.mark.parametrize(("objects", "names"), [("first", "cat"), ("largest", "rat")])
def test_read_boxes_takes_one_of_several(tmp_path, write_set, objects, names):
    write_set({"a": ["cat", "rat"], "b": ["cat", "rat"]})
    splits = read_boxes("voc", tmp_path, "zoo", objects=objects, validation_fraction=0)
    assert splits.class_names == (names,) and len(splits.training + splits.test) == 2


def test_read_boxes_merges_data_sets(tmp_path, write_set):
    write_set({s: ["cat"] for s in "abcdefghij"}, name="cats")
    write_set({s: ["ant"] for s in "klmnopqrst"}, name="ants")
    splits = read_boxes("voc", tmp_path, "cats+ants")
    # Of 10 each: 2 for testing; of 8 each, 16 in all: round(1.6) = 2 for validating, one each.
    assert splits.class_names == ("ant", "cat")
    for records, num in ((splits.training, 7), (splits.validation, 1), (splits.test, 2)):
        assert [r.classes[0] for r in records] == [1] * num + [2] * num  # sorted by path
    with pytest.raises(InputError, match="must be annotated once"):
        read_boxes("voc", tmp_path, "cats+cats")


def test_read_boxes_keeps_a_folder_with_a_plus_in_its_name(tmp_path, write_set):
    write_set({"a": ["cat"], "b": ["cat"]}, name="cats+")
    assert read_boxes("voc", tmp_path, "cats+", validation_fraction=0).class_names == ("cat",)


def test_read_boxes_depends_on_the_seed_alone(tmp_path, write_set):
    write_set({f"{i:02}": ["cat"] for i in range(20)})
    test = [stems(read_boxes("voc", tmp_path, "zoo", split_seed=s).test) for s in (0, 0, 1)]
    assert test[0] == test[1] != test[2]


def test_read_boxes_keeps_the_splits_of_the_data_set(tmp_path, write_set):
    lists = {"train": "abcd", "val": "e", "test": "f"}
    write_set({s: ["cat"] for s in "abcdef"}, lists=lists)
    splits = read_boxes("voc", tmp_path, "zoo")
    assert [stems(s) for s in (splits.training, splits.validation, splits.test)] == [
        "abcd",
        "e",
        "f",
    ]


def test_read_boxes_holds_out_only_what_the_data_set_does_not_tell(tmp_path, write_set):
    write_set({s: ["cat"] for s in "abcdef"}, lists={"train": "abcde", "test": "f"})
    splits = read_boxes("voc", tmp_path, "zoo", validation_fraction=0.2)
    assert stems(splits.test) == "f" and len(splits.validation) == 1 and len(splits.training) == 4


def test_read_boxes_splits_a_data_set_that_is_all_for_training(tmp_path, write_set):
    write_set({s: ["cat"] for s in "abcdef"}, lists={"train": "abcdef"})
    splits = read_boxes("voc", tmp_path, "zoo", test_fraction=0.5, validation_fraction=0)
    assert len(splits.training) == len(splits.test) == 3


def test_read_boxes_keeps_told_validation_pictures_without_test_ones(tmp_path, write_set):
    write_set({s: ["cat"] for s in "abcdef"}, lists={"train": "abcd", "val": "ef"})
    splits = read_boxes("voc", tmp_path, "zoo")
    assert stems(splits.validation) == "ef" and splits.test == []


def test_read_boxes_needs_training_pictures(tmp_path, write_set):
    write_set({s: ["cat"] for s in "ab"}, lists={"val": "a", "test": "b"})
    with pytest.raises(MissingSplit, match="`zoo` must have pictures of the split train"):
        read_boxes("voc", tmp_path, "zoo")


def test_read_boxes_takes_classes_in_their_order(tmp_path, write_set):
    write_set({"a": ["cat", "owl"], "b": ["rat"], "c": ["owl"]})
    splits = read_boxes(
        "voc", tmp_path, "zoo", classes=["rat", "cat"], test_fraction=0, validation_fraction=0
    )
    assert splits.class_names == ("rat", "cat")
    assert [(r.image.stem, r.classes.tolist()) for r in splits.training] == [("a", [2]), ("b", [1])]


def test_read_boxes_refuses_a_class_that_no_picture_shows_alone(tmp_path, write_set):
    write_set({"a": ["cat"], "b": ["rat", "rat"]})
    with pytest.raises(InputError, match="some picture shows.*only.*rat is in none"):
        read_boxes("voc", tmp_path, "zoo", classes=["cat", "rat"])


def test_read_boxes_takes_classes_from_file_names(tmp_path, write_set):
    write_set({"Sea_Cat_1": ["cat"], "pug_1": ["dog"]})
    splits = read_boxes(
        "voc", tmp_path, "zoo", class_source="file_name", test_fraction=0, validation_fraction=0
    )
    assert splits.class_names == ("pug", "sea_cat")


def test_read_boxes_hands_bad_records_on(tmp_path, write_set):
    folder = write_set({s: ["cat"] for s in "abcd"})
    (folder / "annotations" / "b.xml").write_text('<!DOCTYPE a [<!ENTITY x "y">]><annotation/>')
    Image.new("RGB", (9, 30)).save(folder / "images" / "c.png")
    splits = read_boxes("voc", tmp_path, "zoo", test_fraction=0.5, validation_fraction=0)
    bad = [record for record in splits.training if isinstance(record, BadRecord)]
    assert ["without entities" in bad[0].reason, "must have the shape" in bad[1].reason] == [1, 1]
    assert stems(bad) == "bc" and isinstance(splits.test[0], BoxRecord)


def test_read_boxes_refuses_unknown_options(tmp_path, write_set):
    write_set({"a": ["cat"], "b": ["cat"]})
    for options, message in (
        ({"objects": "all"}, "`objects` must be one of"),
        ({"class_source": "folder"}, "`class_source` must be one of"),
        ({"test_fraction": 1.0}, "`test_fraction` must be at least 0 and below 1"),
        ({"validation_fraction": -0.1}, "`validation_fraction` must be"),
    ):
        with pytest.raises(InputError, match=message):
            read_boxes("voc", tmp_path, "zoo", **options)
    with pytest.raises(InputError, match="`--format` must be one of.*the nearest is"):
        read_boxes("points", tmp_path, "zoo")
