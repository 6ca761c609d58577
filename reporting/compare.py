"""Puts several runs side by side: `python -m reporting.compare RUN RUN ... [--sort metric]`."""

from __future__ import annotations

import argparse
import base64
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.ticker import MaxNLocator

from config.commands import run_main
from config.errors import InputError
from config.files import atomic_file
from reporting.canvas import new_figure
from reporting.report import render_template
from reporting.results import Results, format_number, read_results
from reporting.training_curves import read_training_log

TEMPLATE_FILE = "compare.html.jinja"
# Values that are better when they are larger; of all others the smallest comes first.
LARGER_IS_BETTER = (
    *("accuracy", "box_acc", "r2", "spearman", "iou", "dice", "precision", "recall", "f1"),
    "pictures_per_second",
)


@dataclass(frozen=True)
class Run:
    """A finished run and how its training went.

    Attributes:
        name: shortest part of its path that tells it from the others.
        results: what it reached.
        log: {column: value per epoch}; empty when it kept none.

    Example:
        >>> # see `read_runs`
    """

    name: str
    results: Results
    log: dict[str, list[float]]


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["a", "b", "--sort", "mae"]).sort
        'mae'
    """
    parser = argparse.ArgumentParser(prog="reporting.compare", description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folders that have finished")
    parser.add_argument("--sort", help="metric to sort by; default: the first they share")
    parser.add_argument("--output", help="HTML page to write")
    return parser


def main(args: argparse.Namespace) -> int:
    """Print the comparison, and write the page when asked to.

    Args:
        args: parsed arguments.

    Returns:
        0.

    Raises:
        InputError: a folder is no finished run, or no run has the metric.
        OSError: the page cannot be written.

    Example:
        >>> # python -m reporting.compare --help
    """
    runs = sort_runs(read_runs(args.runs), args.sort)
    print(format_table(tabulate_metrics(runs)))
    differences = tabulate_differences(runs)
    if len(differences) > 1:
        print(f"\nWhat differs:\n{format_table(differences)}")
    if args.output:
        print(f"\nHTML page: {write_page(runs, Path(args.output))}")
    return 0


def read_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Read finished runs.

    Args:
        folders: run folders.

    Returns:
        One `Run` each, in order.

    Raises:
        InputError: a folder is no finished run.

    Example:
        >>> read_runs(["tests"])
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/results.json must be a file that can be read. ...
    """
    paths = list(dict.fromkeys(Path(folder).resolve() for folder in folders))
    results = [read_results(folder) for folder in dict.fromkeys(map(Path, folders))]
    parts = 1
    longest = max(len(path.parts) for path in paths)
    while parts < longest and len({path.parts[-parts:] for path in paths}) < len(paths):
        parts += 1
    runs = []
    for path, result in zip(paths, results, strict=True):
        log_file = path / "results.csv"
        log = read_training_log(log_file) if log_file.exists() else {}
        runs.append(Run("/".join(path.parts[-parts:]), result, log))
    return runs


def sort_runs(runs: Sequence[Run], metric: str | None = None) -> list[Run]:
    """Sort runs by a metric, the best first and those without it last.

    Args:
        runs: what `read_runs` returned.
        metric: its name; None for the first metric of the first run.

    Returns:
        The runs, sorted.

    Raises:
        InputError: no run has the metric.

    Example:
        >>> sort_runs([])
        []
    """
    known = list(dict.fromkeys(name for run in runs for name in run.results.metrics))
    if metric is None and known:
        metric = known[0]
    if metric not in known:
        if not runs or metric is None:
            return list(runs)
        raise InputError(f"`--sort` must be one of {', '.join(known)}. Received {metric}.")
    sign = -1 if any(word in metric for word in LARGER_IS_BETTER) else 1

    def rank(run: Run) -> tuple[bool, float]:
        value = run.results.metrics.get(metric)
        return value is None, sign * (value or 0.0)

    return sorted(runs, key=rank)


def tabulate_metrics(runs: Sequence[Run]) -> list[list[str]]:
    """Lay out the metrics: a head line, then a line per run.

    Args:
        runs: the runs, in the order wanted.

    Returns:
        Rows of texts.

    Example:
        >>> tabulate_metrics([])
        [['run']]
    """
    names = list(dict.fromkeys(name for run in runs for name in run.results.metrics))
    rows = [["run", *names]]
    for run in runs:
        metrics = run.results.metrics
        rows.append([run.name, *(format_number(metrics[n]) if n in metrics else "" for n in names)])
    return rows


def tabulate_differences(runs: Sequence[Run]) -> list[list[str]]:
    """Lay out what the runs were told differently: a head line, then a line per key.

    Args:
        runs: the runs, in the order wanted.

    Returns:
        Rows of texts; the head line alone when nothing differs.

    Example:
        >>> tabulate_differences([])
        [['key']]
    """
    told = [
        {"experiment": run.results.experiment, **run.results.config, "seed": run.results.seed}
        for run in runs
    ]
    rows = [["key", *(run.name for run in runs)]]
    for key in dict.fromkeys(key for values in told for key in values):
        texts = [_to_text(values[key]) if key in values else "" for values in told]
        if len(set(texts)) > 1:
            rows.append([key, *texts])
    return rows


def format_table(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns.

    Args:
        rows: texts, the head line first.

    Returns:
        The lines, joined.

    Example:
        >>> print(format_table([["run", "mae"], ["first", "2.5"]]))
        run    mae
        first  2.5
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{t:<{w}}" for t, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def write_page(runs: Sequence[Run], path: Path) -> Path:
    """Write the comparison as one HTML file without outside resources.

    Args:
        runs: the runs, in the order wanted.
        path: file to write.

    Returns:
        `path`.

    Raises:
        OSError: it cannot be written.

    Example:
        >>> # see `main`
    """
    page = render_template(
        TEMPLATE_FILE,
        metrics=tabulate_metrics(runs),
        differences=tabulate_differences(runs),
        curves=draw_curves(runs),
        commands=[(run.name, run.results.command) for run in runs],
    )
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(path)


def draw_curves(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Draw each logged quantity of all runs over the epochs.

    Args:
        runs: the runs; a colour each.

    Returns:
        (name of the quantity, PNG in base64) for each that a run logged.

    Example:
        >>> draw_curves([])
        []
    """
    names = dict.fromkeys(name for run in runs for name in run.log if name != "epoch")
    return [(name, _draw(runs, name)) for name in names]


def _draw(runs: Sequence[Run], name: str) -> str:
    figure = new_figure(6.0, 3.6)
    axes = figure.subplots()
    for run in runs:
        if name in run.log:
            epochs = [epoch + 1 for epoch in run.log["epoch"]]
            axes.plot(epochs, run.log[name], marker="o", markersize=3, label=run.name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel=name.replace("_", " "))
    axes.legend(frameon=False, fontsize="small")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return base64.b64encode(content.getvalue()).decode("ascii")


def _to_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    sys.exit(run_main(main, build_parser()))
