import numpy as np
import pytest

from config.errors import InputError
from datasets.records import BadRecord
from datasets.voc import list_voc_objects, read_voc

CAT = ("cat", (1, 1, 2, 3), 0)


@pytest.fixture
def write_set(tmp_path, write_voc):
    """Write pictures with one cat each, and lists."""

    def write(stems, *, annotations="Annotations", pictures="JPEGImages", lists=None):
        folder = tmp_path / "voc"
        (folder / pictures).mkdir(parents=True, exist_ok=True)
        for stem in stems:
            write_voc(folder / annotations / f"{stem}.xml", [CAT])
            (folder / pictures / f"{stem}.jpg").touch()
        for name, text in (lists or {}).items():
            (folder / "ImageSets" / "Main").mkdir(parents=True, exist_ok=True)
            (folder / "ImageSets" / "Main" / f"{name}.txt").write_text(text)
        return folder

    return write


def names(data_dir, split):
    return "".join(record.image.stem for record in read_voc(data_dir, "voc", split))


def test_read_voc_gives_the_centres_of_objects_that_are_not_difficult(
    tmp_path, write_set, write_voc
):
    folder = write_set("a")
    objects = [("rat", (1, 1, 8, 5), 0), ("owl", (1, 1, 2, 2), 1), ("cat", (3, 2, 3.5, 6), 0)]
    write_voc(folder / "Annotations" / "a.xml", objects)
    (record,) = read_voc(tmp_path, "voc", "train")
    assert record.image == folder / "JPEGImages" / "a.jpg"
    # rows 0 to 5 and columns 0 to 8; rows 1 to 6 and columns 2 to 3.5
    np.testing.assert_array_equal(record.points, [[2.5, 4], [3.5, 2.75]])
    # The only owl is difficult, so there is no such class.
    assert record.class_names == ("cat", "rat") and record.classes.tolist() == [2, 1]


def test_read_voc_uses_the_lists(tmp_path, write_set):
    write_set("abcd", lists={"train": "c\na", "val": "b\n", "test": "d", "trainval": "a"})
    assert [names(tmp_path, split) for split in ("train", "val", "test")] == ["ac", "b", "d"]


def test_read_voc_takes_trainval_without_val_where_there_is_no_train_list(tmp_path, write_set):
    write_set("abcd", lists={"trainval": "a\nb\nc", "val": "b", "test": "d"})
    assert names(tmp_path, "train") == "ac"


@pytest.mark.parametrize("lists", [{"trainval": "f\na\nb\nc\nd\ne"}, {}])
def test_read_voc_takes_every_fifth_without_lists_for_both(tmp_path, write_set, lists):
    write_set("abcdef" + ("x" if lists else ""), lists=lists)
    assert [names(tmp_path, split) for split in ("train", "val", "test")] == ["abcdf", "", "e"]


def test_read_voc_names_the_missing_list(tmp_path, write_set):
    write_set("ab", lists={"train": "a", "trainval": "a\nb"})
    assert read_voc(tmp_path, "voc", "val") == []
    with pytest.raises(InputError, match=r"Main/test\.txt`. It has train\.txt, trainval\.txt"):
        read_voc(tmp_path, "voc", "test")


@pytest.mark.parametrize("text, message", [("a\nb\n", "`b` has none"), ("\n", "It names nothing")])
def test_read_voc_names_a_bad_list(tmp_path, write_set, text, message):
    write_set("a", lists={"train": text})
    with pytest.raises(InputError, match=rf"train\.txt` must name pictures.*{message}"):
        read_voc(tmp_path, "voc", "train")


@pytest.mark.parametrize("annotations", ["annotations", "annots", "."])
@pytest.mark.parametrize("pictures", ["images", "."])
def test_read_voc_finds_other_spellings(tmp_path, write_set, annotations, pictures):
    folder = write_set("a", annotations=annotations, pictures=pictures)
    (record,) = read_voc(tmp_path, "voc", "train")
    assert record.image.resolve() == (folder / pictures / "a.jpg").resolve()


def test_read_voc_finds_pictures_of_any_suffix_and_lists_absent_ones(tmp_path, write_set):
    folder = write_set("ab")
    (folder / "JPEGImages" / "a.jpg").rename(folder / "JPEGImages" / "a.PNG")
    (folder / "JPEGImages" / "b.jpg").unlink()
    records = read_voc(tmp_path, "voc", "train")
    assert [record.image.name for record in records] == ["a.PNG", "b.jpg"]


