"""Shows what training would see: `python -m reporting.preview --dataset synthetic_objects ...`."""

from __future__ import annotations

import argparse
import logging
import math
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from config.commands import run_main
from config.errors import InputError
from config.files import atomic_file
from config.loader import find_schema, load_params
from config.localization_params import take_box_options
from config.localization_variants import fill_published
from config.schema import LocalizationParams
from datasets.augment_recipes import RECIPES
from datasets.bad_files import drop_bad_files
from datasets.box_pipeline import AUGMENTED_DETAIL, BoxPictures, draw_sample
from datasets.boxes import read_boxes
from datasets.contact_sheets import frame_boxes, lay_out
from datasets.pipeline import draw_number
from datasets.records import BoxRecord

SHOWN_SIDE = 192  # smaller samples are enlarged by a whole factor, pixels
_MOST = 400
# Values of the configuration that have an argument of their own.
_KEYS = {
    "augment": f"recipe: {', '.join(RECIPES)}",
    "image_size": "side of the network's input, pixels",
    "objects": "only, first or largest",
    "class_source": "annotation or file_name",
    "classes": "names as a JSON list",
    "test_fraction": "share of the pictures for testing",
    "validation_fraction": "share of the others for validating",
    "split_seed": "seed of the split",
}
logger = logging.getLogger(__name__)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser; every argument has a default.

    Example:
        >>> build_parser().parse_args(["--augment", "none"]).overrides
        ['augment=none']
    """
    parser = argparse.ArgumentParser(
        prog="reporting.preview", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--experiment", default="training/localization", help="of boxed pictures")
    parser.add_argument("--format", default="coco", help="layout of the data set")
    parser.add_argument("--dataset", default="synthetic_objects", help="folder, or several by +")
    parser.add_argument("--data_dir", default="data", help="folder that holds the data sets")
    parser.add_argument(
        "--params_dir", default="config/demo", help="folder of <experiment>.params.json files"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the run")
    parser.add_argument("--epoch", type=int, default=0, help="of the run, from 0")
    parser.add_argument("--num", type=int, default=24, help="samples, the first of the epoch")
    parser.add_argument("--output", default="preview.png", help="PNG file to write")
    share = {"dest": "overrides", "action": "append", "default": []}
    parser.add_argument(
        "--set", **share, metavar="KEY=VALUE", help="override one value of the configuration"
    )
    for key, meaning in _KEYS.items():
        text = f"{meaning}; the same as --set {key}=..."
        parser.add_argument(
            f"--{key}", **share, type=f"{key}={{}}".format, metavar="VALUE", help=text
        )
    return parser


def main(args: argparse.Namespace) -> int:
    """Write the page and say where it lies.

    Args:
        args: from `build_parser`.

    Returns:
        0.

    Raises:
        InputError: an argument, the configuration or the data set cannot be used.
        OSError: the page cannot be written.

    Example:
        >>> # python -m reporting.preview --help
    """
    _check_arguments(args)
    params = fill_published(load_params(Path(args.params_dir), args.experiment, args.overrides))
    records = _read_records(args, params)
    path = Path(args.output)
    page = draw_page(records, params, seed=args.seed, epoch=args.epoch, num=args.num)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        page.save(temporary, "PNG", optimize=True)
    logger.info("%d samples of epoch %d: %s", min(args.num, len(records)), args.epoch, path)
    return 0


def draw_page(
    records: list[BoxRecord], params: LocalizationParams, *, seed: int, epoch: int, num: int
) -> Image.Image:
    """Draw the first samples of an epoch with their boxes.

    Args:
        records: the training pictures of a run.
        params: its parameters; of them `image_size`, `augment` and `max_pixels`.
        seed: its seed.
        epoch: from 0.
        num: samples; an epoch has one of each picture.

    Returns:
        The page: pixels as the network gets them, enlarged where they are few; under each sample
        its class and its file's name.

    Raises:
        InputError: a picture cannot be read.

    Example:
        >>> # see `main`
    """
    size, recipe = params.image_size, params.augment
    detail = 1.0 if recipe == "none" else AUGMENTED_DETAIL
    pictures = BoxPictures(records, size, max_pixels=params.max_pixels, detail=detail)
    cells = []
    for position in range(min(num, len(records))):
        number, sample_seed = draw_number(
            tf.constant(position, tf.int64), seed=seed, epoch=epoch, num_records=len(records)
        )
        sample = draw_sample(pictures, int(number), sample_seed.numpy(), recipe=recipe)
        shown = _enlarge(sample.image, sample.boxes)
        cells.append(([shown], _name(records[int(number)], shown.width)))
    title = f"{recipe}, {size} x {size} pixels, seed {seed}, epoch {epoch}"
    return lay_out(cells, min(6, math.ceil(math.sqrt(len(cells)))), title)


def _check_arguments(args: argparse.Namespace) -> None:
    if not issubclass(find_schema(args.experiment), LocalizationParams):
        raise InputError(
            "`--experiment` must be training/localization, whose pictures have boxes. Received "
            f"{args.experiment}."
        )
    for name, value, most in (("num", args.num, _MOST), ("seed", args.seed, 2**31 - 1)):
        least = 1 if name == "num" else 0
        if not least <= value <= most:
            raise InputError(f"`--{name}` must be between {least} and {most}. Received {value}.")
    if not 0 <= args.epoch <= 100_000:
        raise InputError(f"`--epoch` must be between 0 and 100000. Received {args.epoch}.")


def _read_records(args: argparse.Namespace, params: LocalizationParams) -> list[BoxRecord]:
    """Read the training pictures as a run does, which leaves out those that cannot be decoded."""
    splits = read_boxes(
        args.format,
        Path(args.data_dir),
        args.dataset,
        **take_box_options(params),
    )
    return drop_bad_files(
        splits.training, max_bad_fraction=params.max_bad_fraction, max_pixels=params.max_pixels
    )


def _enlarge(image: np.ndarray, boxes: np.ndarray) -> Image.Image:
    factor = max(1, math.ceil(SHOWN_SIDE / image.shape[0]))
    shown = Image.fromarray(image.repeat(factor, axis=0).repeat(factor, axis=1))
    return frame_boxes(shown, boxes * factor)


def _name(record: BoxRecord, width: int) -> str:
    name = record.image.stem
    if record.classes is not None:
        name = f"{record.class_names[record.classes[0] - 1]}, {name}"
    longest = width // 8  # letters that fit
    return name if len(name) <= longest else f"{name[: longest - 3]}..."


if __name__ == "__main__":
    sys.exit(run_main(main, build_parser()))
