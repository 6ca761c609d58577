"""Reads the fold files of weakly supervised localisation: text tables of frames or of shots."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from config.errors import InputError
from datasets.frame_fitting import keep_boxed_frames
from datasets.named_shots import NamedShot, name_shot, order_frames
from datasets.paths import find_dataset, join_inside, list_pictures, require_size
from datasets.split_folders import list_folders

IDS, LABELS, SIZES, BOXES = (
    "image_ids.txt",
    "class_labels.txt",
    "image_sizes.txt",
    "localization.txt",
)
CLASSES = "class_id.yaml"
SPLITS = ("train", "val", "test")
_MAX_BYTES = 1 << 28
_CLASS = re.compile(r"""['"]?([^'"{},:\n]+?)['"]?\s*:\s*['"]?(\d{1,6})\b""")


@dataclass(frozen=True)
class _Fold:
    """One split: its folder, what its ids are relative to, and the classes' names by number."""

    data_dir: Path
    dataset: str
    folder: Path
    root: str
    names: Mapping[int, str]


def list_folds(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the shots of fold files.

    Layout: `train/`, `val/` and `test/`, each with `image_ids.txt`, a path a line;
    `class_labels.txt`, `path,number`; and `localization.txt`, `path,x0,y0,x1,y1` in pixels, a line
    an object; `class_id.yaml`, `name: number`, beside them. A path names a frame or a shot's
    folder, the same in all of a file, relative to the data set's folder, to a folder of its name in
    the data folder, or to the data folder. Frames of one folder are a shot, of which those that
    have boxes count where some split's have any; a shot's folder gives all its pictures. Numbers
    are taken as the files have them; a box of zeros stands for a frame that is not annotated.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the splits.

    Returns:
        Shots, each with a split, sorted by split and name.

    Raises:
        InputError: no split, a file is absent or has a line of another kind, an id without a
            class, a class without a name, or frames that are not there at all.

    Example:
        >>> # see `datasets.fold_writing.write_folds`

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020,
        clovaai/wsolevaluation; the folds of TCAM, arXiv 2208.14542.
    """
    folder = find_dataset(data_dir, dataset)
    folders = [each for each in list_folders(data_dir, folder) if each.name in SPLITS]
    if not folders:
        raise InputError(f"`{folder}` must hold the folders {', '.join(SPLITS)}. It has none.")
    names = _read_classes(folder, folders)
    shots = []
    for each in sorted(folders, key=lambda path: SPLITS.index(path.name)):
        ids = [value for _, value in _read_lines(each / IDS)]
        if ids:
            root = _find_root(data_dir, dataset, folder, ids[0])
            shots += _read_fold(_Fold(data_dir, dataset, each, root, names), ids)
    return shots


def _read_fold(fold: _Fold, ids: list[str]) -> list[NamedShot]:
    tags = _read_tags(fold)
    for each in ids:
        if each not in tags:
            raise InputError(f"`{fold.folder / LABELS}` must have a class for {each}. It has none.")
    if _place(fold, ids[0]).is_dir():
        return [
            NamedShot(
                name_shot(fold.dataset, each),
                order_frames(list_pictures(fold.data_dir, _place(fold, each))),
                tags[each],
                fold.folder.name,
            )
            for each in sorted(set(ids))
        ]
    groups: dict[str, list[str]] = {}
    for each in dict.fromkeys(ids):
        groups.setdefault(PurePosixPath(each).parent.as_posix(), []).append(each)
    boxes = _read_boxes(fold)
    return [_group_frames(fold, name, groups[name], tags, boxes) for name in sorted(groups)]


def _group_frames(
    fold: _Fold,
    name: str,
    ids: list[str],
    tags: Mapping[str, str],
    boxes: Mapping[str, list[list[float]]],
) -> NamedShot:
    """Return the shot of the frames of one folder."""
    by_frame = {_place(fold, each): each for each in ids}
    frames = order_frames(by_frame)
    ids = [by_frame[frame] for frame in frames]
    if len({tags[each] for each in ids}) > 1:
        raise InputError(
            f"`{fold.folder / LABELS}` must give all frames of a shot one class. Those of {name} "
            f"have {', '.join(sorted({tags[each] for each in ids}))}."
        )
    split = fold.folder.name
    shot = NamedShot(name_shot(fold.dataset, split, name), frames, tags[ids[0]], split)
    found = {i: np.array(boxes[each]) for i, each in enumerate(ids) if each in boxes}
    return keep_boxed_frames(shot, found) if boxes else shot


def _place(fold: _Fold, name: str) -> Path:
    return join_inside(fold.data_dir, f"{fold.root}/{name}", where=f"`{fold.folder / IDS}`")


def _find_root(data_dir: Path, dataset: str, folder: Path, name: str) -> str:
    """Return the folder, relative to the data folder, in which an id is found."""
    roots = (dataset, folder.name, ".")
    for root in roots:
        if join_inside(data_dir, f"{root}/{name}").exists():
            return root
    raise InputError(
        f"`{name}`, the first id of `{folder}`, must lie in `{folder}`, "
        f"`{Path(data_dir) / folder.name}` or `{data_dir}`. It does in none; put the frames there."
    )


def _read_classes(folder: Path, folders: list[Path]) -> dict[int, str]:
    paths = [each / CLASSES for each in (folder, *folders)]
    path = next((each for each in paths if each.is_file()), paths[0])
    require_size(path, 1 << 20)
    text = path.read_text(encoding="utf-8", errors="replace")
    names = {int(number): name.strip() for name, number in _CLASS.findall(text)}
    if not names:
        raise InputError(f"`{path}` must have lines `name: number`. It has none.")
    return names


def _read_tags(fold: _Fold) -> dict[str, str]:
    tags = {}
    for where, line in _read_lines(fold.folder / LABELS):
        name, _, number = line.rpartition(",")
        known = fold.names.get(int(number)) if number.strip().isdecimal() else None
        if not name or known is None:
            numbers = ", ".join(map(str, sorted(fold.names)))
            raise InputError(
                f"{where} must be `path,number` with a number of `{CLASSES}`, {numbers}. Received "
                f"{line[:80]!r}."
            )
        tags[name.strip()] = known
    return tags


def _read_boxes(fold: _Fold) -> dict[str, list[list[float]]]:
    path = fold.folder / BOXES
    found: dict[str, list[list[float]]] = {}
    for where, line in _read_lines(path) if path.is_file() else ():
        name, *sides = line.rsplit(",", 4)
        numbers = [_to_number(side) for side in sides]
        if len(numbers) != 4 or any(number is None for number in numbers):
            raise InputError(
                f"{where} must be `path,x0,y0,x1,y1`; masks are not read. Received {line[:80]!r}."
            )
        found.setdefault(name.strip(), []).append(numbers)
    return found


def _to_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else math.nan


def _read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (file and line for messages, text) of each line that is not empty."""
    require_size(path, _MAX_BYTES)
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f"`{path}` line {number}", line.strip()