def test_read_voc_tells_of_pictures_without_a_file(tmp_path, write_set, caplog):
    folder = write_set("a")
    (folder / "JPEGImages" / "z.jpg").touch()
    assert names(tmp_path, "train") == "a"
    assert "Left out 1 pictures" in caplog.text and "z.jpg" in caplog.text


def test_read_voc_numbers_the_classes_of_all_splits(tmp_path, write_set, write_voc):
    folder = write_set("ab", lists={"train": "a", "test": "b"})
    write_voc(folder / "Annotations" / "b.xml", [("ant", (1, 1, 2, 2), 0)])
    assert read_voc(tmp_path, "voc", "train")[0].classes.tolist() == [2]


def test_read_voc_names_a_folder_without_annotations(tmp_path):
    (tmp_path / "voc").mkdir()
    with pytest.raises(InputError, match="`Annotations`, `annotations` or `annots`.*It holds none"):
        read_voc(tmp_path, "voc", "train")


def test_read_voc_names_a_damaged_file_and_reads_the_others(tmp_path, write_set):
    folder = write_set("abc")
    (folder / "Annotations" / "b.xml").write_text("<annotation>")
    records = read_voc(tmp_path, "voc", "train")
    assert [isinstance(record, BadRecord) for record in records] == [False, True, False]
    assert records[1].image.name == "b.jpg" and "b.xml` must be" in records[1].reason
    assert records[2].class_names == ("cat",)


def test_read_voc_finds_the_folder_of_pictures_that_the_files_name(tmp_path, write_set):
    # The writer's files call their folder "x"; another one holds masks of equal names.
    folder = write_set("a", annotations="annotations_from_mask", pictures="pictures/x")
    (folder / "pictures" / "mask").mkdir()
    (folder / "pictures" / "mask" / "a.jpg").touch()
    (folder / "annotations_original").mkdir()
    (folder / "annotations_original" / "b.xml").write_text("no XML")
    (record,) = read_voc(tmp_path, "voc", "train")
    assert record.image == folder / "pictures" / "x" / "a.jpg"


def test_read_voc_does_not_follow_a_folder_that_leads_out(tmp_path, write_set):
    folder = write_set("a", pictures="x")
    path = folder / "Annotations" / "a.xml"
    path.write_text(path.read_text().replace("<folder>x", "<folder>../../etc"))
    (record,) = read_voc(tmp_path, "voc", "train")
    assert record.image.resolve() == folder / "a.jpg"


def test_list_voc_objects_gives_boxes_and_splits(tmp_path, write_set, write_voc):
    folder = write_set("abc", lists={"train": "b\na", "test": "c\na"})
    write_voc(folder / "Annotations" / "b.xml", [CAT, ("rat", (3, 3, 20, 4), 0), ("x", CAT[1], 1)])
    pictures = list_voc_objects(tmp_path, "voc")
    assert [(each.image.stem, each.split) for each in pictures] == [
        ("b", "train"),
        ("a", "train"),
        ("c", "test"),
        ("a", "test"),
    ]
    np.testing.assert_array_equal(pictures[0].boxes, [[0, 0, 2, 3], [2, 2, 8, 4]])
    assert pictures[0].names == ("cat", "rat") and pictures[0].size == (6, 8)
    assert [flaw.kind for flaw in pictures[0].flaws] == ["beyond"]


@pytest.mark.parametrize("lists", [None, {"trainval": "b\na"}])
def test_list_voc_objects_without_lists_of_splits_tells_none(tmp_path, write_set, lists):
    write_set("ab", lists=lists)
    found = [(each.image.stem, each.split) for each in list_voc_objects(tmp_path, "voc")]
    assert found == [("a", None), ("b", None)]


def test_list_voc_objects_keeps_the_problem_of_a_damaged_file(tmp_path, write_set):
    (write_set("a") / "Annotations" / "a.xml").write_text("<annotation>")
    (picture,) = list_voc_objects(tmp_path, "voc")
    assert "must be whole XML" in picture.problem and picture.boxes.shape == (0, 4)
