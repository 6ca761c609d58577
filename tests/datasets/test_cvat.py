import numpy as np
import pytest

from config.errors import InputError
from datasets.cvat import list_cvat_objects, read_cvat

POINTS = '<points label="rat" points="1.5,2;3,4" occluded="0"/>'


def write(data_dir, *images, name="cells/annotations.xml"):
    """Write images: (name, text inside, attributes)."""
    text = '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta/>'
    for number, (picture, inside, attributes) in enumerate(images):
        text += f'<image id="{number}" name="{picture}" width="8" height="6" {attributes}>'
        text += f"{inside}</image>"
    (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
    (data_dir / name).write_text(text + "</annotations>")


def read_one(data_dir, inside):
    write(data_dir, ("a.jpg", inside, ""))
    return read_cvat(data_dir, "cells", "train")[0]


def test_read_cvat_reduces_every_shape_to_points(tmp_path):
    inside = POINTS + (
        '<box label="cat" xtl="2" ytl="1" xbr="6" ybr="5" rotation="30"/>'
        '<polygon label="cat" points="0,0;1,0;4,0;4,2;0,2"/>'
        '<ellipse label="cat" cx="3" cy="5" rx="2" ry="1"/>'
    )
    record = read_one(tmp_path, inside)
    # Each point of <points> is an object; the polygon is x 0 to 4, y 0 to 2.
    np.testing.assert_allclose(record.points, [[2, 1.5], [4, 3], [3, 4], [1, 2], [5, 3]])
    assert record.class_names == ("cat", "rat") and record.classes.tolist() == [2, 2, 1, 1, 1]


def test_read_cvat_of_no_shapes_has_no_objects(tmp_path, caplog):
    record = read_one(tmp_path, '<polyline label="cat" points="0,0;1,1"/><tag label="x"/>')
    assert record.points.shape == (0, 2)
    assert "image 0 shape 0, a <polyline>" in caplog.text and "<tag>" in caplog.text


@pytest.mark.parametrize("folder", ["images", "."])
def test_read_cvat_finds_pictures_in_folders(tmp_path, folder):
    write(tmp_path, ("x/b.jpg", "", ""), ("x/a.jpg", "", ""))
    picture = tmp_path / "cells" / folder / "x" / "b.jpg"
    picture.parent.mkdir(parents=True)
    picture.touch()
    records = read_cvat(tmp_path, "cells", "train")
    assert [record.image for record in records] == [picture.with_name("a.jpg"), picture]


def test_read_cvat_reads_subsets_as_splits(tmp_path):
    images = [(f"{i}.jpg", "", f'subset="{s}"') for i, s in enumerate(["Train", "Validation"])]
    write(tmp_path, *images)
    assert [record.image.stem for record in read_cvat(tmp_path, "cells", "train")] == ["0"]
    assert [record.image.stem for record in read_cvat(tmp_path, "cells", "val")] == ["1"]
    with pytest.raises(InputError, match="pictures of the split test"):
        read_cvat(tmp_path, "cells", "test")


@pytest.mark.parametrize("subset", ["", 'subset="default"'])
def test_read_cvat_takes_every_fifth_without_subsets(tmp_path, subset):
    write(tmp_path, *[(f"{name}.jpg", "", subset) for name in "fedcba"])
    assert [record.image.stem for record in read_cvat(tmp_path, "cells", "test")] == ["e"]


@pytest.mark.parametrize(
    "inside, message",
    [
        ('<points points="1,2"/>', "`label` must name"),
        ('<points label="a" points="1,2;3"/>', "`points` must be `x,y;x,y"),
        ('<points label="a"/>', "`points` must be `x,y;x,y"),
        ('<points label="a" points="1,many"/>', "`points` must be a finite number"),
        ('<box label="a" xtl="1" ytl="1" xbr="2"/>', "`ybr` must be a finite number"),
        ('<box label="a" xtl="nan" ytl="1" xbr="2" ybr="2"/>', "`xtl` must be a finite number"),
    ],
)
def test_read_cvat_names_the_bad_shape(tmp_path, inside, message):
    with pytest.raises(InputError, match=rf"annotations\.xml` image 0 shape 1: {message}"):
        read_one(tmp_path, POINTS + inside)


def test_read_cvat_refuses_other_files(tmp_path):
    write(tmp_path)
    with pytest.raises(InputError, match="must hold <image>. Export it as CVAT for images"):
        read_cvat(tmp_path, "cells", "train")
    path = tmp_path / "cells" / "annotations.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY x "y">]><annotations>&x;</annotations>')
    with pytest.raises(InputError, match="without entities"):
        read_cvat(tmp_path, "cells", "train")
    path.write_text("<annotations><image/></annotations>")
    with pytest.raises(InputError, match="picture 0: A file name must be text"):
        read_cvat(tmp_path, "cells", "train")
    write(tmp_path, ("../../../a.jpg", "", ""))
    with pytest.raises(InputError, match=r"annotations\.xml` picture 0: .*must lie inside"):
        read_cvat(tmp_path, "cells", "train")


def test_read_cvat_takes_a_file_by_name(tmp_path):
    write(tmp_path, ("a.jpg", POINTS, ""), name="cells/mine.xml")
    assert read_cvat(tmp_path, "cells/mine.xml", "train")[0].count == 2


def list_boxes(data_dir, inside):
    write(data_dir, ("a.jpg", inside, ""))
    (picture,) = list_cvat_objects(data_dir, "cells")
    assert picture.size == (6, 8) and picture.split is None
    return picture.boxes


def test_list_cvat_objects_gives_the_boxes_of_shapes_and_none_of_points(tmp_path):
    inside = POINTS.replace(";3,4", "") + (
        '<box label="cat" xtl="6" ytl="1" xbr="2" ybr="5"/>'
        '<polygon label="cat" points="0,0;4,0;4,2"/>'
        '<ellipse label="cat" cx="3" cy="5" rx="2" ry="1"/>'
        '<ellipse label="cat" cx="3" cy="5"/>'
    )
    # The inverted box stays as it is.
    expected = [[np.nan] * 4, [6, 1, 2, 5], [0, 0, 4, 2], [1, 4, 5, 6], [np.nan] * 4]
    np.testing.assert_allclose(list_boxes(tmp_path, inside), expected)


def test_list_cvat_objects_puts_an_upright_box_around_a_turned_one(tmp_path):
    inside = (
        '<box label="cat" xtl="2" ytl="1" xbr="6" ybr="5" rotation="30"/>'
        '<ellipse label="cat" cx="3" cy="5" rx="2" ry="1" rotation="90"/>'
    )
    # Half of the first is 2 cos 30 + 2 sin 30 = sqrt(3) + 1.
    reach = 3**0.5 + 1
    expected = [[4 - reach, 3 - reach, 4 + reach, 3 + reach], [2, 3, 4, 7]]
    np.testing.assert_allclose(list_boxes(tmp_path, inside), expected)


@pytest.mark.parametrize("side", ["", "0", "1e3", "-6", "9" * 5000])
def test_list_cvat_objects_ignores_a_size_that_is_none(tmp_path, side):
    write(tmp_path, ("a.jpg", "", ""))
    path = tmp_path / "cells" / "annotations.xml"
    path.write_text(path.read_text().replace('width="8"', f'width="{side}"'))
    assert list_cvat_objects(tmp_path, "cells")[0].size is None
