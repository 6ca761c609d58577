"""The label maps of a saliency run: made once, kept in its folder, one file per picture."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.schema import SaliencyParams
from datasets.job_pool import run_pool
from datasets.object_label_files import write_object_labels
from datasets.records import TagRecord
from training.data_identity import DataIdentity
from training.stage_folders import StageFolder, name_picture
from training.workers import is_chief, wait_for_workers

logger = logging.getLogger(__name__)
LABELS_FOLDER = "labels"


def make_labels(
    args: argparse.Namespace, params: SaliencyParams, records: Sequence[TagRecord], run: Path
) -> list[Path]:
    """Make the label maps that the run lacks, in `--workers` processes, behind a progress bar.

    Of several workers the chief makes them. Maps of other settings or data are made anew.

    Args:
        args: a wrapper's arguments, with `data_dir` and `workers`.
        params: resolved parameters, with `labels` and `label_band`.
        records: all pictures that the run learns from or validates on, and those that it scores
            without masks.
        run: run folder.

    Returns:
        The file of each record.

    Raises:
        InputError: a picture cannot be read or has no boxes, or no map shows an object.
        OSError: a file cannot be written.

    Example:
        >>> # see `training.saliency.fitting`
    """
    paths = [name_labels(record, Path(args.data_dir), run) for record in records]
    if is_chief():
        stage = StageFolder(run / LABELS_FOLDER, _identify(args, params, records))
        stage.open()
        if stage.told is None:
            stage.finish(_write_all(args, params, records, paths))
    wait_for_workers()
    return paths


def name_labels(record: TagRecord, data_dir: Path, run: Path) -> Path:
    """Name the label map of a picture.

    Args:
        record: of the picture.
        data_dir: the data folder.
        run: run folder.

    Returns:
        The file, which need not exist.

    Example:
        >>> record = TagRecord(Path("data/zoo/1.jpg"), (1,), ("cat",))
        >>> name_labels(record, Path("data"), Path("run")).as_posix()
        'run/labels/zoo/1.jpg.png'
    """
    return run / LABELS_FOLDER / f"{name_picture(record.image, data_dir)}.png"


def _identify(args, params, records):
    """Say what the files depend on."""
    known = [(each.image, each.boxes) for each in records]
    data = DataIdentity({"labelled": known}, Path(args.data_dir))
    return {"labels": params.labels, "label_band": params.label_band, "data": data.digests}


def _write_all(args, params, records, paths):
    job = partial(
        write_object_labels,
        source=params.labels,
        band=params.label_band,
        max_pixels=params.max_pixels,
    )
    items = [record.image for record in records], [record.boxes for record in records], paths
    shares = run_pool(job, *items, workers=vars(args).get("workers", 1), label=LABELS_FOLDER)
    object_share, ignored_share = np.mean(shares, axis=0)
    without = sum(share == 0 for share, _ in shares)
    if without == len(records):
        raise InputError(
            f"`labels` {params.labels} must find an object in some picture. It found none in "
            f"{len(records)}; see {paths[0].parent}."
        )
    told = {
        "num_pictures": len(records),
        "num_without_object": without,
        "object_share": float(object_share),
        "ignored_share": float(ignored_share),
    }
    logger.info("%s labels of %d pictures, %d without object", params.labels, len(records), without)
    return told
