"""Score a counter on test pictures, draw it, report it and export it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from config.files import write_json
from datasets.pipeline import make_patch_dataset
from finetuning.unsupervised.calibrating import interval_metrics, interval_notes
from finetuning.unsupervised.features import list_counts
from finetuning.unsupervised.pictures import read_test_pictures
from finetuning.unsupervised.scoring import (
    describe,
    draw_count_figures,
    draw_pictures,
    export_counter,
)
from metrics.counting import counting_metrics
from reporting.model_files import load_keras_model
from training.distribution import predict, run_without_strategy
from training.finish import finish_run
from training.runs import load_run_params


def evaluate(args: argparse.Namespace, run: Path) -> None:
    """Evaluate the counter of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `counter.keras`.

    Raises:
        InputError: the test data cannot be used, or a picture is smaller than N x N pixels.

    Example:
        >>> # python finetune_wrapper.py
    """
    started = time.monotonic()
    params = load_run_params(args)
    fitted = json.loads((run / "fit.json").read_text(encoding="utf-8"))
    records = read_test_pictures(args, params)
    patch_counter = load_keras_model(run / "counter.keras").get_layer("patch_counter")
    patches = make_patch_dataset(
        records,
        patch_counter.input_shape[2:4],
        num_patches=params.N,
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
    )
    predicted = predict(patch_counter, patches)
    counts = list_counts(records)
    metrics, units = counting_metrics(counts, predicted["count"], mean_count=fitted["mean_count"])
    covered, their_units = interval_metrics(
        run, counts, predicted["count"], predicted["none_probability"]
    )
    metrics |= {**covered, **fitted["ranker_metrics"]}
    write_json(
        {"N": params.N, "predictions": describe(records, predicted)}, run / "predictions.json"
    )
    draw_count_figures(run, counts, predicted, params, covered)
    draw_pictures(run, records, predicted, params)
    saved_model = run_without_strategy(lambda: export_counter(run, max_pixels=params.max_pixels))
    finish_run(
        run,
        args,
        params,
        metrics,
        {**units, **their_units},
        started=started - fitted["seconds"],
        notes=interval_notes(run),
    )
    print(f"SavedModel:  {saved_model}")
