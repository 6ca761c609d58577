"""What the scripts at the root share: run a command, turn errors into one line and a status."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

from config.commands import report_failure, run_main
from config.errors import InputError
from config.loader import find_params_file, find_schema
from config.schema import SteppedParams
from training.arguments import add_fitting_arguments
from training.default_data import fill_data
from training.engine_options import read_engine_options
from training.interruption import EXIT_STOPPED, StoppedRun, StopRequest, stop_on_signal
from training.resuming import restore_arguments

LARGEST_SEED = 2**31 - 1


def run_command(
    main: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
    *,
    resumable: bool = False,
    again: str = "starts again",
) -> int:
    """Parse the command line, run `main`, and report an error the user can mend in one line.

    Args:
        main: takes the parsed arguments; returns an exit status, None meaning 0.
        parser: the script's parser.
        argv: arguments without the program's name; None reads `sys.argv`.
        resumable: whether the same command line goes on with what was stopped; then SIGINT and
            SIGTERM end it so.
        again: of such a command, what the same command line does next where it has no run folder.

    Returns:
        0, or what `main` returned; 2 for input that must be mended; 1 for a failing file system;
        75 for a command that was stopped and goes on when it is started again; 130 after Ctrl-C
        elsewhere. A programming error keeps its traceback.

    Example:
        >>> run_command(lambda args: None, argparse.ArgumentParser(), [])
        0
    """

    def run(args: argparse.Namespace) -> int | None:
        args.given = list_given(parser, argv)
        with stop_on_signal(again) if resumable else nullcontext(StopRequest()) as request:
            try:
                return main(args)
            except StoppedRun as stop:
                return report_failure(parser, str(stop), EXIT_STOPPED)
            except Exception as error:
                if not request.asked:
                    raise
                # A library made an error of its own of the stop.
                text = f"stopped ({type(error).__name__}); start the same command line again."
                return report_failure(parser, text, EXIT_STOPPED)

    return run_main(run, parser, argv)


def list_given(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> tuple[str, ...]:
    """Name the arguments that a command line gives itself, not those left to their defaults.

    Args:
        parser: the script's parser.
        argv: arguments without the program's name; None reads `sys.argv`.

    Returns:
        Names as in the parsed namespace, sorted.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> _ = parser.add_argument("--seed", default=0)
        >>> _ = parser.add_argument("--index", default=0)
        >>> list_given(parser, ["--seed", "0"])
        ('seed',)
    """
    names = vars(parser.parse_args(argv))
    blank = argparse.Namespace(**dict.fromkeys(names))
    given = vars(parser.parse_args(argv, namespace=blank))
    return tuple(sorted(name for name, value in given.items() if value is not None))


def complete_arguments(args: argparse.Namespace, *, stage: str) -> argparse.Namespace:
    """Fill in what depends on other arguments, or on the run that is resumed.

    Args:
        args: a wrapper's arguments.
        stage: "training" or "finetuning"; the experiment must lie there.

    Returns:
        The arguments with `experiment_name` and the data set.

    Raises:
        InputError: the experiment is unknown or of the other stage, the seed or the number of
            workers is out of range, `--resume` names no unfinished run, or an argument does not
            act on this experiment.

    Example:
        >>> args = argparse.Namespace(
        ...     experiment="training/baseline", experiment_name=None, params_dir=".", resume=None
        ... )
        >>> complete_arguments(args, stage="training").experiment_name
        'baseline'
    """
    args = restore_arguments(args)
    read_engine_options(args)
    seed = vars(args).get("seed", 0)
    if not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        raise InputError(f"`--seed` must be between 0 and {LARGEST_SEED}. Received {seed}.")
    if vars(args).get("workers", 1) < 1:
        raise InputError(f"`--workers` must be at least 1. Received {args.workers}.")
    find_params_file(Path(args.params_dir), args.experiment)
    _refuse_fitting_arguments(args)
    if Path(args.experiment).parts[0] != stage:
        script = {"training": "train", "finetuning": "finetune"}[Path(args.experiment).parts[0]]
        raise InputError(
            f"`--experiment` must lie under {stage}/. Received {args.experiment}; "
            f"use `python {script}_wrapper.py`."
        )
    name = args.experiment_name or Path(args.experiment).name
    return argparse.Namespace(**{**vars(fill_data(args)), "experiment_name": name})


def open_engine(args: argparse.Namespace) -> AbstractContextManager:
    """Set devices, workers and precision up for a stage.

    Args:
        args: a wrapper's arguments.

    Returns:
        What `training.devices.start_engine` gives; imported here, as TensorFlow takes seconds to
        load and `--help` need not wait for it.

    Example:
        >>> with open_engine(argparse.Namespace()):
        ...     pass
    """
    return importlib.import_module("training.devices").start_engine(args)


def name_model(args: argparse.Namespace) -> argparse.Namespace:
    """Put the model's file in the place of "latest", a run folder or a short name.

    Args:
        args: a fine-tuning wrapper's arguments, completed.

    Returns:
        What `training.model_files.name_model_file` gives; imported here, as it loads Keras.

    Raises:
        InputError: there is no such model.

    Example:
        >>> # see `finetune_wrapper.py`
    """
    return importlib.import_module("training.model_files").name_model_file(args)


def start_sweep(args: argparse.Namespace) -> int:
    """Run what `--sweep` asks for.

    Args:
        args: a wrapper's arguments, completed.

    Returns:
        Exit status.

    Example:
        >>> # see `training.sweeps.run_sweep`
    """
    sweeps = importlib.import_module("training.sweeps")  # drawing takes a second to load
    return sweeps.run_sweep(args, sys.argv[0], sys.argv[1:])


def import_stage(experiment: str, module: str) -> ModuleType:
    """Import the `train` or `eval` module of a known experiment.

    Args:
        experiment: e.g. "training/baseline"; must be known.
        module: "train" or "eval".

    Returns:
        The module.

    Example:
        >>> import_stage("training/baseline", "train").__name__
        'training.baseline.train'
    """
    return importlib.import_module(f"{experiment.replace('/', '.')}.{module}")


def _refuse_fitting_arguments(args: argparse.Namespace) -> None:
    """Refuse the arguments of training by steps where nothing is trained by steps."""
    if issubclass(find_schema(args.experiment), SteppedParams):
        return
    parser = argparse.ArgumentParser()
    add_fitting_arguments(parser)
    idle = sorted(set(vars(parser.parse_args([]))) & set(vars(args).get("given", ())))
    if idle:
        raise InputError(
            f"`--{idle[0]}` acts on experiments that train by steps. Received it with "
            f"{args.experiment}; leave it out."
        )
