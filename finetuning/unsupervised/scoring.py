"""What the evaluations of counters share: predictions, figures, the export."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from config.files import write_json
from config.schema import CountingParams
from datasets.images import read_image
from datasets.records import CountRecord
from finetuning.unsupervised.calibrating import interval_metrics, interval_notes, read_calibration
from finetuning.unsupervised.features import list_counts
from metrics.counting import counting_metrics
from models.count_interval import OUTPUTS
from reporting.cell_figures import draw_cells
from reporting.count_captions import caption_count, decide_none
from reporting.count_figures import draw_coverage, draw_intervals
from reporting.export import export_saved_model
from reporting.figures import draw_count_scatter, draw_error_boxplot, draw_patch_counts
from reporting.model_files import load_keras_model
from reporting.model_kinds import model_assets
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit


@dataclass(frozen=True)
class CountedTest:
    """Test pictures as a counter counted them, and what else is to be told of it.

    Attributes:
        records: test pictures.
        predicted: as in `describe`, with the intervals.
        reading: how a picture was read, such as {"N": 2}.
        metrics: of this experiment alone.
        units: of those metrics.
        notes: sentences for the report.

    Example:
        >>> CountedTest([], {}, {"N": 2}).metrics
        {}
    """

    records: list[CountRecord]
    predicted: dict[str, np.ndarray]
    reading: dict[str, int]
    metrics: dict[str, float] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def close_counting_run(
    args: argparse.Namespace,
    run: Path,
    params: CountingParams,
    counted: CountedTest,
    *,
    started: float,
) -> None:
    """Score test pictures, draw them, export the counter, and write the results and the report.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `counter.keras`, `fit.json` and `calibration.json`.
        params: resolved parameters.
        counted: the test pictures.
        started: `time.monotonic()` when the evaluation began.

    Raises:
        InputError: the run was not fitted to its end.
        OSError: a file cannot be written.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.eval`
    """
    fitted, predicted = read_fit(run, "counting"), counted.predicted
    counts = list_counts(counted.records)
    metrics, units = counting_metrics(counts, predicted["count"], mean_count=fitted["mean_count"])
    covered, covered_units = interval_metrics(
        run, counts, predicted["count"], predicted["none_probability"]
    )
    described = describe(counted.records, predicted, read_calibration(run))
    write_json({**counted.reading, "predictions": described}, run / "predictions.json")
    draw_count_figures(run, counts, predicted, params, covered)
    draw_pictures(run, counted.records, predicted, params)
    saved_model = run_without_strategy(lambda: export_counter(run, max_pixels=params.max_pixels))
    finish_run(
        run,
        args,
        params,
        metrics | counted.metrics | covered | fitted["ranker_metrics"],
        units | counted.units | covered_units,
        started=started - fitted["seconds"],
        notes=[*counted.notes, *interval_notes(run)],
    )
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
        >>> # see `finetuning.unsupervised.noisy_synth_regress.eval`
    """
    file = run / "counter.keras"
    counter = load_keras_model(file)
    assets = model_assets(counter, file)
    return export_saved_model(counter, run / "saved_model", max_pixels=max_pixels, assets=assets)


def describe(
    records: list[CountRecord],
    predicted: dict[str, np.ndarray],
    about: Mapping[str, Any] = MappingProxyType({}),
) -> list[dict]:
    """Put each picture's true and predicted counts together.

    Args:
        records: test pictures.
        predicted: `count` (num_images,) and `patch_counts` (num_images, N * N), objects, and
            perhaps `count_low`, `count_high` and `none_probability` (num_images,) and `cells`
            (num_images, P, 2).
        about: `none_from`, see `reporting.count_captions`.

    Returns:
        One dict a picture, in the order of `records`.

    Example:
        >>> predicted = {"count": np.array([2.5]), "patch_counts": np.array([[2.5]])}
        >>> describe([CountRecord(Path("a.jpg"), 3)], predicted)[0]["predicted"]
        2.5
    """
    told = [name for name in OUTPUTS if name in predicted]
    parts = [name for name in ("patch_counts", "cells") if name in predicted]
    return [
        {
            "image": str(record.image),
            "count": record.count,
            "predicted": float(predicted["count"][i]),
            **{name: float(predicted[name][i]) for name in told},
            **decide_none({name: predicted[name][i] for name in ("count", *told)}, about),
            **{name: predicted[name][i].tolist() for name in parts},
        }
        for i, record in enumerate(records)
    ]


def draw_count_figures(
    run: Path,
    counts: np.ndarray,
    predicted: dict[str, np.ndarray],
    params: CountingParams,
    metrics: dict[str, float],
) -> None:
    """Draw errors by true count, count against count, the intervals, and what they hold.

    Args:
        run: run folder; the figures go into its `figures`.
        counts: (num_images,) true counts.
        predicted: as in `describe`, with the intervals.
        params: resolved parameters.
        metrics: what `finetuning.unsupervised.calibrating.interval_metrics` gave.

    Raises:
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.eval`
    """
    folder, prefix = run / "figures", "coverage_"
    found = predicted["count"]
    draw_error_boxplot(counts, found, folder / "error_boxplot.png", bin_width=params.bin_width)
    draw_count_scatter(counts, found, folder / "count_scatter.png")
    draw_intervals(counts, predicted, folder / "intervals.png", interval=params.interval)
    measured = {
        float(name.removeprefix(prefix)) / 100: share
        for name, share in metrics.items()
        if name.startswith(prefix)
    }
    calibrated_on = read_calibration(run)["calibrated_on"]
    draw_coverage(
        measured, folder / "coverage.png", num_images=len(counts), calibrated_on=calibrated_on
    )


def draw_pictures(
    run: Path,
    records: list[CountRecord],
    predicted: dict[str, np.ndarray],
    params: CountingParams,
) -> None:
    """Draw some test pictures with the counts of their patches, from the emptiest to the fullest.

    Args:
        run: run folder; the figures go into its `figures`.
        records: test pictures.
        predicted: as in `describe`.
        params: resolved parameters.

    Raises:
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.eval`
    """
    about = read_calibration(run)
    for number, i in enumerate(spread_by_count(records, params.num_pictures)):
        outputs = {name: predicted[name][i] for name in ("count", *OUTPUTS) if name in predicted}
        image = read_image(records[i].image, max_pixels=params.max_pixels)
        caption = caption_count(outputs, about=about, truth=records[i].count)
        path = run / "figures" / f"patch_counts_{number:02d}.png"
        if "cells" in predicted:
            draw_cells(image, predicted["cells"][i], params.N, path, caption=caption)
        else:
            draw_patch_counts(image, predicted["patch_counts"][i], path, caption=caption)


def spread_by_count(records: list[CountRecord], number: int) -> np.ndarray:
    """Choose pictures evenly spread from the emptiest to the fullest.

    Args:
        records: pictures.
        number: how many at most.

    Returns:
        (n,) int places in `records`.

    Example:
        >>> records = [CountRecord(Path(f"{count}.jpg"), count) for count in (5, 0, 9)]
        >>> spread_by_count(records, 2).tolist()
        [1, 2]
    """
    order = np.argsort([record.count for record in records], kind="stable")
    return order[np.linspace(0, len(order) - 1, min(number, len(order))).astype(int)]
