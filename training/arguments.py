"""The arguments that the wrappers share."""

from __future__ import annotations

import argparse

from config.overrides import Override
from ops.cores import count_cores
from training.default_data import describe_default
from training.engine_options import add_device_arguments, add_engine_arguments

MOST_WORKERS = 8  # by default; each holds pictures in memory


def add_common_arguments(parser: argparse.ArgumentParser, *, stage: str) -> None:
    """Add what both wrappers take: where the configuration is, what overrides it, the seed.

    Args:
        parser: the wrapper's parser; changed in place.
        stage: "training" or "finetuning".

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_common_arguments(parser, stage="training")
        >>> parser.parse_args(["--set", "epochs=3"]).overrides
        ['epochs=3']
    """
    parser.add_argument(
        "--params_dir", default="config/demo", help="folder of <experiment>.params.json files"
    )
    parser.add_argument("--data_dir", default="data", help="folder that holds the data sets")
    parser.add_argument(
        "--format",
        help="layout of the data set: annotations, coco, voc, shanghaitech, mall, dots, ...; "
        + describe_default("format", stage),
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one value of the configuration; may be repeated",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice")
    parser.add_argument(
        "--index", default="0", help="folder between data set and time, to number repeats"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=min(count_cores(), MOST_WORKERS),
        help="processes, or threads, that work on pictures one by one; default: one a core, at "
        f"most {MOST_WORKERS}",
    )
    _add_run_arguments(parser)
    add_device_arguments(parser)


def add_fitting_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what matters to experiments that train by steps.

    Args:
        parser: a wrapper's parser; changed in place.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_fitting_arguments(parser)
        >>> parser.parse_args(["--patience", "3"]).patience
        3
    """
    parser.add_argument(
        "--patience",
        type=int,
        default=10,
        help="epochs without improvement before stopping; left out, localizers take `patience` of "
        "their configuration",
    )
    parser.add_argument(
        "--cache",
        choices=("auto", "none", "memory", "disk"),
        default="auto",
        help="keep decoded and resized training pictures; auto: in memory, if 1 GiB holds them",
    )
    add_engine_arguments(parser)


def add_override(parser: argparse.ArgumentParser, key: str, meaning: str) -> None:
    """Add `--KEY VALUE` as another way to write `--set KEY=VALUE`; the later of both wins.

    Args:
        parser: a wrapper's parser; changed in place.
        key: of the configuration.
        meaning: one line.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_override(parser, "N", "patches a side")
        >>> parser.parse_args(["--N", "2"]).overrides
        ['N=2']
    """
    parser.add_argument(
        f"--{key}",
        dest="overrides",
        action="append",
        default=[],
        type=lambda text: Override(f"{key}={text}", f"--{key}"),
        metavar=key.upper(),
        help=f"{meaning}; the same as --set {key}=...",
    )


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which run the command goes on with, and how many it starts."""
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with this unfinished run folder, as it was started"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start anew even if this command left a run unfinished"
    )
    parser.add_argument(
        "--force", action="store_true", help="resume although the configuration given differs"
    )
    parser.add_argument(
        "--sweep",
        action="append",
        default=[],
        metavar="KEY=A,B,C",
        help="one run per value, or per combination when repeated; ends with a page of all",
    )
