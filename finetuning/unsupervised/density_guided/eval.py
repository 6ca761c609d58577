"""Score a density-guided counter beside fixed grids, draw it, report it and export it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from config.files import write_json
from finetuning.unsupervised.calibrating import interval_metrics, interval_notes
from finetuning.unsupervised.density_guided.reading import (
    compare_grids,
    count_reads,
    read_cell_weights,
    read_guided,
)
from finetuning.unsupervised.features import list_counts
from finetuning.unsupervised.pictures import read_test_pictures
from finetuning.unsupervised.scoring import (
    describe,
    draw_count_figures,
    draw_pictures,
    export_counter,
)
from metrics.counting import counting_metrics
from models.counter import build_feature_extractor
from reporting.model_files import load_keras_model
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.model_files import load_encoder
from training.runs import load_run_params


def evaluate(args: argparse.Namespace, run: Path) -> None:
    """Evaluate the counter of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `counter.keras`.

    Raises:
        InputError: the test data cannot be used, or a picture is smaller than its finest grid.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/unsupervised/density_guided
    """
    started = time.monotonic()
    params = load_run_params(args)
    fitted = json.loads((run / "fit.json").read_text(encoding="utf-8"))
    records = read_test_pictures(args, params)
    counts = list_counts(records)
    file = run / "counter.keras"
    predicted = read_guided(file, records, params)
    metrics, units = counting_metrics(counts, predicted["count"], mean_count=fitted["mean_count"])
    compared, compared_units = compare_grids(
        build_feature_extractor(load_encoder(file)),
        records,
        params,
        cell_weights=read_cell_weights(load_keras_model(file)),
        whole_weights=np.array(fitted["whole_weights"]),
    )
    covered, covered_units = interval_metrics(
        run, counts, predicted["count"], predicted["none_probability"]
    )
    metrics |= {**compared, "cells_read": count_reads(predicted["cells"]), **covered}
    metrics |= fitted["ranker_metrics"]
    units |= {**compared_units, "cells_read": "cells a picture", **covered_units}
    shape = {"N": params.N, "max_depth": params.max_depth}
    write_json({**shape, "predictions": describe(records, predicted)}, run / "predictions.json")
    draw_count_figures(run, counts, predicted, params, covered)
    draw_pictures(run, records, predicted, params)
    saved_model = run_without_strategy(lambda: export_counter(run, max_pixels=params.max_pixels))
    finish_run(
        run,
        args,
        params,
        metrics,
        units,
        started=started - fitted["seconds"],
        notes=[*cell_notes(fitted), *interval_notes(run)],
    )
    print(f"SavedModel:  {saved_model}")


def cell_notes(fitted: dict) -> list[str]:
    """Say what the comparison is, and which classes of cells had nothing to learn from.

    Args:
        fitted: content of the run's `fit.json`.

    Returns:
        Sentences for the report.

    Example:
        >>> cell_notes({"num_cells": {"none": 0, "sparse": 3, "dense": 2}})[1]
        'No training cell was none, so no cell is read as such.'
    """
    missing = [name for name, number in fitted["num_cells"].items() if not number]
    return [
        "patches_G_*: the same pictures in G x G patches, with weights fitted on whole pictures; "
        "cells_G_*: with the weights of this counter's cells.",
        *(f"No training cell was {name}, so no cell is read as such." for name in missing),
    ]
