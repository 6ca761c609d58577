"""The boxed pictures of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.errors import InputError
from config.files import write_json
from config.localization_params import take_box_options
from config.schema import LocalizationFitParams
from datasets.boxes import BoxSplits, read_boxes
from datasets.json_files import read_json
from datasets.records import BoxRecord
from training.reading import keep_sound_splits, name_datasets, refuse_filter_classes

PICTURES_FILE = "pictures.json"
Seen = Mapping[str, Mapping[str, int]]


def read_pictures(args: argparse.Namespace, params: LocalizationFitParams) -> BoxSplits:
    """Read the pictures of all splits, without unreadable ones.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is empty where there are no test pictures.

    Raises:
        InputError: the data sets cannot be used, or there is nothing to validate on.

    Example:
        >>> # see `training.localization.train`
    """
    learnt, scored = name_datasets(args)
    splits = _read(args, params, learnt)
    if not splits.validation:
        raise InputError(
            f"`{learnt}` must give pictures to validate on, which choose the best epoch. Received "
            "none; set `validation_fraction` above 0."
        )
    if scored != learnt:
        others = _read(args, params, scored)
        if others.class_names != splits.class_names:
            raise InputError(
                f"`{scored}` must have the classes of `{learnt}`: {', '.join(splits.class_names)}. "
                f"Received {', '.join(others.class_names)}; choose some with `--set classes=...`."
            )
        splits = dataclasses.replace(splits, test=others.test)
    return keep_sound_splits(splits, args, params)


def list_seen(splits: BoxSplits, data_dir: Path, earlier: Seen | None = None) -> Seen:
    """List the pictures that a localizer was trained or chosen on, and so must not be tested on.

    A picture is known by its name, from the data folder on, and its size in bytes.

    Args:
        splits: of `read_pictures`.
        data_dir: the data folder.
        earlier: what the run that is continued had seen; None for none.

    Returns:
        {"training": {name: bytes}, "validation": {name: bytes}}.

    Example:
        >>> list_seen(BoxSplits([], [], [], ()), Path("data"))
        {'training': {}, 'validation': {}}
    """
    earlier = earlier or {}
    return {
        part: {**earlier.get(part, {}), **_name_files(records, data_dir)}
        for part, records in (("training", splits.training), ("validation", splits.validation))
    }


def write_seen(seen: Seen, run: Path) -> None:
    """Keep in a run folder what its localizer has seen.

    Args:
        seen: of `list_seen`.
        run: the run folder.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> # see `training.localization.fitting`
    """
    write_json(seen, run / PICTURES_FILE)


def read_seen(run: Path) -> Seen:
    """Read what the localizer of a run has seen.

    Args:
        run: a run folder.

    Returns:
        As `list_seen` gave it.

    Raises:
        InputError: the file is absent or damaged.

    Example:
        >>> read_seen(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/pictures.json must list the pictures ...
    """
    path = run / PICTURES_FILE
    seen = read_json(path) if path.is_file() else None
    parts = ("training", "validation")
    if not isinstance(seen, dict) or not all(isinstance(seen.get(part), dict) for part in parts):
        raise InputError(
            f"{path} must list the pictures that the run learnt from and validated on. It is "
            "absent or damaged; train the localizer anew."
        )
    return seen


def require_unseen(splits: BoxSplits, seen: Seen, data_dir: Path) -> None:
    """Refuse pictures to score, or to validate on, that the localizer has learnt before.

    Args:
        splits: of `read_pictures`, for the run that goes on, or of a benchmark.
        seen: by the earlier run.
        data_dir: the data folder.

    Raises:
        InputError: a test picture was learnt from or validated on, or a validation picture was
            learnt from.

    Example:
        >>> require_unseen(BoxSplits([], [], [], ()), {"training": {}, "validation": {}}, Path())
    """
    for records, kind, parts in (
        (splits.test, "test", ("training", "validation")),
        (splits.validation, "validation", ("training",)),
    ):
        now = _name_files(records, data_dir)
        for part in parts:
            both = [name for name, size in now.items() if seen[part].get(name) == size]
            if both:
                raise InputError(
                    f"No {kind} picture may be one that the earlier run had for {part}. "
                    f"{len(both)} of {len(now)} are, the first `{both[0]}`; give its data set, "
                    "and leave `split_seed`, the fractions, `objects` and `classes` as there "
                    "(null)."
                )


def _read(args: argparse.Namespace, params: LocalizationFitParams, dataset: str) -> BoxSplits:
    refuse_filter_classes(args, "boxes; name the classes to keep with `--set classes=...`.")
    return read_boxes(
        args.format,
        args.data_dir,
        dataset,
        **take_box_options(params),
    )


def _name_files(records: Sequence[BoxRecord], data_dir: Path) -> dict[str, int]:
    return {
        Path(os.path.relpath(record.image, data_dir)).as_posix(): record.image.stat().st_size
        for record in records
    }
