"""Score a counter on test pictures, draw it, report it and export it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.schema import NoisySynthRegressParams
from datasets.bad_files import drop_bad_files
from datasets.formats import read_counted
from datasets.images import read_header, read_image
from datasets.pipeline import make_patch_dataset
from datasets.records import CountRecord
from metrics.counting import counting_metrics
from reporting.export import export_saved_model
from reporting.figures import draw_count_scatter, draw_error_boxplot, draw_patch_counts
from reporting.files import write_json
from training.finish import finish_run
from training.model_files import load_model
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
    counter = load_model(run / "counter.keras")
    records = drop_bad_files(
        read_counted(args.format, args.data_dir, args.test_data, "test"),
        max_bad_fraction=params.max_bad_fraction,
        max_pixels=params.max_pixels,
    )
    check_sizes(records, params)
    patch_counter = counter.get_layer("patch_counter")
    patches = make_patch_dataset(
        records,
        patch_counter.input_shape[2:4],
        num_patches=params.N,
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
    )
    predicted = patch_counter.predict(patches, verbose=0)
    counts = np.array([record.count for record in records], np.float64)
    metrics, units = counting_metrics(counts, predicted["count"], mean_count=fitted["mean_count"])
    write_predictions(run, records, predicted)
    draw_figures(run, records, predicted, params)
    saved_model = export_saved_model(counter, run / "saved_model", max_pixels=params.max_pixels)
    finish_run(run, args, params, metrics, units, started=started - fitted["seconds"])
    print(f"SavedModel:  {saved_model}")
