import numpy as np
import pytest
import scipy.io

from datasets.records import BadRecord
from datasets.ucf_cc_50 import read_ucf_cc_50


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "UCF"
    folder.mkdir()
    for number in range(1, 7):
        points = np.full((number, 2), [3.0, 1.0])
        scipy.io.savemat(folder / f"{number}_ann.mat", {"annPoints": points})
        (folder / f"{number}.jpg").touch()
    return tmp_path


def test_read_ucf_cc_50_takes_every_fifth_by_name_for_testing(data_dir):
    train = read_ucf_cc_50(data_dir, "UCF", "train")
    assert [record.image.name for record in train] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "6.jpg"]
    assert [record.count for record in train] == [1, 2, 3, 4, 6]
    assert [record.count for record in read_ucf_cc_50(data_dir, "UCF", "test")] == [5]
    assert read_ucf_cc_50(data_dir, "UCF", "val") == []


def test_read_ucf_cc_50_gives_rows_and_columns_from_0(data_dir):
    assert read_ucf_cc_50(data_dir, "UCF", "train")[0].points.tolist() == [[0.0, 2.0]]


def test_read_ucf_cc_50_lists_an_absent_picture(data_dir):
    (data_dir / "UCF" / "1.jpg").unlink()
    assert len(read_ucf_cc_50(data_dir, "UCF", "train")) == 5


def test_read_ucf_cc_50_names_a_picture_without_points(data_dir):
    (data_dir / "UCF" / "7.jpg").touch()
    bad = read_ucf_cc_50(data_dir, "UCF", "train")[-1]
    assert isinstance(bad, BadRecord) and bad.image.name == "7.jpg"
    assert "7_ann.mat` must be an annotation file" in bad.reason


def test_read_ucf_cc_50_names_a_mat_without_points(data_dir):
    scipy.io.savemat(data_dir / "UCF" / "2_ann.mat", {"other": 1})
    bad = read_ucf_cc_50(data_dir, "UCF", "train")[1]
    assert bad.image.name == "2.jpg" and "2_ann.mat` must hold `annPoints`" in bad.reason
