"""A data set's folder while it is written: what made it, whole files only, safe to resume."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from config.files import atomic_file, write_json
from ops.opencv import cv2

PROVENANCE = "provenance.json"
ANNOTATIONS = "annotations.json"
FILES = "files.jsonl"
JPEG_QUALITY = 92
_OTHER_FILES = (
    FILES,
    "objects.json",
    "true_counts.json",
    "contact_sheet.png",
    "tags.csv",
    "classes.txt",
)
_FOLDERS = ("images", "masks", "train", "val", "test")
_PATHS = ("source", "source_dir", "mask_dir", "backgrounds")  # folders or globs, spelled at will
_CURE = "Give --overwrite to draw it anew, or another folder."


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """Write a JPEG of RGB pixels or a PNG of labels, whole or not at all.

    Args:
        path: the file; `.jpg` for pictures, `.png` for label maps.
        pixels: (H, W, 3) uint8 RGB, or (H, W) labels in 0..65535, kept as 16 bits.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.png"
        >>> write_picture(path, np.array([[0, 300]]))
        >>> cv2.imread(str(path), cv2.IMREAD_UNCHANGED).tolist()
        [[0, 300]]
    """
    if pixels.ndim == 2:
        _, content = cv2.imencode(".png", pixels.astype(np.uint16))
    else:
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        _, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    with atomic_file(path) as temporary:
        temporary.write_bytes(content.tobytes())


def open_folder(folder: Path, provenance: dict, *, overwrite: bool = False) -> bool:
    """Make a folder ready to be written or resumed, and never mix two runs in it.

    Args:
        folder: the data set's folder; parents are made too.
        provenance: plain JSON that says what makes the data: method, parameters, version.
        overwrite: empty the folder first if this program wrote it with other parameters.

    Returns:
        True when the data set lies there whole already.

    Raises:
        InputError: the folder cannot be made, holds another run's data, or holds files that this
            program did not write.

    Example:
        >>> import tempfile
        >>> open_folder(Path(tempfile.mkdtemp()) / "crowds", {"method": "scenes"})
        False
    """
    if check_folder(folder, provenance, overwrite=overwrite):
        return (folder / ANNOTATIONS).is_file()
    if overwrite and (folder / PROVENANCE).is_file():
        _empty(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(provenance, folder / PROVENANCE)
    except OSError as error:
        raise InputError(
            f"`{folder}` must be a folder that can be written to. "
            f"Received: {error.strerror}; choose another `--data_dir`."
        ) from error
    return False


def check_folder(folder: Path, provenance: dict, *, overwrite: bool = False) -> bool:
    """Require a folder that is absent, empty, or of the same run; nothing is written.

    Folders that photos come from may be spelled otherwise than before: they are compared resolved.

    Args:
        folder: the data set's folder.
        provenance: what would make the data.
        overwrite: another run's data may be replaced.

    Returns:
        True when the folder holds the same run's data, whole or in part.

    Raises:
        InputError: the folder holds another run's data, or files of unknown origin.

    Example:
        >>> check_folder(Path("absent"), {"method": "scenes"})
        False
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    path = folder / PROVENANCE
    if not path.is_file():
        raise InputError(
            f"`{folder}` must be empty or hold data that this program drew. It has no "
            f"{PROVENANCE}; move it away or give another `--data_dir`."
        )
    found = _read_provenance(path)
    differences = _differences(found, provenance)
    if differences and not overwrite:
        raise InputError(
            f"`{folder}` must hold data of the same run. It was drawn with {differences}. {_CURE}"
        )
    return not differences


def read_method(folder: Path) -> str | None:
    """Read by which method `synthesize.py` made a data set.

    Args:
        folder: of the data set.

    Returns:
        "scenes", "paste" and so on; "" where the folder does not say; None where `synthesize.py`
        did not make it.

    Example:
        >>> read_method(Path("absent")) is None
        True
    """
    path = folder / PROVENANCE
    if not path.is_file():
        return None
    made = _read_provenance(path)
    return str(made.get("method", "")) if isinstance(made, dict) else ""


def _read_provenance(path: Path) -> Any:
    """Read what made a folder; None when the file is damaged."""
    try:
        return json.loads(path.read_text())
    except ValueError:
        return None


def _differences(found: Any, wanted: dict) -> str:
    """Name the entries in which two runs differ; "" for none."""
    if not isinstance(found, dict):
        return f"an unreadable {PROVENANCE}"
    keys = [key for key in {**found, **wanted} if not _agree(key, found, wanted)]
    return ", ".join(f"{key} {found.get(key)} instead of {wanted.get(key)}" for key in keys)


def _agree(key: str, found: dict, wanted: dict) -> bool:
    """Say whether two runs have an entry in common, a path by where it leads."""
    one, other = found.get(key), wanted.get(key)
    if key in _PATHS and isinstance(one, str) and isinstance(other, str) and one and other:
        return one == other or _resolve(one) == _resolve(other)
    return (key in found) == (key in wanted) and one == other


def _resolve(path: str) -> str:
    try:
        return os.path.realpath(os.path.expanduser(path))
    except ValueError:  # no path: a null byte, or half a surrogate pair
        return path


def _empty(folder: Path) -> None:
    """Remove what an earlier run wrote, the file that makes it a data set first."""
    (folder / ANNOTATIONS).unlink(missing_ok=True)
    for name in _FOLDERS:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
    for name in _OTHER_FILES:
        (folder / name).unlink(missing_ok=True)
