"""Scores the saliency network of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

from config.schema import SaliencyParams
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.saliency.fitting import SALIENCY_FILE
from training.saliency.pictures import choose_scored, read_pictures
from training.saliency.prediction import score_pictures, trace_model
from training.saliency.showing import draw_run, write_predictions
from training.saliency.summary import describe_choices, summarise
from training.scored_splits import choose_place, join_earlier, name_by_split
from training.workers import is_chief


def score_run(
    args: argparse.Namespace, params: SaliencyParams, run: Path, *, split: str | None = None
) -> None:
    """Score the best network of a run, draw, report and export it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `saliency.keras` and `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test pictures are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.saliency.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: SaliencyParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    fitted = read_fit(run, "saliency")
    place = choose_place(run, asked)
    model = load_keras_model(run / SALIENCY_FILE)
    records, split = choose_scored(read_pictures(args, params), asked or "test")
    scored = score_pictures(model, records, args, params, run)
    metrics, units = (name_by_split(each, split) for each in summarise(scored))
    write_predictions(scored, place.predictions)
    draw_run(
        place.figures,
        scored,
        trace_model(model),
        num_pictures=params.num_pictures,
        seed=args.seed,
        max_pixels=params.max_pixels,
    )
    export_saved_model(model, run / "saved_model", max_pixels=params.max_pixels)
    notes = describe_choices(split, scored, params.labels, fitted)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)
