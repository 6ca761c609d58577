import json

import numpy as np
import pytest

from config.errors import InputError
from datasets.label_studio import list_label_studio_objects, read_label_studio


def result(kind, value, label="cell"):
    """Describe a result in a picture of 200 x 100 pixels."""
    value = {**value, kind: [label]}
    return {"type": kind, "value": value, "original_width": 200, "original_height": 100}


def task(address="/data/upload/1/0a1b2c3d-a.jpg", results=(), **others):
    return {"data": {"image": address}, "annotations": [{"result": list(results)}], **others}


def write(data_dir, tasks):
    (data_dir / "cells").mkdir(exist_ok=True)
    (data_dir / "cells" / "annotations.json").write_text(json.dumps(tasks))


def read_one(data_dir, *tasks):
    write(data_dir, list(tasks))
    return read_label_studio(data_dir, "cells", "train")[0]


def test_read_label_studio_turns_percent_into_pixels(tmp_path):
    results = [
        result("keypointlabels", {"x": 10, "y": 50, "width": 0.5}, "rat"),
        # x 20 to 60 and y 10 to 30 pixels
        result("rectanglelabels", {"x": 10, "y": 10, "width": 20, "height": 20, "rotation": 0}),
        result("ellipselabels", {"x": 25, "y": 30, "radiusX": 3, "radiusY": 5}),
        # x 0 to 100 and y 0 to 40 pixels
        result("polygonlabels", {"points": [[0, 0], [50, 0], [50, 40], [0, 40]]}),
    ]
    record = read_one(tmp_path, task(results=results))
    np.testing.assert_allclose(record.points, [[50, 20], [20, 40], [30, 50], [20, 50]])
    assert record.class_names == ("cell", "rat") and record.classes.tolist() == [2, 1, 1, 1]


def test_read_label_studio_turns_a_rectangle_about_its_corner(tmp_path):
    # At (100, 50) pixels, 40 wide and 20 high; turned by 90 degrees clockwise, "right" is down and
    # "down" is left: the centre, 20 right and 10 down, comes to lie 20 down and 10 left.
    value = {"x": 50, "y": 50, "width": 20, "height": 20, "rotation": 90}
    record = read_one(tmp_path, task(results=[result("rectanglelabels", value)]))
    np.testing.assert_allclose(record.points, [[70, 90]])


@pytest.mark.parametrize(
    "address, name",
    [
        ("/data/upload/1/0a1b2c3d-my%20a.jpg", "my a.jpg"),
        ("/data/upload/1/0a1b2c3d-a.jpg", "0a1b2c3d-a.jpg"),
        ("/data/local-files/?d=folder/a.jpg", "a.jpg"),
        ("s3://bucket/folder/a.jpg", "a.jpg"),
        ("https://example.org/a.jpg?x=1", "a.jpg"),
        ("../../a.jpg", "a.jpg"),
    ],
)
@pytest.mark.parametrize("folder", ["images", "."])
def test_read_label_studio_finds_the_picture(tmp_path, address, name, folder):
    (tmp_path / "cells" / "images").mkdir(parents=True)
    (tmp_path / "cells" / folder / name).touch()
    expected = (tmp_path / "cells" / folder / name).resolve()
    assert read_one(tmp_path, task(address)).image.resolve() == expected


def test_read_label_studio_lists_an_absent_picture(tmp_path):
    assert read_one(tmp_path, task("/a.jpg")).image == tmp_path / "cells" / "images" / "a.jpg"


def test_read_label_studio_takes_the_first_annotation_that_was_not_cancelled(tmp_path, caplog):
    point = result("keypointlabels", {"x": 10, "y": 50})
    kept = [{"result": [point] * 3, "was_cancelled": True}, {"result": [point]}, {"result": []}]
    undone = [{"result": [point], "was_cancelled": True}]
    tasks = [task("/a.jpg", annotations=kept), task("/b.jpg", annotations=undone)]
    tasks += [task("/c.jpg", annotations=[])]
    write(tmp_path, tasks)
    (record,) = read_label_studio(tmp_path, "cells", "train")
    assert record.count == 1 and "Left out 2 tasks" in caplog.text


