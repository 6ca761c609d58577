import json

import numpy as np
import pytest

from config.errors import InputError
from datasets.labelme import list_labelme_objects, read_labelme
from datasets.records import BadRecord


def shape(kind, points, label="cell"):
    return {"label": label, "shape_type": kind, "points": points, "flags": {}, "group_id": None}


def write(path, shapes, *, picture=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": "5.5.0", "imagePath": picture or f"{path.stem}.jpg", "imageData": None}
    path.write_text(json.dumps(content | {"shapes": shapes, "imageHeight": 6, "imageWidth": 8}))


def test_read_labelme_reduces_every_shape_to_its_centre(tmp_path):
    shapes = [
        shape("point", [[1.5, 2]], "rat"),
        shape("rectangle", [[6, 5], [2, 1]]),
        shape("circle", [[3, 4], [3, 9]]),
        # x 0 to 4, y 0 to 2, with a needless corner
        shape("polygon", [[0, 0], [1, 0], [4, 0], [4, 2], [0, 2]]),
        shape("points", [[0, 1], [2, 3]]),
        shape("mask", [[0, 0], [3, 5]]),
    ]
    write(tmp_path / "cells" / "a.json", shapes)
    (record,) = read_labelme(tmp_path, "cells", "train")
    expected = [[2, 1.5], [3, 4], [4, 3], [1, 2], [1, 0], [3, 2], [2.5, 1.5]]
    np.testing.assert_allclose(record.points, expected)
    assert record.class_names == ("cell", "rat") and record.classes.tolist() == [2] + [1] * 6


def test_read_labelme_of_no_shapes_has_no_objects(tmp_path):
    write(tmp_path / "cells" / "a.json", [])
    (record,) = read_labelme(tmp_path, "cells", "train")
    assert record.points.shape == (0, 2) and record.image == tmp_path / "cells" / "a.jpg"


def test_read_labelme_leaves_lines_out_and_names_them(tmp_path, caplog):
    write(tmp_path / "cells" / "a.json", [shape("line", [[0, 0], [1, 1]]), shape("point", [])])
    assert read_labelme(tmp_path, "cells", "train")[0].count == 0
    assert "a.json` shape 0, a line of 2 points" in caplog.text and "shape 1" in caplog.text


@pytest.mark.parametrize("folder", [".", "annotations", "labels"])
@pytest.mark.parametrize("name", ["b.png", "..\\images\\b.png", "../images/b.png", "C:\\x\\b.png"])
def test_read_labelme_finds_the_picture(tmp_path, folder, name):
    write(tmp_path / "cells" / folder / "a.json", [], picture=name)
    (tmp_path / "cells" / "images").mkdir()
    (tmp_path / "cells" / "images" / "b.png").touch()
    assert read_labelme(tmp_path, "cells", "train")[0].image == tmp_path / "cells/images/b.png"


def test_read_labelme_reads_folders_as_splits(tmp_path):
    for split in ("train", "test"):
        write(tmp_path / "cells" / split / "a.json", [])
    (record,) = read_labelme(tmp_path, "cells", "test")
    assert record.image == tmp_path / "cells" / "test" / "a.jpg"
    assert read_labelme(tmp_path, "cells", "val") == []


def test_read_labelme_takes_every_fifth_and_tells_of_other_pictures(tmp_path, caplog):
    for name in "abcde":
        write(tmp_path / "cells" / f"{name}.json", [])
    (tmp_path / "cells" / "x.jpg").touch()
    assert [r.image.stem for r in read_labelme(tmp_path, "cells", "test")] == ["e"]
    assert "Left out 1 pictures without a JSON file" in caplog.text and "x.jpg" in caplog.text


@pytest.mark.parametrize(
    "bad, message",
    [
        ({"points": [[1, 1]]}, " must be an object with `label`"),
        (shape("point", [[1, 1]], label=""), ": `label` must name the object's class"),
        (shape("point", [[1]]), ": `points` must be N x 2 finite numbers"),
        (shape("point", [[None, 1]]), ": `points` must be N x 2 finite numbers"),
        (shape("point", 3), ": `points` must be a list"),
        (3, " must be an object with `label`. Received int"),
    ],
)
def test_read_labelme_names_the_bad_shape(tmp_path, bad, message):
    write(tmp_path / "cells" / "a.json", [shape("point", [[1, 1]]), bad])
    (bad,) = read_labelme(tmp_path, "cells", "train")
    assert isinstance(bad, BadRecord) and f"a.json` shape 1{message}" in bad.reason


def test_read_labelme_takes_a_shape_without_a_type_for_a_polygon(tmp_path):
    old = {"label": "cell", "points": [[0, 0], [0, 2], [2, 2], [2, 0]]}
    write(tmp_path / "cells" / "a.json", [old])
    assert read_labelme(tmp_path, "cells", "train")[0].points.tolist() == [[1, 1]]


def test_read_labelme_names_a_file_of_another_kind(tmp_path):
    (tmp_path / "cells").mkdir()
    with pytest.raises(InputError, match=r"must hold files named `\*\.json`"):
        read_labelme(tmp_path, "cells", "train")
    (tmp_path / "cells" / "a.json").write_text('{"images": []}')
    (bad,) = read_labelme(tmp_path, "cells", "train")
    assert bad.image.name == "a.json" and "a.json` must be an object with `shapes`" in bad.reason


def test_read_labelme_keeps_the_place_of_a_picture_whose_file_is_damaged(tmp_path):
    for name in "abcde":
        write(tmp_path / "cells" / "labels" / f"{name}.json", [shape("point", [[1, 1]])])
    (tmp_path / "cells" / "images").mkdir()
    for name in "abcde":
        (tmp_path / "cells" / "images" / f"{name}.jpg").touch()
    (tmp_path / "cells" / "labels" / "b.json").write_text("{")
    records = read_labelme(tmp_path, "cells", "train")
    assert [record.image.name for record in records] == [f"{name}.jpg" for name in "abcd"]
    assert records[1].image.parent.name == "images" and "b.json` must be JSON" in records[1].reason
    assert records[2].class_names == ("cell",)


def test_list_labelme_objects_gives_the_boxes_of_shapes_and_none_of_points(tmp_path):
    shapes = [
        shape("point", [[1.5, 2]]),
        shape("rectangle", [[6, 5], [2, 1]]),
        shape("circle", [[3, 4], [3, 9]]),
        shape("circle", [[3, 4]]),
        shape("polygon", [[0, 0], [4, 0], [4, 2]]),
        shape("mask", [[0, 0], [3, 5]]),
    ]
    write(tmp_path / "cells" / "a.json", shapes)
    (picture,) = list_labelme_objects(tmp_path, "cells")
    none = [np.nan] * 4
    expected = [none, [2, 1, 6, 5], [-2, -1, 8, 9], none, [0, 0, 4, 2], [0, 0, 3, 5]]
    np.testing.assert_array_equal(picture.boxes, expected)
    assert picture.size == (6, 8) and picture.split is None


def test_list_labelme_objects_lists_all_splits_and_damaged_files(tmp_path):
    write(tmp_path / "cells" / "train" / "a.json", [])
    (tmp_path / "cells" / "test").mkdir()
    (tmp_path / "cells" / "test" / "b.json").write_text("{")
    train, test = list_labelme_objects(tmp_path, "cells")
    assert (train.split, test.split) == ("train", "test") and "must be JSON" in test.problem
