"""Folders that the stages of a chain fill: complete or not, and of which configuration."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from config.files import to_json, write_json
from datasets.json_files import read_json

STAGE_FILE = "stage.json"
_logger = logging.getLogger(__name__)


class StageFolder:
    """What one stage leaves in a run folder, mostly a file per picture.

    `stage.json` says which values, model and pictures its files come from. Files of others are
    never mixed with them: they are named in the log and made anew.

    Attributes:
        folder: where the files lie; made by `open`.
        identity: what the files depend on, as JSON.
        files: names of files without which the stage is not complete, whatever `stage.json` says.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "saliency"
        >>> stage = StageFolder(folder, {"grabcut": True})
        >>> stage.open()
        >>> stage.finish({"num_pictures": 0})
        >>> StageFolder(folder, {"grabcut": True}).told, StageFolder(folder, {}).told
        ({'num_pictures': 0}, None)
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any], files: Sequence[str] = ()):
        self.folder, self.files = Path(folder), tuple(files)
        self.identity = to_json(identity)

    @property
    def told(self) -> dict | None:
        """What `finish` was given; None where the stage is not complete, or of another identity."""
        same = _read_stage(self.folder).get("identity") == self.identity
        return read_told(self.folder) if same and not self._list_lost() else None

    def open(self, earlier: Iterable[Path] = ()) -> None:
        """Make the folder ready: keep what is of this identity, remove what is not.

        Args:
            earlier: folders of the same stage in other runs, the newest first. Where nothing is
                done yet, the files of the first that is complete and of this identity are taken
                over.

        Raises:
            OSError: the folder cannot be made or emptied.

        Example:
            >>> # see the class
        """
        stored = _read_stage(self.folder)
        if self.folder.exists() and stored.get("identity") != self.identity:
            _logger.warning(
                "%s is of another configuration and made anew: %s",
                self.folder,
                describe_changes(stored.get("identity"), self.identity),
            )
            shutil.rmtree(self.folder)
        if self.folder.exists():
            self._warn_of_lost()
            return
        for other in earlier:
            if StageFolder(other, self.identity, self.files).told is not None:
                _take_over(other, self.folder)
                _logger.info("%s: taken from the same in %s", self.folder, other)
                return
        self.folder.mkdir(parents=True)
        write_json({"identity": self.identity, "told": None}, self.folder / STAGE_FILE)

    def finish(self, told: Mapping[str, Any]) -> None:
        """Say that every file is there.

        Args:
            told: what the stage found out, as JSON; `told` gives it back.

        Raises:
            OSError: the disk is full.

        Example:
            >>> # see the class
        """
        write_json({"identity": self.identity, "told": dict(told)}, self.folder / STAGE_FILE)

    def _list_lost(self) -> list[str]:
        return [name for name in self.files if not (self.folder / name).is_file()]

    def _warn_of_lost(self) -> None:
        lost = self._list_lost()
        if lost and read_told(self.folder) is not None:
            _logger.warning(
                "%s lost %d of its files, such as %s; they are made again",
                self.folder,
                len(lost),
                lost[0],
            )


def read_told(folder: Path) -> dict | None:
    """Read what a complete stage found out, whatever it comes from.

    Args:
        folder: of the stage.

    Returns:
        What `StageFolder.finish` was given; None where the stage is absent or not complete.

    Example:
        >>> read_told(Path("tests")) is None
        True
    """
    told = _read_stage(folder).get("told")
    return told if isinstance(told, dict) else None


def describe_changes(stored: Any, identity: Mapping[str, Any]) -> str:
    """Say which values of an identity differ.

    Args:
        stored: the identity that a folder has; anything else than a dict differs altogether.
        identity: the one wanted, as JSON.

    Returns:
        A text that names each value, before and now.

    Example:
        >>> describe_changes({"rule": "G1", "seed": 0}, {"rule": "G2", "seed": 0})
        '`rule` was G1, now G2'
    """
    if not isinstance(stored, dict):
        return "it does not say of which"
    names = [name for name in {**stored, **identity} if stored.get(name) != identity.get(name)]
    return "; ".join(f"`{name}` was {stored.get(name)}, now {identity.get(name)}" for name in names)


def name_picture(image: Path, data_dir: Path) -> str:
    """Name a picture's files in the stage folders: its path from the data folder on.

    Args:
        image: picture file.
        data_dir: the data folder.

    Returns:
        A relative path with its suffix, so that two pictures never share a name; it stays inside
        whatever folder it is joined to.

    Example:
        >>> name_picture(Path("data/zoo/1.jpg"), Path("data"))
        'zoo/1.jpg'
    """
    parts = Path(os.path.relpath(image, data_dir)).parts
    return Path(*("_" if part == ".." else part for part in parts)).as_posix()


def digest_file(path: Path) -> str:
    """Digest a file's content, by which a model is told from others.

    Args:
        path: the file.

    Returns:
        16 hexadecimal digits.

    Raises:
        OSError: it cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a"
        >>> _ = path.write_text("model")
        >>> digest_file(path)
        '9372c470eeadd5ec'
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _read_stage(folder: Path) -> dict:
    path = folder / STAGE_FILE
    try:
        stored = read_json(path) if path.is_file() else {}
    except ValueError as error:
        _logger.warning("did not use the damaged %s: %s", path, error)
        stored = {}
    return stored if isinstance(stored, dict) else {}


def _take_over(source: Path, folder: Path) -> None:
    """Link or copy a complete folder, whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, copy_function=_link)
    partial.replace(folder)


def _link(source: str, target: str) -> None:
    """Files are only ever replaced, never changed in place, so that two runs may share one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
