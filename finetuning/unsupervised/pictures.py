"""The counted pictures of a run: those to fit on, to calibrate on and to score."""

from __future__ import annotations

import argparse
import difflib
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from config.errors import InputError
from config.schema import CountingParams
from datasets.formats import FORMATS, read_counted
from datasets.paths import join_inside
from datasets.records import CountRecord, PointRecord
from datasets.scene_folder import read_method
from ops.conformal import smallest_calibration_set
from training.points.pictures import choose_labelled
from training.reading import keep_sound, require_sides

COUNTED = "counted pictures"
# What the pictures are that each method of `synthesize.py` counts.
MADE = {
    "scenes": "drawn scenes",
    "paste": "pasted pictures",
    "diffusion": "pictures of a diffusion model",
}
CountedPictures = list[CountRecord | PointRecord]


class RunPictures(NamedTuple):
    """What a run reads.

    Attributes:
        fitted: pictures to fit on.
        calibration: pictures that say how far the counts are off; none of them is fitted on.
        scored: pictures to score.
        calibrated_on: what the calibration pictures are, see `tell_kind`.

    Example:
        >>> RunPictures([], [], [], MADE["scenes"]).calibrated_on
        'drawn scenes'
    """

    fitted: CountedPictures
    calibration: CountedPictures
    scored: CountedPictures
    calibrated_on: str


def read_pictures(args: argparse.Namespace, params: CountingParams) -> RunPictures:
    """Read the pictures of a run, without unreadable ones.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        params: resolved parameters.

    Returns:
        The pictures, each part sorted by picture.

    Raises:
        InputError: a data set cannot be used, a picture is too small for `N` or has two uses, or
            there are too few to calibrate on.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.train`
    """
    records = read_dataset(args, params, args.train_data, "train")
    if params.num_labelled is not None:
        records = choose_labelled(records, params.num_labelled, seed=args.seed)
    source = params.calibration or args.train_data
    if params.calibration is None:
        fitted, calibration = hold_out_calibration(records, params, seed=args.seed)
    elif split_name(source, args.format) == split_name(args.train_data, args.format):
        raise InputError(
            f"`calibration` must be another data set than the one to fit on. Received {source} "
            "for both; leave it out, and some of its pictures are held out."
        )
    else:
        fitted, calibration = records, read_dataset(args, params, source, "train")
        _require_enough(len(calibration), params, f"`{source}` has")
    check_sizes([*fitted, *calibration], params)
    scored = read_test_pictures(args, params)
    _require_apart({"fit": fitted, "calibrate": calibration, "score": scored})
    return RunPictures(fitted, calibration, scored, tell_kind(args, source))


def read_test_pictures(args: argparse.Namespace, params: CountingParams) -> CountedPictures:
    """Read the pictures to score, without unreadable ones, none too small for its patches.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        params: resolved parameters.

    Returns:
        Records sorted by picture.

    Raises:
        InputError: the data set cannot be used, or a picture is too small for `N`.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.eval`
    """
    records = read_dataset(args, params, args.test_data, "test")
    check_sizes(records, params)
    return records


def read_dataset(
    args: argparse.Namespace, params: CountingParams, dataset: str, split: str
) -> CountedPictures:
    """Read the counted pictures of a data set, without unreadable ones.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        params: resolved parameters.
        dataset: its name, or `format:name` where its format is another than `--format`.
        split: "train" or "test".

    Returns:
        Records sorted by picture.

    Raises:
        InputError: the data set cannot be used, or its name starts with a format that is none.

    Example:
        >>> # see `read_pictures`
    """
    format, name = split_name(dataset, args.format)
    if name == dataset:
        _require_no_format(Path(args.data_dir), dataset)
    return keep_sound(read_counted(format, args.data_dir, name, split), args, params)


def split_name(dataset: str, format: str) -> tuple[str, str]:
    """Split `format:name` into its parts.

    Args:
        dataset: a data set's name, perhaps with its format before it.
        format: of names that do not tell it.

    Returns:
        (format, name).

    Example:
        >>> split_name("mall:mall_dataset", "annotations"), split_name("a:b", "annotations")
        (('mall', 'mall_dataset'), ('annotations', 'a:b'))
    """
    before, colon, name = dataset.partition(":")
    return (before, name) if colon and before in FORMATS else (format, dataset)


