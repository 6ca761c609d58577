"""Reads upstream's `annotations.json`: ranked pairs, or pictures with their counts."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.errors import InputError, MissingSplit
from datasets.json_files import read_json, take
from datasets.paths import find_dataset, join_inside
from datasets.records import CountRecord, RankedRecord
from datasets.split_rules import check_split

_MAX_COUNT = 10**9
_RANKED_KEYS = {"images", "source_image", "target_image"}
_FILE_NAME = "annotations.json"


def read_ranked_annotations(
    data_dir: Path, dataset: str, split: str, *, filter_classes: Sequence[str] | None = None
) -> list[RankedRecord]:
    """Read ranked pairs or chains.

    The file is `{"train": [...], "val": [...]}`; an item is a pair `{"source_image": name,
    "target_image": name, "info": {"type": kind}}`, the source with at least as many objects as
    the target, or a chain `{"images": [name, ...], "info": ...}`, each picture with at least as
    many as the next. `info` may name the photo that all are made of, `"source"`. Names of pictures
    are relative to `data_dir`, with or without a leading slash.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `annotations.json`.
        split: "train", "val" or "test".
        filter_classes: kinds of pairs (`info.type`) to leave out.

    Returns:
        Records sorted by picture. A picture that is absent is listed all the same.

    Raises:
        InputError: the file is absent, not JSON or of another shape, the split is absent or empty,
            an item is wrong, items that are kept differ in length (in whichever split), or a
            filtered kind does not occur.

    Example:
        >>> import json, tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> item = {"source_image": "/a.jpg", "target_image": "b.jpg", "info": {"type": "removed"}}
        >>> _ = (data_dir / "annotations.json").write_text(json.dumps({"train": [item]}))
        >>> read_ranked_annotations(data_dir, ".", "train")[0].kind
        'removed'

    References:
        D'Alessandro et al., SYRAC, arXiv 2310.01662; upstream joins names without any check.
    """
    path, splits = _read_splits(data_dir, dataset)
    items = _take_split(path, splits, split)
    records = [
        _read_chain(item, data_dir, f"`{path}` {split} item {i}") for i, item in enumerate(items)
    ]
    for kind in filter_classes or ():
        _require_kind(kind, splits, path)
    kept = [record for record in records if record.kind not in (filter_classes or ())]
    if not kept:
        raise InputError(
            f"`--filter_classes` must leave items in the split {split} of `{path}`. "
            f"{', '.join(filter_classes)} are all it has."
        )
    _require_one_length(splits, filter_classes or (), path)
    return sorted(kept)


def read_counted_annotations(data_dir: Path, dataset: str, split: str) -> list[CountRecord]:
    """Read pictures with their counts.

    The file is a list of `{"image": name, "count": whole number}`, which is all for training, or
    `{"train" | "val" | "test": [...]}`. Names are relative to `data_dir`, with or without a
    leading slash. Off by one: none; there are no positions.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `annotations.json`.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none when "val" is asked for and absent. A picture that is
        absent is listed all the same.

    Raises:
        InputError: the file is absent, not JSON or of another shape, the split is absent or empty,
            or an item is wrong.

    Example:
        >>> import json, tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> items = [{"image": "a.jpg", "count": 4}]
        >>> _ = (data_dir / "annotations.json").write_text(json.dumps(items))
        >>> read_counted_annotations(data_dir, ".", "train")[0].count
        4
    """
    check_split(split)
    path, splits = _read_splits(data_dir, dataset)
    if split == "val" and "val" not in splits:
        return []
    items = _take_split(path, splits, split)
    return sorted(
        _read_count(item, data_dir, f"`{path}` {split} item {i}") for i, item in enumerate(items)
    )


def _read_splits(data_dir: Path, dataset: str) -> tuple[Path, dict]:
    find_dataset(data_dir, dataset)
    path = join_inside(data_dir, f"{dataset}/{_FILE_NAME}")
    if not path.exists():
        raise InputError(
            f"`{path}` must list the pictures. There is no such file; `python synthesize.py` draws "
            "the built-in data sets, and `--format` names the other layouts."
        )
    splits = read_json(path)
    if isinstance(splits, list):
        splits = {"train": splits}
    if not isinstance(splits, dict) or not all(isinstance(v, list) for v in splits.values()):
        raise InputError(
            f'`{path}` must be a list of items, or {{"train": [...], ...}}. It is neither.'
        )
    return path, splits


def _take_split(path: Path, splits: dict, split: str) -> list:
    check_split(split)
    if split not in splits:
        raise MissingSplit(
            f"`{path}` must have the split {split}. It has {', '.join(splits) or 'none'}; put its "
            f'items under {{"{split}": [...]}}.'
        )
    if not splits[split]:
        raise InputError(f"`{path}` must have items in the split {split}. It is empty; add some.")
    return splits[split]


def _read_chain(item: Any, data_dir: Path, where: str) -> RankedRecord:
    if isinstance(item, dict) and "images" in item:
        names = take(item, "images", list, where)
        if len(names) < 2:
            raise InputError(f"{where}: `images` must name two pictures or more. It has {names}.")
    else:
        names = [take(item, key, str, where) for key in ("source_image", "target_image")]
    images = tuple(join_inside(data_dir, name, where=where) for name in names)
    return RankedRecord(images, _read_kind(item), _read_info(item, "source"))


def _read_kind(item: dict) -> str:
    return _read_info(item, "type")


def _read_info(item: dict, key: str) -> str:
    info = item.get("info") or {}
    value = info.get(key) if isinstance(info, dict) else None
    return "" if value is None else str(value)


def _require_one_length(splits: dict, filter_classes: Sequence[str], path: Path) -> None:
    """Require one length in all splits; items that are wrong are for their own split to tell."""
    first: dict[int, str] = {}
    for split, items in splits.items():
        for i, item in enumerate(items):
            if isinstance(item, dict) and _read_kind(item) not in filter_classes:
                images = item.get("images")
                length = len(images) if isinstance(images, list) else 2
                first.setdefault(length, f"{split} item {i}")
    if len(first) > 1:
        told = ", ".join(f"{length} pictures in {where}" for length, where in first.items())
        raise InputError(
            f"`{path}` must have ranked lists of one length. It has {told}; leave some out with "
            "`--filter_classes`, or part the data set."
        )


def _read_count(item: Any, data_dir: Path, where: str) -> CountRecord:
    if isinstance(item, dict) and "count" not in item and _RANKED_KEYS & item.keys():
        raise InputError(
            f"{where} must be an object with `image` and `count`. It is a ranked pair or chain, "
            "which tells no counts; give a data set of counted pictures."
        )
    name = take(item, "image", str, where)
    count = take(item, "count", (int, float), where)
    if isinstance(count, bool) or not 0 <= count <= _MAX_COUNT or count != int(count):
        raise InputError(
            f"{where}: `count` must be a whole number of 0 to {_MAX_COUNT}. Received {count}."
        )
    return CountRecord(join_inside(data_dir, name, where=where), int(count))


def _require_kind(kind: str, splits: dict, path: Path) -> None:
    items = [item for items in splits.values() for item in items if isinstance(item, dict)]
    known = set(map(_read_kind, items))
    if kind not in known:
        nearest = difflib.get_close_matches(kind, known, n=1, cutoff=0)
        raise InputError(
            f"`--filter_classes` must name kinds that `{path}` has. Received {kind}; the nearest "
            f"is {nearest[0] if nearest else 'none'}."
        )
