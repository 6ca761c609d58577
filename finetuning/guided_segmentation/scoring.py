"""The fifth stage: scores the segmenter of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.files import write_json
from config.schema import GuidedSegmentationParams
from datasets.job_pool import run_threads
from datasets.label_maps import read_label_map
from datasets.label_pngs import write_label_png
from datasets.records import TagRecord
from finetuning.guided_segmentation.fitting import SEGMENTER_FILE, list_rounds
from finetuning.guided_segmentation.pictures import read_pictures
from finetuning.guided_segmentation.prediction import Answer, answer_pictures, sharpen_labels
from finetuning.guided_segmentation.relabelling import RELABELLED
from finetuning.guided_segmentation.showing import draw_scored, draw_training
from finetuning.guided_segmentation.stages import GUIDES
from finetuning.guided_segmentation.summary import (
    Scores,
    box_overlaps,
    describe_choices,
    describe_labels,
    summarise,
)
from metrics.segmentation import confusion_matrix
from reporting.export import export_saved_model
from reporting.mask_settings import MASKS_FILE, masks_asset
from reporting.model_files import load_keras_model
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.scored_splits import choose_place, choose_scored, join_earlier, name_by_split
from training.stage_folders import name_picture, read_told
from training.workers import is_chief

PREDICTIONS, SCORES_FILE = "predictions", "scores.json"


def score_run(
    args: argparse.Namespace,
    params: GuidedSegmentationParams,
    run: Path,
    *,
    split: str | None = None,
) -> None:
    """Score the segmenter of a run, draw, report and export it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `segmenter.keras` and `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test pictures are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `finetuning.guided_segmentation.eval`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: GuidedSegmentationParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    folders = list_rounds(run, params.rounds)
    parts = [str(folder.relative_to(run)) for folder in folders]
    fitted = [read_fit(run, "guided segmentation", part=part) for part in parts]
    place = choose_place(run, asked)
    splits = read_pictures(args, params, run)
    records, split = choose_scored(splits, asked or "test")
    earlier_rounds = {}
    for number, folder in enumerate(folders[:-1], start=1):
        scores = score_pictures(folder / SEGMENTER_FILE, records, args, params)
        earlier_rounds |= summarise(scores, prefix=f"round_{number}_")
    file = run / SEGMENTER_FILE
    keep = partial(_write_prediction, place.find(PREDICTIONS), Path(args.data_dir))
    scores = score_pictures(file, records, args, params, keep=keep)
    counted = {"num_images": len(records), "num_masks": scores.num_masks}
    labels = read_told(run / GUIDES) or {}
    metrics = name_by_split({**summarise(scores), **earlier_rounds, **counted}, split)
    units = name_by_split(dict.fromkeys(counted, "pictures"), split)
    metrics |= _describe_labels(run, params, labels)
    write_json({"scores": scores, "labels": labels}, place.find(SCORES_FILE))
    model = load_keras_model(file)
    if not place.beside:
        draw_training(run, args, params, splits.training, model=model, labels=labels)
    draw_scored(place.figures, params, records, model=model, scores=scores, seed=args.seed)
    assets = masks_asset(model, file)
    (run / MASKS_FILE).write_text(assets[MASKS_FILE], encoding="utf-8")
    export_saved_model(model, run / "saved_model", max_pixels=params.max_pixels, assets=assets)
    notes = describe_choices(split, len(records), fitted)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= sum(each["seconds"] for each in fitted)
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def _describe_labels(run: Path, params: GuidedSegmentationParams, labels: dict) -> dict[str, float]:
    """Return the quality of what each round learnt, which is of training pictures alone."""
    again = (read_told(run / RELABELLED) or {}) if params.rounds == 2 else {}
    told = {f"{RELABELLED}_miou": each["miou"] for each in again.values()}
    return describe_labels(labels, params.rule) | told


def score_pictures(
    segmenter: Path,
    records: Sequence[TagRecord],
    args: argparse.Namespace,
    params: GuidedSegmentationParams,
    *,
    keep: Callable[[TagRecord, np.ndarray], None] | None = None,
) -> Scores:
    """Compare a segmenter's answers with masks and boxes: raw, sharpened, and with known tags.

    Args:
        segmenter: its file.
        records: the pictures.
        args: the wrapper's arguments, with `workers`: the threads in which CRFs run.
        params: resolved parameters.
        keep: called with each record and its sharpened labels (H, W) int32.

    Returns:
        What all pictures add up to.

    Raises:
        InputError: a picture or a mask cannot be used.

    Example:
        >>> # see `score_run`
    """

    def compare(answer: Answer):
        known = (0, *answer.record.tags)
        labels = {
            "": answer.labels,
            "crf_": sharpen_labels(answer, params),
            "tagged_": sharpen_labels(answer, params, labels=known),
        }
        if keep is not None:
            keep(answer.record, labels["crf_"])
        return _compare(answer.record, labels, params)

    model = load_keras_model(segmenter)
    answers = answer_pictures(model, records, max_pixels=params.max_pixels)
    done = run_threads(compare, answers, workers=args.workers)
    scores = Scores(records[0].class_names)
    bar = tqdm(done, "scoring", len(records), unit=" pictures", delay=2, disable=None)
    for confusions, overlaps in bar:
        scores.num_images += 1
        scores.num_masks += bool(confusions)
        scores.box_ious += overlaps
        for kind, confusion in confusions.items():
            scores.add_confusion(kind, confusion)
    return scores


def _compare(record: TagRecord, labels: dict[str, np.ndarray], params):
    """Return the confusions of a picture that has a mask, and the IoU of its boxed classes."""
    confusions, overlaps = {}, []
    size = labels[""].shape
    if record.mask is not None:
        truth = read_label_map(record, size, max_pixels=params.max_pixels)
        num = len(record.class_names)
        confusions = {
            kind: confusion_matrix(truth, each, num_classes=num) for kind, each in labels.items()
        }
    if record.boxes is not None and len(record.boxes):
        overlaps = box_overlaps(labels["crf_"], record.boxes, record.box_classes)
    return confusions, overlaps


def _write_prediction(folder: Path, data_dir: Path, record: TagRecord, labels: np.ndarray) -> None:
    write_label_png(labels, folder / f"{name_picture(record.image, data_dir)}.png")