def hold_out_calibration(
    records: CountedPictures, params: CountingParams, *, seed: int
) -> tuple[CountedPictures, CountedPictures]:
    """Hold pictures out of those to fit on, `calibration_fraction` of them.

    At least as many as the interval needs to be bounded are held out.

    Args:
        records: pictures to fit on.
        params: resolved parameters.
        seed: picks which.

    Returns:
        (kept, held out), each in the order of `records`.

    Raises:
        InputError: none would be left to fit on.

    Example:
        >>> # see `read_pictures`
    """
    needed = smallest_calibration_set(params.interval)
    number = max(round(params.calibration_fraction * len(records)), needed)
    if number >= len(records):
        raise InputError(
            f"an `interval` of {params.interval} needs {needed} pictures to calibrate on beside "
            f"those to fit on. Received {len(records)} in all; lower `interval`, or name a counted "
            "data set with `--calibration`."
        )
    chosen = set(np.random.default_rng(seed).permutation(len(records))[:number].tolist())
    kept = [record for i, record in enumerate(records) if i not in chosen]
    return kept, [record for i, record in enumerate(records) if i in chosen]


def tell_kind(args: argparse.Namespace, dataset: str) -> str:
    """Say whether a data set was made by `synthesize.py`, and how.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        dataset: as for `read_dataset`; it exists.

    Returns:
        One of `MADE`, "made pictures" for another method, or `COUNTED`.

    Raises:
        InputError: `dataset` leads out of the data folder.

    Example:
        >>> # see `read_pictures`
    """
    folder = join_inside(Path(args.data_dir), split_name(dataset, args.format)[1])
    folder = folder if folder.is_dir() else folder.parent
    method = read_method(folder)
    return COUNTED if method is None else MADE.get(method, "made pictures")


def check_sizes(records: CountedPictures, params: CountingParams) -> None:
    """Require every picture to hold a pixel for each patch.

    Args:
        records: pictures that are cut.
        params: resolved parameters.

    Raises:
        InputError: a picture is smaller.

    Example:
        >>> # see `read_test_pictures`
    """
    wanted = params.finest_grid
    deeper = f" or `{params.finer}`" if wanted != params.N else ""
    cure = f"lower `--N`{deeper}"
    require_sides(records, wanted, max_pixels=params.max_pixels, cure=cure)


def knows_cells(records: CountedPictures) -> bool:
    """Say whether the objects of all pictures have a place, so that cells can be counted.

    Args:
        records: counted pictures.

    Returns:
        False where a picture has a mere count, or a region outside of which nothing is marked.

    Example:
        >>> knows_cells([CountRecord(Path("a.jpg"), 3)])
        False
    """
    return all(isinstance(record, PointRecord) and record.region is None for record in records)


def _require_no_format(data_dir: Path, dataset: str) -> None:
    """Refuse a name such as `cvs:cells`, unless a data set is called so."""
    before, colon, _ = dataset.partition(":")
    if colon and "/" not in before and not join_inside(data_dir, dataset).exists():
        near = difflib.get_close_matches(before, FORMATS, n=1, cutoff=0)[0]
        raise InputError(
            f"`{dataset}` must be a data set inside `{data_dir}`, or `format:data set`. There is "
            f"none, and `{before}` is no format; the nearest is {near}."
        )


def _require_apart(uses: dict[str, CountedPictures]) -> None:
    """Refuse a picture that is to fit, to calibrate or to score, and another of these as well."""
    places = {use: {record.image.resolve() for record in uses[use]} for use in uses}
    for one, other in itertools.combinations(uses, 2):
        if both := sorted(places[one] & places[other]):
            raise InputError(
                f"No picture may be used to {one} and to {other}: such figures say nothing. "
                f"{len(both)} are, the first {both[0]}; give other data sets, or a `split`."
            )


def _require_enough(number, params, received):
    needed = smallest_calibration_set(params.interval)
    if number < needed:
        raise InputError(
            f"an `interval` of {params.interval} needs {needed} pictures to calibrate on. "
            f"{received} {number}; lower `interval`, or name another data set."
        )
