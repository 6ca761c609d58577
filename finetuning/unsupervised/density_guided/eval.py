"""Score a density-guided counter beside fixed grids, draw it, report it and export it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from finetuning.unsupervised.density_guided.reading import (
    compare_grids,
    count_reads,
    read_cell_weights,
    read_guided,
)
from finetuning.unsupervised.pictures import read_test_pictures
from finetuning.unsupervised.scoring import CountedTest, close_counting_run
from models.counter import build_feature_extractor
from reporting.model_files import load_keras_model
from training.fit_files import read_fit
from training.model_files import find_encoder
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
    fitted, file = read_fit(run, "counting"), run / "counter.keras"
    records = read_test_pictures(args, params)
    predicted, counter = read_guided(file, records, params), load_keras_model(file)
    compared, units = compare_grids(
        build_feature_extractor(find_encoder(counter, file)),
        records,
        params,
        cell_weights=read_cell_weights(counter),
        whole_weights=np.array(fitted["whole_weights"]),
    )
    counted = CountedTest(
        records,
        predicted,
        {"N": params.N, "max_depth": params.max_depth},
        {**compared, "cells_read": count_reads(predicted["cells"])},
        {**units, "cells_read": "cells a picture"},
        cell_notes(fitted),
    )
    close_counting_run(args, run, params, counted, started=started)


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
