"""Writes shots for other programs: as fold files, or as folders of frames with tables of boxes."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from config.files import atomic_file
from datasets.fold_files import BOXES, CLASSES, IDS, LABELS, SIZES
from datasets.frame_box_table import BOX_TABLE, write_frame_box_table
from datasets.frame_boxes import read_frame_boxes
from datasets.images import read_header
from datasets.paths import list_pictures
from datasets.records import ShotRecord
from datasets.shots import ShotSplits

_NO_NAME = re.compile(r"[^\w.+-]+")
_NO_BOX = [0.0, 0.0, 0.0, 0.0]


def write_folds(splits: ShotSplits, folder: Path, *, data_dir: Path) -> None:
    """Write the fold files of weakly supervised localisation, see `datasets.fold_files`.

    Training shots are listed by their folders, validation and test shots by their annotated frames
    (all frames where none is annotated), with sizes and boxes, those of masks among them. A frame
    that is known to show no object has the box 0,0,0,0. Paths are relative to `data_dir`.

    Args:
        splits: what a reader returned.
        folder: folder for `train/`, `val/`, `test/` and `class_id.yaml`; made if need be. Files
            there are replaced.
        data_dir: folder that holds the data sets.

    Raises:
        InputError: a training shot is not all pictures of one folder, a frame lies outside
            `data_dir` or cannot be read, or a class has a name that the file cannot hold.
        OSError: the files cannot be written.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "cat" / "1").mkdir(parents=True)
        >>> Image.new("RGB", (8, 6)).save(data_dir / "cat" / "1" / "1.jpg")
        >>> shot = ShotRecord("1", (data_dir / "cat" / "1" / "1.jpg",), 1, ("cat",))
        >>> write_folds(ShotSplits([shot], [], [shot], ("cat",)), data_dir / "folds",
        ...             data_dir=data_dir)
        >>> [(data_dir / "folds" / split / "image_ids.txt").read_text().strip()
        ...  for split in ("train", "test")]
        ['cat/1', 'cat/1/1.jpg']
    """
    for name in splits.class_names:
        if re.search(r"""['"{}:,\n]""", name):
            raise InputError(f"A class must have a name without quotes, : or ,. Received {name!r}.")
    parts = {"train": splits.training, "val": splits.validation, "test": splits.test}
    for split, shots in parts.items():
        list_split = _list_shots if split == "train" else _list_frames
        for name, lines in list_split(shots, Path(data_dir)).items():
            _write_lines(Path(folder) / split / name, lines)
    _write_lines(
        Path(folder) / CLASSES, [f"{name}: {i}" for i, name in enumerate(splits.class_names)]
    )


def write_shot_folders(splits: ShotSplits, folder: Path) -> None:
    """Write shots as folders of frames, see `datasets.shot_folders`.

    Frames are linked where the file system can, else copied; those there already stay. Of data
    without a split there are no folders of splits. Boxes, those of masks among them, go into each
    shot's `boxes.csv`.

    Args:
        splits: what a reader returned.
        folder: folder for the classes, or for the splits; made if need be.

    Raises:
        InputError: a mask cannot be read.
        OSError: the files cannot be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "7.jpg").touch()
        >>> shot = ShotRecord("zoo/a.avi", (folder / "7.jpg",), 1, ("cat",))
        >>> write_shot_folders(ShotSplits([shot], [], [shot], ("cat",), True), folder / "out")
        >>> [path.relative_to(folder).as_posix() for path in (folder / "out").rglob("*.jpg")]
        ['out/cat/zoo_a.avi/7.jpg']
    """
    parts = {"train": splits.training, "val": splits.validation, "test": splits.test}
    if splits.transductive and not splits.validation:
        parts = {".": splits.training}
    elif splits.transductive:
        del parts["test"]
    for split, shots in parts.items():
        for shot in shots:
            _write_shot(shot, Path(folder) / split / shot.class_name)


def _write_shot(shot: ShotRecord, folder: Path) -> None:
    place = folder / _NO_NAME.sub("_", shot.name)
    place.mkdir(parents=True, exist_ok=True)
    for frame in shot.frames:
        if not (place / frame.name).exists():
            _link(frame, place / frame.name)
    boxes = {shot.frames[i].name: read_frame_boxes(shot, i) for i in shot.annotated}
    if boxes:
        write_frame_box_table(place / BOX_TABLE, boxes)


def _link(source: Path, path: Path) -> None:
    with atomic_file(path) as temporary:
        try:
            os.link(source.resolve(), temporary)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, temporary)


def _list_shots(shots: Sequence[ShotRecord], data_dir: Path) -> dict[str, list[str]]:
    ids, labels = [], []
    for shot in shots:
        folder = shot.frames[0].parent
        if set(list_pictures(folder, folder)) != set(shot.frames):
            raise InputError(
                f"The shot {shot.name} must be all pictures of one folder to be listed for "
                f"training. `{folder}` holds others; write the data as folders of shots first."
            )
        ids.append(_name_inside(folder, data_dir))
        labels.append(f"{ids[-1]},{shot.tag - 1}")
    return {IDS: ids, LABELS: labels, SIZES: [], BOXES: []}


def _list_frames(shots: Sequence[ShotRecord], data_dir: Path) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {IDS: [], LABELS: [], SIZES: [], BOXES: []}
    for shot in shots:
        for number in shot.annotated or range(len(shot.frames)):
            name = _name_inside(shot.frames[number], data_dir)
            header = read_header(shot.frames[number])
            boxes = read_frame_boxes(shot, number)
            lines[IDS].append(name)
            lines[LABELS].append(f"{name},{shot.tag - 1}")
            lines[SIZES].append(f"{name},{header.width},{header.height}")
            if boxes is not None:
                for box in boxes.tolist() or [_NO_BOX]:
                    lines[BOXES].append(",".join([name, *(f"{side:.17g}" for side in box)]))
    return lines


def _name_inside(path: Path, data_dir: Path) -> str:
    name = Path(os.path.relpath(path, data_dir)).as_posix()
    if name.startswith(".."):
        raise InputError(f"`{path}` must lie inside the data folder `{data_dir}`. It does not.")
    return name


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
