import json

import pytest

from config.errors import InputError
from datasets.formats import (
    BOX_FORMATS,
    FORMATS,
    TAG_FORMATS,
    check_format,
    list_boxes,
    list_tags,
    read_counted,
)


def test_read_counted_reads_the_format_asked_for(tmp_path):
    (tmp_path / "annotations.json").write_text(json.dumps([{"image": "a.jpg", "count": 3}]))
    (tmp_path / "annotations.csv").write_text("image,count\na.jpg,4\n")
    assert read_counted("annotations", tmp_path, ".", "train")[0].count == 3
    assert read_counted("csv", str(tmp_path), ".", "train")[0].count == 4


def test_read_counted_names_the_nearest_format():
    with pytest.raises(InputError, match="Received shanghai; the nearest is shanghaitech"):
        read_counted("shanghai", "data", "crowd", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_a_missing_data_folder(tmp_path, name):
    with pytest.raises(InputError, match="`--data_dir` must be a folder"):
        read_counted(name, tmp_path / "absent", "crowd", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_a_data_set_outside(tmp_path, name):
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="must lie inside the data folder"):
        read_counted(name, tmp_path / "data", "../other", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_an_unknown_split(tmp_path, name):
    with pytest.raises(InputError):
        read_counted(name, tmp_path, ".", "everything")


@pytest.mark.parametrize("name", BOX_FORMATS)
def test_every_format_of_boxes_refuses_a_data_set_outside(tmp_path, name):
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="must lie inside the data folder"):
        list_boxes(name, tmp_path / "data", "../other")
    with pytest.raises(InputError, match="`--data_dir` must be a folder"):
        list_boxes(name, tmp_path / "absent", "crowd")


def test_every_format_of_boxes_gives_centres_too():
    assert BOX_FORMATS.keys() <= FORMATS.keys()


def test_list_boxes_of_two_data_sets_of_which_one_tells_splits(tmp_path):
    row = "{}.png,6,8,1,2,5,6,cat,0\n"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.csv").write_text(row.format(name))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "boxes.csv").write_text(row.format("c"))
    # Data sets may differ.
    assert [each.split for each in list_boxes("boxes", tmp_path, "a + c")] == ["train", None]


@pytest.mark.parametrize("name", TAG_FORMATS)
def test_every_format_of_tags_refuses_a_data_set_outside(tmp_path, name):
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="must lie inside the data folder"):
        list_tags(name, tmp_path / "data", "../other")
    with pytest.raises(InputError, match="`--data_dir` must be a folder"):
        list_tags(name, tmp_path / "absent", "crowd")


def test_every_format_of_boxes_gives_tags_too():
    assert BOX_FORMATS.keys() <= TAG_FORMATS.keys()


def test_list_tags_merges_data_sets_and_their_masks(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tags.csv").write_text(f"image,tags\n{name}.png,{name}\n")
    (tmp_path / "b" / "truth").mkdir()
    (tmp_path / "b" / "truth" / "b.png").touch()
    first, second = list_tags("tags", tmp_path, "a+b", masks="truth")
    assert first.mask is None and second.mask == tmp_path / "b" / "truth" / "b.png"
    assert list_tags("tags", tmp_path, "b", masks="none")[0].mask is None


def test_list_tags_tells_problems_where_it_need_not_refuse(tmp_path):
    (tmp_path / "tags.csv").write_text("image,tags\na.png,\nb.png,cat\n")
    with pytest.raises(InputError, match="line 2: `tags` must name"):
        list_tags("tags", tmp_path, ".")
    first, second = list_tags("tags", tmp_path, ".", strict=False)
    assert "line 2" in first.problem and first.names == () and second.names == ("cat",)


def test_check_format_names_the_nearest():
    check_format("tags", TAG_FORMATS)
    with pytest.raises(InputError, match="Received folder; the nearest is folders"):
        check_format("folder", TAG_FORMATS)
