"""Keeps the class activation maps of pictures on disk, small, one file a picture."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from config.files import atomic_file, to_json, write_json
from config.npz_files import read_npz
from datasets.json_files import read_json

INDEX_FILE = "cams.json"
MAX_BYTES = 1 << 29  # of one file, unpacked: 300,000 maps of 28 x 28 cells, some hours of video
_ROOM = 1 << 16  # for what is told beside the maps
_LONGEST_STEM = 60
_LARGEST = float(np.finfo(np.float16).max)
logger = logging.getLogger(__name__)


class CamStore:
    """Maps by key, float16 at the network's resolution, and what they were made with.

    A folder with an index, `cams.json`, and an `.npz` per key, each written whole or not at all.
    Nothing is unpickled. Maps of one identity are never mixed with those of another.

    Attributes:
        folder: where the files lie; made if need be.
        identity: what all maps depend on, such as the model's digest and the input's size.

    Args:
        folder: the folder.
        identity: what the maps to come depend on, as JSON.
        rebuild: remove maps of another identity, rather than refuse the folder.

    Raises:
        InputError: the folder has maps of another identity, and `rebuild` is off.
        OSError: the folder cannot be made.

    Example:
        >>> import tempfile
        >>> store = CamStore(Path(tempfile.mkdtemp()), {"model": "a"})
        >>> store.write("zoo/1.jpg", np.array([[[0.5, -1]]]), [7])
        >>> maps, classes = store.read("zoo/1.jpg")
        >>> maps.tolist(), maps.dtype, classes, store.keys()
        ([[[0.5, -1.0]]], dtype('float16'), (7,), ['zoo/1.jpg'])
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], *, rebuild: bool = False):
        self.folder, self.identity = Path(folder), to_json(identity)
        self.folder.mkdir(parents=True, exist_ok=True)
        index = self.folder / INDEX_FILE
        known = self._read_identity()
        if known != self.identity and self._list_files():
            if not rebuild:
                raise InputError(
                    f"`{self.folder}` must hold maps of {self.identity}. Its maps are of "
                    f"{known or 'an unknown model'}; remove the folder, or have them made anew."
                )
            logger.info("%s: maps of another model or setting are made anew", self.folder)
            for path in self._list_files():
                path.unlink(missing_ok=True)
        if known != self.identity:
            write_json({"identity": self.identity}, index)

    def write(self, key: str, maps: np.ndarray, classes: Sequence[int], *, stamp: str = "") -> None:
        """Keep the maps of one picture.

        Args:
            key: names the picture, mostly its path from the data folder on.
            maps: (C, h, w) numbers; beyond float16's range they are clipped.
            classes: C ids; C may be 0.
            stamp: tells this state of the picture from others, see `holds`.

        Raises:
            ValueError: the maps are not one per class, or not finite.
            InputError: they are more than a file may hold, `MAX_BYTES`.
            OSError: the disk is full.

        Example:
            >>> # see the class
        """
        maps = np.asarray(maps, np.float32)
        if maps.ndim != 3 or len(maps) != len(classes) or not np.isfinite(maps).all():
            raise ValueError(
                f"`maps` must be (C, h, w) finite numbers, one map for each of {len(classes)} "
                f"classes. Received shape {maps.shape}."
            )
        kept = np.clip(maps, -_LARGEST, _LARGEST).astype(np.float16)
        ids = np.asarray(classes, np.int32).reshape(-1)
        if kept.nbytes + ids.nbytes > MAX_BYTES - _ROOM:
            raise InputError(
                f"Maps of one key must have at most {MAX_BYTES} bytes. Those of `{key}` have "
                f"{kept.nbytes}; cut it into several."
            )
        with atomic_file(self.folder / name_maps(key)) as temporary:
            np.savez(temporary, maps=kept, classes=ids, key=np.str_(key), stamp=np.str_(stamp))

    def read(self, key: str) -> tuple[np.ndarray, tuple[int, ...]]:
        """Give the maps of one picture.

        Args:
            key: as it was written.

        Returns:
            ((C, h, w) float16 maps, ids of the C classes).

        Raises:
            InputError: there are no maps of that key, or the file is damaged.

        Example:
            >>> # see the class
        """
        path = self.folder / name_maps(key)
        stored = read_npz(path, ["maps", "classes", "key"], max_bytes=MAX_BYTES)
        maps, classes = stored["maps"], stored["classes"]
        fits = maps.ndim == 3 and maps.dtype == np.float16 and classes.shape == maps.shape[:1]
        if not fits or classes.dtype.kind != "i" or str(stored["key"]) != key:
            raise InputError(
                f"`{path}` must hold float16 maps (C, h, w) of `{key}` and C ids. It holds "
                f"{maps.dtype} {maps.shape} of `{stored['key']}`; remove it."
            )
        return maps, tuple(int(number) for number in classes)

    def holds(self, key: str, classes: Sequence[int], *, stamp: str = "") -> bool:
        """Tell whether sound maps of a picture are there, of these classes and this state.

        Args:
            key: names the picture.
            classes: ids, in order.
            stamp: what `write` was given.

        Returns:
            Whether they need not be made again.

        Example:
            >>> import tempfile
            >>> CamStore(Path(tempfile.mkdtemp()), {}).holds("1.jpg", [1])
            False
        """
        path = self.folder / name_maps(key)
        if not path.is_file():
            return False
        try:
            known = str(read_npz(path, ["stamp"], max_bytes=MAX_BYTES)["stamp"])
            return known == stamp and self.read(key)[1] == tuple(int(each) for each in classes)
        except InputError:
            return False

    def keys(self) -> list[str]:
        """List what is there.

        Returns:
            Keys, sorted.

        Raises:
            InputError: a file is damaged.

        Example:
            >>> # see the class
        """
        files = self._list_files()
        return sorted(str(read_npz(path, ["key"], max_bytes=MAX_BYTES)["key"]) for path in files)

    def _list_files(self) -> list[Path]:
        return [path for path in self.folder.glob("*.npz") if not path.name.startswith(".")]

    def _read_identity(self) -> Any:
        path = self.folder / INDEX_FILE
        try:
            stored = read_json(path, max_bytes=1 << 20) if path.is_file() else None
        except InputError:
            return None
        return stored.get("identity") if isinstance(stored, dict) else None


def name_maps(key: str) -> str:
    """Name the file of a key in a `CamStore`: its name for people, a digest that tells keys apart.

    Args:
        key: names the picture.

    Returns:
        A file name.

    Example:
        >>> name_maps("zoo/1.jpg")
        '1.9253d757c58c4ffd.npz'
    """
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    stem = "".join(x if x.isalnum() and x.isascii() else "_" for x in Path(key).stem)
    return f"{stem[:_LONGEST_STEM]}.{digest}.npz"
