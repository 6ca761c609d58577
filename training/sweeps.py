"""Runs a grid of configurations one after the other: `--sweep key=a,b,c`."""

from __future__ import annotations

import argparse
import itertools
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from config.overrides import Override
from reporting.compare import format_table, read_runs, sort_runs, tabulate_metrics, write_page
from training.interruption import EXIT_STOPPED, STOP_SIGNALS, pass_signals_on
from training.multi_worker import read_cluster
from training.run_folders import find_finished_runs
from training.runs import load_run_params

logger = logging.getLogger(__name__)


def parse_sweeps(sweeps: Sequence[str]) -> list[list[str]]:
    """List the overrides of every run of a grid.

    Args:
        sweeps: `key=a,b,c`, one per key; commas inside brackets do not separate.

    Returns:
        For each run its `key=value` overrides; the last key changes fastest.

    Raises:
        InputError: a sweep has no values, or a key comes twice.

    Example:
        >>> parse_sweeps(["epochs=1,2", "input_shape=[32,32,3]"])
        [['epochs=1', 'input_shape=[32,32,3]'], ['epochs=2', 'input_shape=[32,32,3]']]
    """
    axes = {}
    for sweep in sweeps:
        key, equals, text = sweep.partition("=")
        values = _split(text)
        if not equals or not all(values):
            raise InputError(f"`--sweep` takes key=a,b,c. Received `{sweep}`.")
        if key in axes:
            raise InputError(f"`--sweep` must name a key once. Received `{key}` twice.")
        axes[key] = [Override(f"{key}={value}", "--sweep") for value in values]
    return [list(overrides) for overrides in itertools.product(*axes.values())]


def run_sweep(args: argparse.Namespace, script: str, argv: Sequence[str]) -> int:
    """Run the grid, each run in a process of its own, and compare the runs.

    A sweep that was stopped goes on when it is started again: runs of the same command that are
    finished are taken as they are, the unfinished one is resumed.

    Args:
        args: the wrapper's arguments, with `sweep`.
        script: the wrapper's file name.
        argv: its command line.

    Returns:
        0, or the exit status of the run that failed; 75 when a signal stopped the sweep.

    Raises:
        InputError: the grid cannot be used, or this is one of several workers; found out before
            the first run.
        OSError: the page cannot be written.

    Example:
        >>> # python train_wrapper.py --sweep learning_rate=0.001,0.01
    """
    _require_one_process()
    grid = parse_sweeps(args.sweep)
    told = [
        load_run_params(
            argparse.Namespace(**{**vars(args), "overrides": [*args.overrides, *overrides]})
        )
        for overrides in grid
    ]
    runs = []
    for number, (overrides, params) in enumerate(zip(grid, told, strict=True), 1):
        logger.info("sweep, run %d of %d: %s", number, len(grid), " ".join(overrides))
        if args.fresh or not find_finished_runs(args, params):
            status = _run([sys.executable, script, *_write_arguments(args, argv, overrides)])
            if status:
                return status
        runs.append(find_finished_runs(args, params)[0])
    compared = sort_runs(read_runs(runs))
    folder = Path(args.experiment_dir) / args.experiment_name
    page = write_page(compared, folder / "sweep.html")
    print(f"\n{format_table(tabulate_metrics(compared))}\n\nHTML page: {page}")
    return 0


def strip_sweeps(argv: Sequence[str]) -> list[str]:
    """Leave `--sweep` out of a command line.

    Args:
        argv: arguments.

    Returns:
        The others.

    Example:
        >>> strip_sweeps(["--seed", "1", "--sweep", "epochs=1,2", "--sweep=alpha=1"])
        ['--seed', '1']
    """
    kept, skip = [], False
    for argument in argv:
        if not skip and argument != "--sweep" and not argument.startswith("--sweep="):
            kept.append(argument)
        skip = argument == "--sweep"
    return kept


def _require_one_process() -> None:
    cluster = read_cluster()
    if cluster:
        raise InputError(
            "`--sweep` must be started by one process, without TF_CONFIG, srun or "
            f"`training.launch`. Received {len(cluster['cluster']['worker'])} workers; start the "
            "runs one by one with `--set`, and compare them with `python -m reporting.compare`."
        )


def _write_arguments(
    args: argparse.Namespace, argv: Sequence[str], overrides: Sequence[str]
) -> list[str]:
    """Write the command line of one run; all of a sweep continue one model."""
    model = [f"--model_path={args.model_path}"] if "model_path" in args else []
    return [*strip_sweeps(argv), *model, *(f"--set={override}" for override in overrides)]


def _run(command: Sequence[str]) -> int:
    """Run a command to its end; a signal is passed on to it, and ends the sweep with it."""
    processes = []
    with pass_signals_on(processes) as request:
        processes.append(subprocess.Popen(command, start_new_session=True))
        if request.asked:  # while it started
            processes[0].terminate()
        status = processes[0].wait()
    # Stopped before its own handlers stood, it died of the signal; after its results, it ends well.
    was_stopped = request.asked and (status == 0 or -status in STOP_SIGNALS)
    return EXIT_STOPPED if was_stopped else abs(status)


def _split(text: str) -> list[str]:
    """Split at commas; JSON lists and objects stay whole."""
    values, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter in "[{") - (letter in "]}")
        if letter == "," and not depth and not quoted:
            values.append("")
        else:
            values[-1] += letter
    return [value.strip() for value in values]
