"""The counted pictures of a run: those to fit on, and those to score."""

from __future__ import annotations

import argparse

from config.errors import InputError
from config.schema import NoisySynthRegressParams
from datasets.formats import read_counted
from datasets.images import read_header
from datasets.records import CountRecord, PointRecord
from training.reading import keep_sound


def read_train_pictures(
    args: argparse.Namespace, params: NoisySynthRegressParams
) -> list[CountRecord | PointRecord]:
    """Read the pictures to fit on, without unreadable ones.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        params: resolved parameters.

    Returns:
        Records sorted by picture.

    Raises:
        InputError: the data set cannot be used.

    Example:
        >>> # see `train`
    """
    return keep_sound(
        read_counted(args.format, args.data_dir, args.train_data, "train"), args, params
    )


def read_test_pictures(
    args: argparse.Namespace, params: NoisySynthRegressParams
) -> list[CountRecord | PointRecord]:
    """Read the pictures to score, without unreadable ones, each at least N x N pixels.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        params: resolved parameters.

    Returns:
        Records sorted by picture.

    Raises:
        InputError: the data set cannot be used, or a picture is too small for `N`.

    Example:
        >>> # see `evaluate`
    """
    records = keep_sound(
        read_counted(args.format, args.data_dir, args.test_data, "test"), args, params
    )
    check_sizes(records, params)
    return records


def check_sizes(records: list[CountRecord], params: NoisySynthRegressParams) -> None:
    """Require every picture to hold at least N x N pixels.

    Args:
        records: test pictures.
        params: resolved parameters.

    Raises:
        InputError: a picture is smaller.

    Example:
        >>> # see `evaluate`
    """
    for record in records:
        header = read_header(record.image, max_pixels=params.max_pixels)
        if params.N > min(header.height, header.width):
            raise InputError(
                f"`N` must not exceed a picture's sides. Received {params.N} for {record.image} "
                f"of {header.height} x {header.width} pixels; lower `--N`."
            )
