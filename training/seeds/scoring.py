"""Scores the seeder of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

from config.errors import InputError
from config.files import write_json
from config.schema import SeedsParams
from reporting.model_files import load_keras_model
from training.continued_runs import SEEDS_FILE
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.seeds.fitting import FIT_FILE
from training.seeds.heat_maps import TAGS_FILE, MapSettings, find_heat_maps
from training.seeds.pictures import choose_scored, read_pictures
from training.seeds.showing import draw_run, write_scores
from training.seeds.summary import choose_threshold, count_seeds, describe_choices, summarise
from training.workers import is_chief


def score_run(
    args: argparse.Namespace, params: SeedsParams, run: Path, *, split: str = "test"
) -> None:
    """Score the best seeder of a run, draw and report it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `seeds.keras` and `fit.json`.
        split: "test" or "val".

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.seeds.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: SeedsParams, run: Path, split: str) -> None:
    started = time.monotonic()
    fitted = read_fit(run)
    splits = read_pictures(args, params)
    records, split = choose_scored(splits, split)
    names = splits.class_names
    settings = MapSettings(
        image_size=params.image_size, scales=params.cam_scales, flip=params.cam_flip
    )
    seeder = load_keras_model(run / SEEDS_FILE)
    options = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
    find = partial(find_heat_maps, seeder, settings=settings, **options)
    found = list(find(records))
    count = partial(
        count_seeds,
        num_classes=len(names),
        image_size=params.image_size,
        max_pixels=params.max_pixels,
    )
    confusions = validation = count(found)
    if split != "val" and params.seed_threshold is None:
        validation = count(find([each for each in splits.validation if each.mask is not None]))
    threshold = choose_threshold(params.seed_threshold, validation)
    metrics, units = summarise(found, confusions, class_names=names, threshold=threshold.value)
    if split == "val":
        metrics, units = ({f"val_{k}": v for k, v in each.items()} for each in (metrics, units))
    told = {
        **{name: fitted[name] for name in ("class_names", "learnt", "mapped")},
        "image_size": params.image_size,
        "cam_scales": params.cam_scales,
        "cam_flip": params.cam_flip,
        "seed_threshold": threshold.value,
        "seed_threshold_chosen": threshold.reason,
    }
    write_json(told, run / TAGS_FILE)
    write_scores(found, names, run / "predictions.csv")
    draw_run(run, found, confusions, params, threshold=threshold.value, seed=args.seed)
    notes = describe_choices(split, len(records), fitted, threshold)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def read_fit(run: Path) -> dict:
    """Read what fitting left in a run folder.

    Args:
        run: run folder.

    Returns:
        The content of `fit.json`.

    Raises:
        InputError: the folder holds no seeds run that was trained to its end.

    Example:
        >>> read_fit(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a seeds run that was trained to its end, ...
    """
    try:
        return json.loads((run / FIT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{run}: must be a seeds run that was trained to its end, with {FIT_FILE}. Finish it "
            f"with `--resume {run}`."
        ) from error
