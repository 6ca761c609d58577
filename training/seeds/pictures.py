"""The tagged pictures of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
from pathlib import Path

from config.errors import InputError
from config.schema import SeedsParams
from datasets.label_maps import check_label_maps
from datasets.tags import TagSplits, read_tags
from training.reading import keep_sound_splits, name_datasets, refuse_filter_classes


def read_pictures(args: argparse.Namespace, params: SeedsParams) -> TagSplits:
    """Read the pictures of all splits, without unreadable ones.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is empty where there are no test pictures.

    Raises:
        InputError: the data set cannot be used, or there is nothing to validate on.

    Example:
        >>> # see `training.seeds.train`
    """
    refuse_filter_classes(args, "tags; name the tags to keep with `--set classes=...`.")
    dataset = name_datasets(args)[0]
    splits = read_tags(
        args.format,
        args.data_dir,
        dataset,
        classes=params.classes,
        masks=params.masks,
        test_fraction=params.test_fraction,
        validation_fraction=params.validation_fraction,
        split_seed=params.split_seed,
    )
    if not splits.validation:
        raise InputError(
            f"`{dataset}` must give pictures to validate on, which choose the best epoch. Received "
            "none; set `validation_fraction` above 0."
        )
    return keep_sound_splits(splits, args, params)


def check_masks(args: argparse.Namespace, params: SeedsParams, splits: TagSplits) -> None:
    """Refuse a wrong mask before anything is trained, not when it is scored.

    Args:
        args: a wrapper's arguments, with `workers`: the threads in which masks are read.
        params: resolved parameters.
        splits: of `read_pictures`.

    Raises:
        InputError: a mask cannot be read, has another size than its picture, or an id that is no
            class.

    Example:
        >>> # see `training.seeds.train`
    """
    check_label_maps(
        [*splits.training, *splits.validation, *splits.test],
        max_pixels=params.max_pixels,
        workers=args.workers,
    )


def describe_picture(image: Path) -> str:
    """Tell a state of a picture file from others, without opening it.

    Args:
        image: picture file.

    Returns:
        Its size in bytes and its time of change.

    Raises:
        OSError: there is no such file.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     describe_picture(Path(file.name)).split()[0]
        '0'
    """
    stat = image.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"
