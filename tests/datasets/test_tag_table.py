import json
import logging

import pytest
from PIL import Image

from config.errors import InputError
from datasets.tag_table import list_tag_table


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zoo" / "images").mkdir(parents=True)
    for name in "ab":
        Image.new("L", (4, 3)).save(tmp_path / "zoo" / "images" / f"{name}.png")
    return tmp_path / "zoo"


def read(folder, name="zoo"):
    return list_tag_table(folder.parent, name)


def test_table_tells_tags_and_splits(folder):
    (folder / "tags.csv").write_text(
        "image,tags,split\na.png, rat; cat ;rat,train\nb.png,cat|dog|,test\n"
    )
    first, second = read(folder)
    assert (first.image, first.names, first.split) == (
        folder / "images" / "a.png",
        ("cat", "rat"),
        "train",
    )
    assert (second.names, second.split, second.mask) == (("cat", "dog"), "test", None)


def test_json_tells_tags(folder):
    (folder / "own.json").write_text(json.dumps({"b.png": ["rat"], "absent.png": ["cat"]}))
    pictures = read(folder, "zoo/own.json")
    assert [each.names for each in pictures] == [("rat",), ("cat",)]
    assert pictures[1].image == folder / "images" / "absent.png" and pictures[1].split is None


def test_pictures_without_a_row_are_left_out_and_told(folder, caplog):
    (folder / "tags.csv").write_text("image,tags\na.png,cat\n")
    with caplog.at_level(logging.WARNING):
        assert len(read(folder)) == 1
    assert "Left out 1 pictures without tags" in caplog.text and "b.png" in caplog.text


def test_list_of_classes_checks_tags_and_explains_masks(folder):
    (folder / "classes.txt").write_text("background\nrat\ncat\n")
    (folder / "masks").mkdir()
    Image.new("L", (4, 3)).save(folder / "masks" / "a.png")
    (folder / "tags.csv").write_text("image,tags\na.png,cat\nb.png,rat\n")
    with_mask, without = read(folder)
    assert with_mask.mask == folder / "masks" / "a.png" and with_mask.mask_names == ("rat", "cat")
    assert without.mask is None and without.mask_names == ()
    (folder / "tags.csv").write_text("image,tags\na.png,cats\n")
    with pytest.raises(InputError, match="line 2: `tags` must be .* cats; the nearest is cat"):
        read(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("tags.csv", "image,tags\na.png, ;\n", "line 2: `tags` must name what the picture shows"),
        ("tags.csv", "image,tags\na.png\n", "line 2: `tags` must name what the picture shows"),
        ("tags.csv", "image,tags\n", "must tag a picture"),
        ("tags.csv", "image,label\na.png,cat\n", "must have a column `tags`"),
        ("tags.csv", "image,tags\n,cat\n", "file name must be text that is not empty"),
        ("tags.csv", "image,tags\n../../../x.png,cat\n", "must lie inside the data folder"),
        ("tags.csv", "image,tags,split\na.png,cat,tset\n", "`split` must be one of"),
        ("tags.json", "[]", "It is no object"),
        ("tags.json", '{"a.png": "cat"}', "'a.png' must have a list of tags"),
        ("tags.json", '{"a.png": [1]}', "'a.png' must have a list of tags"),
        ("tags.json", '{"a.png": []}', "'a.png': `tags` must name"),
    ],
)
def test_bad_files_are_named_with_the_record(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read(folder)
