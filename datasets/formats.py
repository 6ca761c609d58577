"""The layouts that `--format` can name, and the one call that reads any of them."""

from __future__ import annotations

import difflib
from pathlib import Path

from config.errors import InputError
from datasets.annotations import read_counted_annotations
from datasets.bbbc039 import read_bbbc039
from datasets.count_csv import read_count_csv
from datasets.dots import read_dots
from datasets.mall import read_mall
from datasets.records import CountRecord, PointRecord
from datasets.shanghaitech import read_shanghaitech
from datasets.ucf_cc_50 import read_ucf_cc_50

# Each reads (data_dir, dataset, split); its docstring tells the layout and the split.
FORMATS = {
    "annotations": read_counted_annotations,
    "bbbc039": read_bbbc039,
    "csv": read_count_csv,
    "dots": read_dots,
    "mall": read_mall,
    "shanghaitech": read_shanghaitech,
    "ucf_cc_50": read_ucf_cc_50,
}


def read_counted(
    format: str, data_dir: Path, dataset: str, split: str
) -> list[CountRecord | PointRecord]:
    """Read a data set that tells how many objects each picture holds.

    Args:
        format: a key of `FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or table, for "csv") inside `data_dir`.
        split: "train", "val" or "test"; "val" gives no records where a format has none, and the
            caller holds some of "train" out.

    Returns:
        Records sorted by picture, each with `.image` and `.count`.

    Raises:
        InputError: the format is unknown, or the data set cannot be read.

    Example:
        >>> read_counted("shanghaitec", Path("data"), "part_B", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--format` must be one of annotations, bbbc039, csv, dots, mall, \
shanghaitech, ucf_cc_50. Received shanghaitec; the nearest is shanghaitech.
    """
    if format not in FORMATS:
        nearest = difflib.get_close_matches(str(format), FORMATS, n=1, cutoff=0)[0]
        raise InputError(
            f"`--format` must be one of {', '.join(FORMATS)}. Received {format}; the nearest is "
            f"{nearest}."
        )
    return FORMATS[format](Path(data_dir), dataset, split)
