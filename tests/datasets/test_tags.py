import numpy as np
import pytest
from PIL import Image

from config.errors import InputError, MissingSplit
from datasets.records import BadRecord
from datasets.tags import read_tags, read_test_tags

TABLE = "image,tags\n" + "".join(f"{i}.png,{'cat;rat' if i % 2 else 'cat'}\n" for i in range(10))


def stems(records):
    return [record.image.stem for record in records]


def test_read_tags_draws_splits_by_the_rarest_tag(tmp_path):
    (tmp_path / "tags.csv").write_text(TABLE)
    splits = read_tags("tags", tmp_path, ".", validation_fraction=0.25)
    assert splits.class_names == ("cat", "rat")
    # Of 5 with a rat and 5 without: 2 for testing, one each; of 8: 2 for validating, one each.
    for records, num in ((splits.training, 3), (splits.validation, 1), (splits.test, 1)):
        assert sorted(record.tags for record in records) == [(1,)] * num + [(1, 2)] * num
        assert records == sorted(records)
    again = read_tags("tags", tmp_path, ".", validation_fraction=0.25)
    assert stems(again.test) == stems(splits.test)


def test_read_tags_keeps_told_splits_and_leaves_out_pictures_of_other_classes(tmp_path):
    (tmp_path / "tags.csv").write_text(
        "image,tags,split\na,cat|rat,train\nb,cat,val\nc,rat,val\nd,rat;cat,test\ne,cat,train\n"
    )
    splits = read_tags("tags", tmp_path, ".", classes=["rat"])
    found = (splits.training, splits.validation, splits.test)
    assert [stems(records) for records in found] == [["a"], ["c"], ["d"]]
    assert splits.test[0].tags == (1,) and splits.test[0].class_names == ("rat",)


def test_read_tags_of_testing_pictures_only_is_refused(tmp_path):
    (tmp_path / "tags.csv").write_text("image,tags,split\na,cat,test\n")
    with pytest.raises(MissingSplit, match="must have pictures of the split train"):
        read_tags("tags", tmp_path, ".")


def test_read_test_tags_gives_those_of_read_tags(tmp_path):
    (tmp_path / "tags.csv").write_text(TABLE)
    records = read_test_tags("tags", tmp_path, ".", class_names=("rat", "cat"), split_seed=3)
    test = read_tags("tags", tmp_path, ".", classes=("rat", "cat"), split_seed=3).test
    assert [(each.image, each.tags) for each in records] == [
        (each.image, each.tags) for each in test
    ]


def test_read_test_tags_needs_neither_every_class_nor_other_splits(tmp_path, caplog):
    (tmp_path / "tags.csv").write_text("image,tags,split\na,rat,test\nb,cow,test\n")
    (record,) = read_test_tags("tags", tmp_path, ".", class_names=("ant", "cat", "rat"))
    assert record.tags == (3,) and record.class_names == ("ant", "cat", "rat")
    assert "`.` has no picture of: ant, cat" in caplog.text


@pytest.mark.parametrize("split", ["train", "val"])
def test_read_test_tags_refuses_a_data_set_without_test_pictures(tmp_path, split):
    (tmp_path / "tags.csv").write_text(f"image,tags,split\na,cat,{split}\n")
    with pytest.raises(MissingSplit, match="`.` must have pictures of the split test, to score"):
        read_test_tags("tags", tmp_path, ".", class_names=("cat",), test_fraction=0)


def write_boxes(folder, name, num, *, masks=""):
    """Write pictures of 8 x 6 pixels with a box of class `name`, and masks of 0 and 1."""
    (folder / name / "images").mkdir(parents=True)
    for i in range(num):
        Image.new("RGB", (8, 6)).save(folder / name / "images" / f"{name}{i}.png")
        if masks:
            (folder / name / masks).mkdir(parents=True, exist_ok=True)
            mask = Image.fromarray(np.eye(6, 8, dtype=np.uint8))
            mask.save(folder / name / masks / f"{name}{i}.png")
    rows = "".join(f"images/{name}{i}.png,6,8,1,2,5,6,{name},0\n" for i in range(num))
    (folder / name / "boxes.csv").write_text(rows)


def test_read_tags_of_merged_boxes_finds_masks_where_the_folder_is(tmp_path):
    write_boxes(tmp_path, "horse", 3, masks="db/mask")
    write_boxes(tmp_path, "ape", 3)
    options = {"test_fraction": 0, "validation_fraction": 0}
    splits = read_tags("boxes", tmp_path, "horse+ape", masks="db/mask", **options)
    ape, *_, horse = splits.training
    assert splits.class_names == ("ape", "horse") and ape.tags == (1,) and horse.tags == (2,)
    assert ape.mask is None and horse.mask == tmp_path / "horse" / "db" / "mask" / "horse2.png"
    # A data set of one class without a list of classes: what is not 0 is that class.
    assert horse.mask_values == "foreground" and horse.mask_classes == ()
    np.testing.assert_array_equal(horse.boxes, [[1, 2, 5, 6]])
    assert horse.box_classes.tolist() == [2]
    bare = read_tags("boxes", tmp_path, "horse", masks="none", **options)
    assert all(record.mask is None for record in bare.training)


def test_read_tags_names_a_folder_of_masks_that_is_absent(tmp_path):
    write_boxes(tmp_path, "ape", 3)
    with pytest.raises(InputError, match="`masks` must be own, none, .* Received maks"):
        read_tags("boxes", tmp_path, "ape", masks="maks")


def test_read_tags_gives_unusable_annotations_as_bad_records(tmp_path):
    write_boxes(tmp_path, "ape", 3)
    Image.new("RGB", (6, 8)).save(tmp_path / "ape" / "images" / "ape1.png")  # turned since
    splits = read_tags("boxes", tmp_path, "ape", test_fraction=0, validation_fraction=0)
    assert [type(record) is BadRecord for record in splits.training] == [False, True, False]


def test_read_tags_refuses_a_picture_that_is_listed_twice(tmp_path):
    (tmp_path / "tags.csv").write_text("image,tags\na.png,cat\na.png,rat\n")
    with pytest.raises(InputError, match="a.png.* must be annotated once"):
        read_tags("tags", tmp_path, ".")


def test_read_tags_names_the_nearest_format(tmp_path):
    with pytest.raises(InputError, match="Received tag; the nearest is tags"):
        read_tags("tag", tmp_path, ".")
