"""Reads arrays out of `.npz` files that others wrote: bounded, and without pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError

MAX_BYTES = 1 << 28  # of all arrays together, unpacked


def read_npz(
    path: Path, names: Sequence[str], *, max_bytes: int = MAX_BYTES
) -> dict[str, np.ndarray]:
    """Read some arrays of an archive; nothing in it is run or unpickled.

    Args:
        path: what `numpy.savez` wrote.
        names: the arrays wanted.
        max_bytes: what its members may take at most, unpacked.

    Returns:
        {name: array}.

    Raises:
        InputError: no such file, no archive, too large, an array is missing or holds objects.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.npz"
        >>> np.savez(path, scale=np.ones(2))
        >>> read_npz(path, ["scale"])["scale"].tolist()
        [1.0, 1.0]
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"`{path}` must be a .npz file. There is no such file.")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > max_bytes:
            raise InputError(
                f"`{path}` must unpack to {max_bytes} bytes at most. It says {size}; is it the "
                "file that you mean?"
            )
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise InputError(
                    f"`{path}` must hold the array `{missing[0]}`. It holds "
                    f"{', '.join(archive.files)[:200] or 'none'}."
                )
            return {name: np.asarray(archive[name]) for name in names}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"`{path}` must be an .npz file of plain arrays. Reading says: {error}"
        ) from error
