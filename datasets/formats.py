"""The layouts that `--format` can name, and the one call that reads any of them."""

from __future__ import annotations

import difflib
from pathlib import Path

from config.errors import InputError
from datasets.annotations import read_counted_annotations
from datasets.bbbc039 import read_bbbc039
from datasets.coco import read_coco
from datasets.count_csv import read_count_csv
from datasets.cvat import read_cvat
from datasets.dots import read_dots
from datasets.label_studio import read_label_studio
from datasets.labelme import read_labelme
from datasets.mall import read_mall
from datasets.penguins import read_penguins
from datasets.point_csv import read_point_csv
from datasets.records import BadRecord, CountRecord, PointRecord
from datasets.shanghaitech import read_shanghaitech
from datasets.trancos import read_trancos
from datasets.ucf_cc_50 import read_ucf_cc_50
from datasets.voc import read_voc

# Each reads (data_dir, dataset, split); its docstring tells the layout and the split.
FORMATS = {
    "annotations": read_counted_annotations,
    "bbbc039": read_bbbc039,
    "coco": read_coco,
    "csv": read_count_csv,
    "cvat": read_cvat,
    "dots": read_dots,
    "label_studio": read_label_studio,
    "labelme": read_labelme,
    "mall": read_mall,
    "penguins": read_penguins,
    "points": read_point_csv,
    "shanghaitech": read_shanghaitech,
    "trancos": read_trancos,
    "ucf_cc_50": read_ucf_cc_50,
    "voc": read_voc,
}
COUNT_FORMATS = ("annotations", "csv")  # the others tell where the objects are, too


def read_counted(
    format: str, data_dir: Path, dataset: str, split: str
) -> list[CountRecord | PointRecord | BadRecord]:
    """Read a data set that tells how many objects each picture holds.

    Args:
        format: a key of `FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder inside `data_dir`; for some formats also the file that
            lists it.
        split: "train", "val" or "test"; "val" gives no records where a format has none, and the
            caller holds some of "train" out.

    Returns:
        Records sorted by picture, each with `.image` and `.count`; a `BadRecord` instead, for
        `datasets.bad_files` to take out, where a picture's own annotation file cannot be used.

    Raises:
        InputError: the format is unknown, or the data set cannot be read.

    Example:
        >>> read_counted("shanghaitec", Path("data"), "part_B", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--format` must be one of annotations, bbbc039, coco, csv, cvat, \
dots, label_studio, labelme, mall, penguins, points, shanghaitech, trancos, ucf_cc_50, voc. \
Received shanghaitec; the nearest is shanghaitech.
    """
    if format not in FORMATS:
        nearest = difflib.get_close_matches(str(format), FORMATS, n=1, cutoff=0)[0]
        raise InputError(
            f"`--format` must be one of {', '.join(FORMATS)}. Received {format}; the nearest is "
            f"{nearest}."
        )
    return FORMATS[format](Path(data_dir), dataset, split)
