"""Closes a run: its results file, its figures and its report."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config.loader import params_to_dict
from reporting.report import write_report
from reporting.results import Results, print_metrics_table, write_results
from reporting.training_curves import draw_training_curves
from training.run_folders import read_run
from training.workers import is_chief


def finish_run(
    run: Path,
    args: argparse.Namespace,
    params: Any,
    metrics: Mapping[str, float],
    units: Mapping[str, str],
    *,
    started: float,
    notes: Sequence[str] = (),
) -> None:
    """Write `results.json`, the training curves and `report.html`, and print what was reached.

    Of several workers only the chief does anything.

    Args:
        run: run folder, its other figures drawn.
        args: the wrapper's arguments.
        params: resolved parameters.
        metrics: {name: number}.
        units: {name: unit}.
        started: `time.monotonic()` when the command began.
        notes: sentences that the numbers need to be understood.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> # see `training.baseline.train`
    """
    if not is_chief():
        return
    results = Results(
        experiment=args.experiment,
        status="finished",
        metrics=dict(metrics),
        units=dict(units),
        config=params_to_dict(params),
        seed=args.seed,
        seconds=time.monotonic() - started,
        command=read_run(run)[0]["command"],
        notes=list(notes),
    )
    if (run / "results.csv").exists():
        draw_training_curves(run / "results.csv", run / "figures" / "training_curves.png")
    report = write_report(run, results)
    write_results(run, results)  # last: it says that the run is finished
    print(f"\n{print_metrics_table(results.metrics, results.units)}\n")
    for note in results.notes:
        print(note)
    print(f"Run folder:  {run}\nHTML report: {report}")
