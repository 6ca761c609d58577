import numpy as np
import pytest
import scipy.io

from config.errors import InputError
from datasets.mall import read_mall


def write_mall(data_dir, num_frames):
    """Write frames with 0, 1, 2, ... heads, as MATLAB's `frame{1,i}.loc` leaves them."""
    frames = np.empty((1, num_frames), object)
    for i in range(num_frames):
        frames[0, i] = {"loc": np.full((i, 2), [3.0, 1.0])}
    (data_dir / "mall").mkdir()
    scipy.io.savemat(data_dir / "mall" / "mall_gt.mat", {"frame": frames})


def test_read_mall_trains_on_the_first_two_fifths(tmp_path):
    write_mall(tmp_path, 11)  # 11 * 0.4 = 4.4 -> 4
    train, test = (read_mall(tmp_path, "mall", split) for split in ("train", "test"))
    assert [record.count for record in train] == [0, 1, 2, 3]
    assert [record.count for record in test] == [4, 5, 6, 7, 8, 9, 10]
    assert train[0].image == tmp_path / "mall" / "frames" / "seq_000001.jpg"
    assert test[-1].image.name == "seq_000011.jpg"
    assert read_mall(tmp_path, "mall", "val") == []


def test_read_mall_gives_rows_and_columns_from_0(tmp_path):
    write_mall(tmp_path, 5)
    assert read_mall(tmp_path, "mall", "train")[1].points.tolist() == [[0.0, 2.0]]


def test_read_mall_refuses_too_few_frames(tmp_path):
    write_mall(tmp_path, 2)
    with pytest.raises(InputError, match="at least 3 frames. It lists 2"):
        read_mall(tmp_path, "mall", "train")


def test_read_mall_names_a_missing_mat(tmp_path):
    (tmp_path / "mall").mkdir()
    with pytest.raises(InputError, match=r"mall_gt\.mat"):
        read_mall(tmp_path, "mall", "train")


def test_read_mall_names_a_mat_of_another_shape(tmp_path):
    (tmp_path / "mall").mkdir()
    scipy.io.savemat(tmp_path / "mall" / "mall_gt.mat", {"frame": np.zeros((1, 3))})
    with pytest.raises(InputError, match=r"must hold `frame\{1,i\}\.loc`"):
        read_mall(tmp_path, "mall", "train")
