"""Score a counter on test pictures, draw it, report it and export it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from config.files import write_json
from config.schema import NoisySynthRegressParams
from datasets.images import read_image
from datasets.pipeline import make_patch_dataset
from datasets.records import CountRecord
from finetuning.unsupervised.noisy_synth_regress.pictures import read_test_pictures
from metrics.counting import counting_metrics
from reporting.export import export_saved_model
from reporting.figures import draw_count_scatter, draw_error_boxplot, draw_patch_counts
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
    counts = np.array([record.count for record in records], np.float64)
    metrics, units = counting_metrics(counts, predicted["count"], mean_count=fitted["mean_count"])
    metrics.update(fitted["ranker_metrics"])
    write_json(
        {"N": params.N, "predictions": describe(records, predicted)}, run / "predictions.json"
    )
    draw_figures(run, records, predicted, params)
    saved_model = run_without_strategy(lambda: export_counter(run, max_pixels=params.max_pixels))
    finish_run(run, args, params, metrics, units, started=started - fitted["seconds"])
    print(f"SavedModel:  {saved_model}")


def export_counter(run: Path, *, max_pixels: int) -> Path:
    """Export the counter of a run, loaded anew: one that lives on several devices cannot be.

    Args:
        run: run folder with `counter.keras`.
        max_pixels: larger pictures are refused by the export.

    Returns:
        The SavedModel's folder.

    Raises:
        OSError: it cannot be written.

    Example:
        >>> # see `evaluate`
    """
    counter = load_keras_model(run / "counter.keras")
    return export_saved_model(counter, run / "saved_model", max_pixels=max_pixels)


def describe(records: list[CountRecord], predicted: dict[str, np.ndarray]) -> list[dict]:
    """Put each picture's true and predicted counts together.

    Args:
        records: test pictures.
        predicted: `count` (num_images,) and `patch_counts` (num_images, N * N), objects.

    Returns:
        One dict a picture, in the order of `records`.

    Example:
        >>> predicted = {"count": np.array([2.5]), "patch_counts": np.array([[2.5]])}
        >>> describe([CountRecord(Path("a.jpg"), 3)], predicted)[0]["predicted"]
        2.5
    """
    return [
        {
            "image": str(record.image),
            "count": record.count,
            "predicted": float(count),
            "patch_counts": patch_counts.tolist(),
        }
        for record, count, patch_counts in zip(
            records, predicted["count"], predicted["patch_counts"], strict=True
        )
    ]


def draw_figures(
    run: Path,
    records: list[CountRecord],
    predicted: dict[str, np.ndarray],
    params: NoisySynthRegressParams,
) -> None:
    """Draw errors by true count, count against count, and pictures with their patch counts.

    Args:
        run: run folder; the figures go into its `figures`.
        records: test pictures.
        predicted: as in `describe`.
        params: resolved parameters.

    Raises:
        OSError: a figure cannot be written.

    Example:
        >>> # see `evaluate`
    """
    folder = run / "figures"
    counts = [record.count for record in records]
    draw_error_boxplot(
        counts, predicted["count"], folder / "error_boxplot.png", bin_width=params.bin_width
    )
    draw_count_scatter(counts, predicted["count"], folder / "count_scatter.png")
    # Evenly spread over the pictures from the emptiest to the fullest.
    order = np.argsort(counts, kind="stable")
    places = np.linspace(0, len(order) - 1, min(params.num_pictures, len(order))).astype(int)
    for number, i in enumerate(order[places]):
        draw_patch_counts(
            read_image(records[i].image, max_pixels=params.max_pixels),
            predicted["patch_counts"][i],
            folder / f"patch_counts_{number:02d}.png",
            truth=counts[i],
        )
