"""Scores the seeder of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

from config.files import write_json
from config.schema import SeedsParams
from reporting.model_files import load_keras_model
from training.continued_runs import SEEDS_FILE
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.scored_splits import choose_place, choose_scored, join_earlier, name_by_split
from training.seeds.heat_maps import TAGS_FILE, MapSettings, find_heat_maps
from training.seeds.pictures import read_pictures
from training.seeds.showing import draw_run, write_scores
from training.seeds.summary import (
    ChosenThreshold,
    choose_threshold,
    count_seeds,
    describe_choices,
    summarise,
)
from training.seen_pictures import PICTURES_FILE, list_seen, write_seen
from training.workers import is_chief


def score_run(
    args: argparse.Namespace, params: SeedsParams, run: Path, *, split: str | None = None
) -> None:
    """Score the best seeder of a run, draw and report it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `seeds.keras` and `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test pictures are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.seeds.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: SeedsParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    fitted = read_fit(run, "seeds")
    place = choose_place(run, asked)
    splits = read_pictures(args, params)
    records, split = choose_scored(splits, asked or "test")
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
    metrics, units = (name_by_split(each, split) for each in (metrics, units))
    write_json(_describe_tags(fitted, params, threshold), run / TAGS_FILE)
    if not (run / PICTURES_FILE).is_file():
        write_seen(list_seen(splits, Path(args.data_dir)), run)
    write_scores(found, names, place.predictions)
    draw_run(place.figures, found, confusions, params, threshold=threshold.value, seed=args.seed)
    notes = describe_choices(split, len(records), fitted, threshold)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def _describe_tags(fitted: dict, params: SeedsParams, threshold: ChosenThreshold) -> dict:
    """Return what others need to make seeds of the run's maps; see `read_map_settings`."""
    return {
        **{name: fitted[name] for name in ("class_names", "learnt", "mapped")},
        "image_size": params.image_size,
        "cam_scales": params.cam_scales,
        "cam_flip": params.cam_flip,
        "seed_threshold": threshold.value,
        "seed_threshold_chosen": threshold.reason,
    }