def test_read_label_studio_names_results_of_other_kinds(tmp_path, caplog):
    record = read_one(tmp_path, task(results=[result("brushlabels", {}), {"type": "choices"}]))
    assert record.count == 0 and record.points.shape == (0, 2)
    assert "task 0 result 0 of the kind brushlabels" in caplog.text


@pytest.mark.parametrize(
    "bad, message",
    [
        (result("keypointlabels", {"x": 1}), "must be an object with `y`"),
        (result("keypointlabels", {"x": 1, "y": "2"}), "`y` must be a number"),
        (result("keypointlabels", {"x": 1, "y": float("nan")}), "`y` must be finite|`y` must be "),
        (result("keypointlabels", {"x": 1, "y": 2}) | {"original_width": None}, "`original_width`"),
        (result("keypointlabels", {"x": 1, "y": 2}, ""), "`keypointlabels` must hold one class"),
        (result("polygonlabels", {"points": []}), "`points` must hold a corner"),
        (result("polygonlabels", {"points": [[1, 2, 3]]}), "`points` must be N x 2"),
        ({"type": "keypointlabels", "value": 3}, "`value` must be an object"),
        (3, "must be an object with `type`"),
    ],
)
def test_read_label_studio_names_the_bad_result(tmp_path, bad, message):
    write(tmp_path, [task("/a.jpg"), task(results=[bad])])
    with pytest.raises(InputError, match=rf"annotations\.json` task 1 result 0:? .*{message}"):
        read_label_studio(tmp_path, "cells", "train")


@pytest.mark.parametrize(
    "content, message",
    [
        ({"images": []}, "must be a list of tasks. Export it from Label Studio"),
        ([{"image": "a.jpg"}], "task 0 must have `annotations`.*not as JSON-MIN"),
        ([3], "task 0 must be an object with `annotations`"),
        ([task(data={})], "task 0: `data` must name a picture"),
        ([task("http://[")], "task 0: `image` must be an address"),
        ([task(data=3)], "task 0: `data` must be an object"),
    ],
)
def test_read_label_studio_names_another_shape(tmp_path, content, message):
    write(tmp_path, content)
    with pytest.raises(InputError, match=rf"annotations\.json`.*{message}"):
        read_label_studio(tmp_path, "cells", "train")


def test_read_label_studio_takes_every_fifth(tmp_path):
    write(tmp_path, [task(f"/{name}.jpg") for name in "fedcba"])
    assert [r.image.stem for r in read_label_studio(tmp_path, "cells", "test")] == ["e"]


def test_shapes_without_a_class_are_objects(tmp_path):
    shape = {"type": "keypoint", "value": {"x": 10, "y": 50, "width": 1}}
    shape |= {"original_width": 200, "original_height": 100}
    record = read_one(tmp_path, task(results=[shape]))
    np.testing.assert_allclose(record.points, [[50, 20]])
    assert record.class_names == ("object",)


def test_list_label_studio_objects_gives_the_boxes_of_shapes(tmp_path):
    turned = {"x": 50, "y": 50, "width": 20, "height": 20, "rotation": 90}
    results = [
        result("keypointlabels", {"x": 10, "y": 50, "width": 0.5}),
        result("rectanglelabels", {"x": 10, "y": 10, "width": 20, "height": 20}),
        # From (100, 50), 40 right becomes 40 down and 20 down becomes 20 left.
        result("rectanglelabels", turned),
        # x 50 -+ 6, y 30 -+ 5 pixels; turned by 90 degrees x 50 -+ 5, y 30 -+ 6
        result("ellipselabels", {"x": 25, "y": 30, "radiusX": 3, "radiusY": 5}),
        result("ellipselabels", {"x": 25, "y": 30, "radiusX": 3, "radiusY": 5, "rotation": 90}),
        result("ellipselabels", {"x": 25, "y": 30}),
        result("polygonlabels", {"points": [[0, 0], [50, 0], [50, 40]]}),
    ]
    write(tmp_path, [task(results=results)])
    (picture,) = list_label_studio_objects(tmp_path, "cells")
    none = [np.nan] * 4
    expected = [none, [20, 10, 60, 30], [80, 50, 100, 90], [44, 25, 56, 35], [45, 24, 55, 36]]
    np.testing.assert_allclose(picture.boxes, [*expected, none, [0, 0, 100, 40]])
    assert picture.size == (100, 200)
