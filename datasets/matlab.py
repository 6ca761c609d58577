"""Opens MATLAB files of annotations, bounded, without running anything in them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import scipy.io

from config.errors import InputError
from datasets.paths import require_size

MAX_BYTES = 1 << 26
_COMPRESSED = 15


def read_mat(path: Path) -> dict:
    """Read the variables of a `.mat` file.

    Args:
        path: file of MATLAB version 7 or older, of at most 64 MiB, expanded too.

    Returns:
        Variables by name, as `scipy.io.loadmat` gives them.

    Raises:
        InputError: no such file, too large, damaged, or of version 7.3.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.mat"
        >>> scipy.io.savemat(path, {"annPoints": np.zeros((3, 2))})
        >>> read_mat(path)["annPoints"].shape
        (3, 2)
    """
    require_size(path, MAX_BYTES)
    try:
        _check_expanded_size(path)
        return scipy.io.loadmat(path)
    except InputError:
        raise
    except NotImplementedError as error:
        raise InputError(
            f"`{path}` must be a MATLAB file of version 7 or older. Save it with `-v7`."
        ) from error
    except Exception as error:  # the parser raises almost anything on hostile bytes
        reason = str(error) or type(error).__name__
        raise InputError(f"`{path}` must be a whole MATLAB file. Reading says: {reason}") from error


def points_from_xy(xy: object, path: Path, name: str) -> np.ndarray:
    """Turn MATLAB's points into ours.

    MATLAB counts pixels from 1: the centre of the first pixel is at 1.0, where ours is at 0.0. So
    (x, y) becomes (row, column) = (y - 1, x - 1). Points outside their picture, which published
    files do hold, are kept: each is an object that was counted.

    Args:
        xy: (N, 2) numbers, x and y in pixels from 1; any empty array when N is 0.
        path: the file, for messages.
        name: the variable's name, for messages.

    Returns:
        (N, 2) float64 array, (row, column) in pixels.

    Raises:
        InputError: not N x 2 finite numbers.

    Example:
        >>> points_from_xy(np.array([[1.0, 3.0]]), Path("a.mat"), "annPoints")
        array([[2., 0.]])
    """
    array = np.asarray(xy)
    if array.dtype.kind in "iuf" and array.size == 0:
        return np.zeros((0, 2))
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[1] != 2:
        raise InputError(
            f"`{path}`: `{name}` must be N x 2 numbers [x y]. Received {array.dtype} of shape "
            f"{array.shape}."
        )
    if not np.isfinite(array).all():
        raise InputError(f"`{path}`: `{name}` must hold finite numbers. It holds NaN or infinity.")
    return array[:, ::-1].astype(np.float64) - 1.0  # (N, 2)


def _check_expanded_size(path: Path) -> None:
    """Refuse compressed variables that expand beyond `MAX_BYTES` in all."""
    data = path.read_bytes()
    order = "<" if data[126:128] == b"IM" else ">"
    position, room = 128, MAX_BYTES
    while position + 8 <= len(data):
        kind, length = struct.unpack(order + "II", data[position : position + 8])
        if kind == _COMPRESSED:
            packed = data[position + 8 : position + 8 + length]
            room -= len(zlib.decompressobj().decompress(packed, room + 1))
            if room < 0:
                raise InputError(f"`{path}` must expand to at most {MAX_BYTES} bytes. It is more.")
        position += 8 + length
