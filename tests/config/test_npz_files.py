import zipfile

import numpy as np
import pytest

from config.errors import InputError
from config.npz_files import read_npz


def test_read_npz_gives_what_is_asked_for(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(3), b=np.ones(1))
    found = read_npz(tmp_path / "a.npz", ["a"])
    assert list(found) == ["a"] and found["a"].tolist() == [0, 1, 2]


def test_read_npz_names_a_missing_array_and_file(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(3))
    with pytest.raises(InputError, match="must hold the array `b`. It holds a"):
        read_npz(tmp_path / "a.npz", ["b"])
    with pytest.raises(InputError, match="no such file"):
        read_npz(tmp_path / "b.npz", ["b"])


def test_read_npz_never_unpickles(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([{}], object))
    with pytest.raises(InputError, match="plain arrays"):
        read_npz(tmp_path / "a.npz", ["a"])


@pytest.mark.parametrize("content", [b"", b"PK", b"text"])
def test_read_npz_names_a_file_that_is_no_archive(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="must be an .npz file"):
        read_npz(tmp_path / "a.npz", ["a"])


def test_read_npz_refuses_what_unpacks_to_too_much(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(2000))
    with pytest.raises(InputError, match="must unpack to 1000 bytes at most. It says 2000"):
        read_npz(tmp_path / "a.npz", ["a"], max_bytes=1000)
