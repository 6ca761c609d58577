"""Keeps what a run reached: `results.json`, and the same numbers as a text table."""

from __future__ import annotations

import json
import math
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.files import write_json

RESULTS_FILE = "results.json"
PROJECT_ROOT = Path(__file__).resolve().parent.parent
# The first distribution found gives the version: tensorflow-cpu is tensorflow at half the size.
DISTRIBUTIONS = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "scikit-learn": ("scikit-learn",),
    "pillow": ("pillow",),
}


def collect_versions() -> dict[str, str]:
    """Name the versions of Python, the platform and the libraries that results depend on.

    Returns:
        {name: version}; a library that is not installed is left out.

    Example:
        >>> sorted(collect_versions())[:2]
        ['keras', 'numpy']
    """
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    for name, distributions in DISTRIBUTIONS.items():
        for distribution in distributions:
            try:
                versions[name] = metadata.version(distribution)
                break
            except metadata.PackageNotFoundError:
                continue
    return versions


def git_commit(root: Path = PROJECT_ROOT) -> str | None:
    """Name the commit of the code that runs.

    Args:
        root: folder of the code.

    Returns:
        The commit's hash; None when `root` is no git checkout or git is not installed.

    Example:
        >>> git_commit(Path("/nowhere")) is None
        True
    """
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a run was told and what it reached.

    Attributes:
        experiment: e.g. "training/baseline".
        status: "finished"; a run that has no results is not.
        metrics: {name: number}; a number that is not finite is stored as null.
        units: {name of a metric: unit}; a metric without a unit is left out.
        config: the resolved parameters.
        seed: seed of all randomness.
        seconds: duration of the run.
        command: the command line that repeats the run, quoted for a shell.
        notes: sentences that the numbers need to be understood.
        versions: {library: version}.
        git_commit: commit of the code, or None.

    Example:
        >>> Results(experiment="training/baseline", status="finished", metrics={"mae": 2.0},
        ...         units={"mae": "objects"}, config={}, seed=1, seconds=3.0,
        ...         command="python train_wrapper.py").metrics
        {'mae': 2.0}
    """

    experiment: str
    status: str
    metrics: dict[str, float | None]
    units: dict[str, str]
    config: dict[str, Any]
    seed: int
    seconds: float
    command: str
    notes: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=collect_versions)
    git_commit: str | None = field(default_factory=git_commit)


def write_results(run_dir: str | Path, results: Results) -> Path:
    """Write `results.json` into a run folder.

    Args:
        run_dir: run folder; must exist.
        results: what to keep.

    Returns:
        The file's path.

    Raises:
        OSError: the file cannot be written; an earlier one stays as it was.

    Example:
        See `read_results`.
    """
    return write_json(results, Path(run_dir) / RESULTS_FILE)


def read_results(run_dir: str | Path) -> Results:
    """Read the `results.json` of a run folder.

    Args:
        run_dir: run folder.

    Returns:
        The results; a metric that was not finite is None.

    Raises:
        InputError: the file is missing, not JSON, or lacks or adds a key.

    Example:
        >>> import tempfile
        >>> results = Results(experiment="training/baseline", status="finished",
        ...                   metrics={"mae": float("nan")}, units={}, config={}, seed=1,
        ...                   seconds=3.0, command="python train_wrapper.py")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_results(folder, results)
        ...     read_results(folder).metrics
        {'mae': None}
    """
    path = Path(run_dir) / RESULTS_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Results(**content)
    except OSError as error:
        raise InputError(
            f"{path} must be a file that can be read. Received: {error.strerror}; "
            "give the folder of a run that has finished."
        ) from error
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} must hold the results of a run as JSON. Received: {error}; repeat the run."
        ) from error


def format_number(value: float | None) -> str:
    """Write a metric for reading: four significant digits, no exponent below a million.

    Args:
        value: number, or None when it was not finite.

    Returns:
        Its text; "not finite" for None, NaN and infinities.

    Example:
        >>> format_number(12.34567), format_number(1500), format_number(None)
        ('12.35', '1500', 'not finite')
    """
    if value is None or not math.isfinite(value):
        return "not finite"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value)}"
    return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.4g}"


def print_metrics_table(metrics: Mapping[str, float | None], units: Mapping[str, str]) -> str:
    """Lay metrics out as a text table: name, value, unit.

    Args:
        metrics: {name: number}.
        units: {name: unit}; "" for a name it lacks.

    Returns:
        The table's lines, joined; "" without metrics.

    Example:
        >>> print(print_metrics_table({"mae": 2.0, "rank_accuracy": 0.98765}, {"mae": "people"}))
        mae                 2  people
        rank_accuracy  0.9877
    """
    rows = [(name, format_number(value), units.get(name, "")) for name, value in metrics.items()]
    if not rows:
        return ""
    name_width = max(len(name) for name, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    lines = (f"{name:<{name_width}}  {value:>{value_width}}  {unit}" for name, value, unit in rows)
    return "\n".join(line.rstrip() for line in lines)
