"""Shows each step from picture to mask: contact sheets, the rules' quality, the confusions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from config.schema import GuidedSegmentationParams
from datasets.images import read_labels
from datasets.label_maps import read_label_map
from datasets.records import TagRecord
from finetuning.guided_segmentation.prediction import Answer, answer_pictures, sharpen_labels
from finetuning.guided_segmentation.saliency_maps import read_saliency
from finetuning.guided_segmentation.stages import GUIDES, SALIENCY, open_heat_maps
from finetuning.guided_segmentation.summary import Scores
from ops.seeds import seed_labels
from reporting.mask_figures import draw_sheet, overlay_labels, overlay_saliency
from reporting.segmentation_figures import draw_confusion, draw_rules
from training.stage_folders import name_picture

_TRAINING_TITLES = ("picture", "seeds", "saliency", "guide", "prediction", "truth")
_SCORED_TITLES = ("picture", "prediction", "with CRF", "truth")


def draw_training(
    run: Path,
    args: argparse.Namespace,
    params: GuidedSegmentationParams,
    records: Sequence[TagRecord],
    *,
    model: keras.Model,
    labels: Mapping[str, Mapping],
) -> None:
    """Draw a contact sheet of training pictures and how good the rules' labels are.

    Args:
        run: run folder; the figures go into its `figures`.
        args: the wrapper's arguments.
        params: resolved parameters.
        records: the training pictures.
        model: the segmenter.
        labels: {rule: {"miou", ...}} of them.

    Raises:
        InputError: a picture cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.guided_segmentation.scoring`
    """
    folder = run / "figures"
    if params.num_pictures:
        answers = _answer_some(model, records, params, args.seed)
        rows = [_show_training(run, args, params, answer) for answer in answers]
        draw_sheet(rows, _TRAINING_TITLES, folder / "training_sheet.png")
    if labels:
        mious = {rule: each["miou"] for rule, each in labels.items()}
        draw_rules(mious, folder / "label_quality.png", chosen=params.rule)


def draw_scored(
    folder: Path,
    params: GuidedSegmentationParams,
    records: Sequence[TagRecord],
    *,
    model: keras.Model,
    scores: Scores,
    seed: int,
) -> None:
    """Draw a contact sheet of scored pictures, and the confusions of all.

    Args:
        folder: the figures go there; it is made.
        params: resolved parameters.
        records: the records that were scored.
        model: the segmenter.
        scores: of them.
        seed: draws the pictures of the sheet.

    Raises:
        InputError: a picture cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.guided_segmentation.scoring`
    """
    if params.num_pictures:
        answers = _answer_some(model, records, params, seed)
        rows = [_show_scored(params, answer) for answer in answers]
        draw_sheet(rows, _SCORED_TITLES, folder / "scored_sheet.png")
    names = ("background", *scores.class_names)
    for kind, confusion in scores.confusions.items():
        draw_confusion(confusion, names, folder / f"{kind}confusion_matrix.png")


def _answer_some(model, records: Sequence[TagRecord], params, seed: int) -> Iterator[Answer]:
    """Draw records, those with a mask first, and run the segmenter on them."""
    order = np.random.default_rng(seed).permutation(len(records))
    drawn = sorted(order.tolist(), key=lambda place: records[place].mask is None)
    chosen = [records[place] for place in sorted(drawn[: params.num_pictures])]
    return answer_pictures(model, chosen, max_pixels=params.max_pixels)


def _show_training(run, args, params, answer) -> tuple[str, list[np.ndarray | None]]:
    image, record = answer.image, answer.record
    name = name_picture(record.image, Path(args.data_dir))
    pixels = {"max_pixels": params.max_pixels}
    saliency = read_saliency(run / SALIENCY / f"{name}.png", **pixels)
    guide = read_labels(run / GUIDES / f"{name}.png", **pixels)
    heat, classes = open_heat_maps(run).read(name, image.shape[:2])
    seeds, _ = seed_labels(heat, classes, threshold=params.seed_threshold)
    shown = [
        image,
        overlay_labels(image, seeds),
        overlay_saliency(image, saliency),
        overlay_labels(image, guide),
        overlay_labels(image, sharpen_labels(answer, params)),
        _show_truth(answer, params),
    ]
    return _caption(record), shown


def _show_scored(params, answer) -> tuple[str, list[np.ndarray | None]]:
    image = answer.image
    shown = [
        image,
        overlay_labels(image, answer.labels),
        overlay_labels(image, sharpen_labels(answer, params)),
        _show_truth(answer, params),
    ]
    return _caption(answer.record), shown


def _show_truth(answer, params) -> np.ndarray | None:
    if answer.record.mask is None:
        return None
    size = answer.image.shape[:2]
    truth = read_label_map(answer.record, size, max_pixels=params.max_pixels)
    return overlay_labels(answer.image, truth)


def _caption(record: TagRecord) -> str:
    return f"{record.image.name}: {', '.join(record.names)}"
