import numpy as np
import pytest
import scipy.io

from config.errors import InputError
from datasets import matlab
from datasets.matlab import points_from_xy, read_mat


@pytest.mark.parametrize("compressed", [False, True])
def test_read_mat_reads_variables(tmp_path, compressed):
    values = np.arange(6.0).reshape(3, 2)
    scipy.io.savemat(tmp_path / "a.mat", {"annPoints": values}, do_compression=compressed)
    np.testing.assert_array_equal(read_mat(tmp_path / "a.mat")["annPoints"], values)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_read_mat_names_a_truncated_file(tmp_path, share):
    path = tmp_path / "half.mat"
    scipy.io.savemat(path, {"a": np.random.default_rng(0).random((50, 2))}, do_compression=True)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match=r"half\.mat"):
        read_mat(path)


def test_read_mat_names_a_file_that_is_no_mat(tmp_path):
    (tmp_path / "a.mat").write_text("x y\n1 2\n" * 50)
    with pytest.raises(InputError, match=r"a\.mat` must be a"):
        read_mat(tmp_path / "a.mat")


def test_read_mat_tells_how_to_save_version_73(tmp_path):
    start = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (tmp_path / "a.mat").write_bytes(start + b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(InputError, match="`-v7`"):
        read_mat(tmp_path / "a.mat")


def test_read_mat_names_an_absent_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_mat(tmp_path / "absent.mat")


def test_read_mat_refuses_a_file_that_expands_beyond_the_bound(tmp_path, monkeypatch):
    path = tmp_path / "bomb.mat"
    scipy.io.savemat(path, {"a": np.zeros(20_000)}, do_compression=True)  # 160,000 bytes
    monkeypatch.setattr(matlab, "MAX_BYTES", 100_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"bomb\.mat` must expand to at most 100000 bytes"):
        read_mat(path)


def test_points_from_xy_counts_from_0_and_gives_rows_first(tmp_path):
    # MATLAB's x = 5, y = 2 is the fifth column of the second row: row 1, column 4.
    points = points_from_xy(np.array([[5, 2]], np.uint8), tmp_path, "loc")
    assert points.dtype == np.float64 and points.tolist() == [[1.0, 4.0]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 2), (1, 0)])
def test_points_from_xy_gives_none_for_an_empty_array(tmp_path, shape):
    assert points_from_xy(np.zeros(shape), tmp_path, "loc").shape == (0, 2)


def test_points_from_xy_keeps_points_outside_the_picture(tmp_path):
    assert len(points_from_xy([[-300.0, 5.0]], tmp_path, "loc")) == 1


@pytest.mark.parametrize("xy", [np.zeros((2, 17)), np.zeros(4), np.array([["a", "b"]])])
def test_points_from_xy_refuses_other_shapes(tmp_path, xy):
    with pytest.raises(InputError, match="`loc` must be N x 2 numbers"):
        points_from_xy(xy, tmp_path, "loc")


def test_points_from_xy_refuses_nan(tmp_path):
    with pytest.raises(InputError, match="finite"):
        points_from_xy(np.array([[np.nan, 1.0]]), tmp_path, "loc")
