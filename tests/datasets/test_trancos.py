import numpy as np
import pytest
import scipy.io
from PIL import Image

from config.errors import InputError
from datasets.points import read_points
from datasets.records import BadRecord
from datasets.regions import read_region
from datasets.trancos import read_trancos


def write_picture(folder, stem, points):
    """Write a picture of 8 x 6 pixels whose right half counts."""
    Image.new("RGB", (8, 6)).save(folder / f"{stem}.jpg")
    dots = Image.new("RGB", (8, 6))
    for row, column in points:
        dots.putpixel((column, row), (255, 0, 0))
    dots.save(folder / f"{stem}dots.png")
    region = np.zeros((6, 8), np.uint8)
    region[:, 4:] = 1
    scipy.io.savemat(folder / f"{stem}mask.mat", {"BW": region})


@pytest.fixture
def data_dir(tmp_path):
    (tmp_path / "v3" / "images").mkdir(parents=True)
    (tmp_path / "v3" / "image_sets").mkdir()
    for stem, points in [("b", [(1, 5), (2, 0)]), ("a", []), ("c", [(5, 7)]), ("d", [(0, 4)])]:
        write_picture(tmp_path / "v3" / "images", stem, points)
    # The last line of a list has no newline.
    (tmp_path / "v3/image_sets/training.txt").write_text("b.jpg\r\na.jpg")
    (tmp_path / "v3/image_sets/validation.txt").write_text("c.jpg")
    (tmp_path / "v3/image_sets/test.txt").write_text("d.jpg\n\n")
    return tmp_path


def test_read_trancos_reads_the_official_splits(data_dir):
    train = read_trancos(data_dir, "v3", "train")
    assert [record.image.name for record in train] == ["a.jpg", "b.jpg"]
    assert [record.points.tolist() for record in train] == [[], [[1, 5], [2, 0]]]
    assert read_trancos(data_dir, "v3", "val")[0].points.tolist() == [[5, 7]]
    assert read_trancos(data_dir, "v3", "test")[0].image == data_dir / "v3" / "images" / "d.jpg"


def test_read_trancos_gives_the_region_and_keeps_the_whole_picture(data_dir):
    record = read_trancos(data_dir, "v3", "val")[0]
    inside = read_region(record.region, (6, 8))
    assert inside[:, 4:].all() and not inside[:, :4].any()


def test_read_points_drops_dots_outside_the_region(data_dir, caplog):
    record = read_points("trancos", data_dir, "v3", "train")[1]
    assert record.points.tolist() == [[1, 5]]
    assert "b.jpg` has 1 of 2 points outside its 6 x 8 pixels or its region" in caplog.text


@pytest.mark.parametrize("end", ["mask.mat", "dots.png"])
def test_read_trancos_names_a_missing_file(data_dir, end):
    (data_dir / "v3" / "images" / f"c{end}").unlink()
    (bad,) = read_trancos(data_dir, "v3", "val")
    assert isinstance(bad, BadRecord) and bad.image.name == "c.jpg" and f"c{end}" in bad.reason


@pytest.mark.parametrize(
    "text, numbers", [("", "0, of which 0"), ("c.jpg\nc.jpg", "2, of which 1")]
)
def test_read_trancos_names_an_empty_list_and_a_double(data_dir, text, numbers):
    (data_dir / "v3/image_sets/validation.txt").write_text(text)
    with pytest.raises(InputError, match=rf"validation\.txt` must name each.*{numbers}"):
        read_trancos(data_dir, "v3", "val")


def test_read_trancos_names_a_missing_list(data_dir):
    (data_dir / "v3/image_sets/test.txt").unlink()
    with pytest.raises(InputError, match=r"test\.txt` must be an annotation file"):
        read_trancos(data_dir, "v3", "test")


def test_read_trancos_refuses_a_name_that_climbs_out(data_dir):
    (data_dir / "v3/image_sets/test.txt").write_text("../../../a.jpg")
    with pytest.raises(InputError, match=r"test\.txt` `\.\./\.\./\.\./a\.jpg`.*must lie inside"):
        read_trancos(data_dir, "v3", "test")
