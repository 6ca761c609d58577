import numpy as np
import pytest
import scipy.io

from config.errors import InputError
from datasets.records import BadRecord
from datasets.shanghaitech import read_shanghaitech


def write_truth(folder, number, points):
    """Write what MATLAB's `image_info{1,1}.location = points` leaves in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    cell = np.empty((1, 1), object)
    cell[0, 0] = {"location": np.asarray(points, float), "number": float(len(points))}
    scipy.io.savemat(folder / f"GT_IMG_{number}.mat", {"image_info": cell})


def write_part(data_dir, truth="ground_truth"):
    for split, number, points in [
        ("train_data", 2, [[1, 1], [4.5, 3]]),
        ("train_data", 1, np.zeros((0, 2))),
        ("test_data", 1, [[2, 2]]),
    ]:
        folder = data_dir / "part_B" / split
        write_truth(folder / truth, number, points)
        (folder / "images").mkdir(exist_ok=True)
        (folder / "images" / f"IMG_{number}.jpg").touch()


@pytest.mark.parametrize("truth", ["ground_truth", "ground-truth"])
def test_read_shanghaitech_reads_sorted_pictures_and_points(tmp_path, truth):
    write_part(tmp_path, truth)
    records = read_shanghaitech(tmp_path, "part_B", "train")
    assert [record.image.name for record in records] == ["IMG_1.jpg", "IMG_2.jpg"]
    assert [record.count for record in records] == [0, 2]
    # [x y] = [4.5 3] from 1 -> row 2, column 3.5 from 0
    assert records[1].points.tolist() == [[0, 0], [2, 3.5]]


def test_read_shanghaitech_keeps_the_official_test_split_apart(tmp_path):
    write_part(tmp_path)
    (record,) = read_shanghaitech(tmp_path, "part_B", "test")
    assert record.image == tmp_path / "part_B" / "test_data" / "images" / "IMG_1.jpg"


def test_read_shanghaitech_has_no_validation_split(tmp_path):
    write_part(tmp_path)
    assert read_shanghaitech(tmp_path, "part_B", "val") == []


def test_read_shanghaitech_lists_an_absent_picture(tmp_path):
    write_part(tmp_path)
    (tmp_path / "part_B/train_data/images/IMG_1.jpg").unlink()
    assert len(read_shanghaitech(tmp_path, "part_B", "train")) == 2


def test_read_shanghaitech_names_a_picture_without_points(tmp_path):
    write_part(tmp_path)
    (tmp_path / "part_B/train_data/images/IMG_3.jpg").touch()
    bad = read_shanghaitech(tmp_path, "part_B", "train")[2]
    assert isinstance(bad, BadRecord) and bad.image.name == "IMG_3.jpg"
    assert "GT_IMG_3.mat` must be an annotation file. There is no such file" in bad.reason


def test_read_shanghaitech_names_a_mat_of_another_shape(tmp_path):
    write_part(tmp_path)
    path = tmp_path / "part_B/train_data/ground_truth/GT_IMG_1.mat"
    scipy.io.savemat(path, {"annPoints": np.zeros((1, 2))})
    bad, good = read_shanghaitech(tmp_path, "part_B", "train")
    assert bad.image.name == "IMG_1.jpg" and good.count == 2
    assert "GT_IMG_1.mat` must hold `image_info" in bad.reason


def test_read_shanghaitech_names_a_missing_folder(tmp_path):
    (tmp_path / "part_B").mkdir()
    with pytest.raises(InputError, match="ground_truth` must be a folder"):
        read_shanghaitech(tmp_path, "part_B", "train")


def test_read_shanghaitech_refuses_pictures_that_a_link_puts_outside(tmp_path):
    data_dir = tmp_path / "data"
    write_part(data_dir)
    images = data_dir / "part_B/train_data/images"
    images.rename(tmp_path / "elsewhere")
    images.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="must lie inside"):
        read_shanghaitech(data_dir, "part_B", "train")
