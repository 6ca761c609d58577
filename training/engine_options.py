"""How a run is carried out, whatever it trains: devices, precision, checkpoints, log lines."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass

from config.errors import InputError

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What the command line says about carrying out a run.

    Attributes:
        device: "auto", "cpu", "gpu:0" (any number) or "all".
        precision: Keras dtype policy, one of `PRECISIONS`.
        accumulate: parts in which a batch is computed; its gradients are averaged.
        jit: "auto", "on" or "off": whether XLA compiles the step.
        deterministic: whether TensorFlow may use only deterministic operations.
        keep_checkpoints: checkpoints kept.
        checkpoint_steps: steps between checkpoints.
        checkpoint_seconds: seconds between checkpoints.
        log_every: steps between log lines within an epoch; 0 for none.

    Example:
        >>> EngineOptions(accumulate=2).device
        'auto'
    """

    device: str = "auto"
    precision: str = "float32"
    accumulate: int = 1
    jit: str = "auto"
    deterministic: bool = False
    keep_checkpoints: int = 2
    checkpoint_steps: int = 200
    checkpoint_seconds: float = 300.0
    log_every: int = 0


_SMALLEST = {
    "accumulate": 1,
    "keep_checkpoints": 1,
    "checkpoint_steps": 1,
    "checkpoint_seconds": 0,
    "log_every": 0,
}


def add_device_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that matter to everything that computes.

    Args:
        parser: a wrapper's parser; changed in place.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_device_arguments(parser)
        >>> parser.parse_args([]).device
        'auto'
    """
    group = parser.add_argument_group("where it is computed")
    group.add_argument(
        "--device", default=EngineOptions().device, help="auto, cpu, gpu:0, gpu:1, ..., or all"
    )
    group.add_argument(
        "--deterministic", action="store_true", help="the same bits on every run, slower on a GPU"
    )


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `EngineOptions` that matter to training by steps.

    Args:
        parser: a wrapper's parser; changed in place.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_engine_arguments(parser)
        >>> parser.parse_args(["--accumulate", "4"]).accumulate
        4
    """
    group = parser.add_argument_group("how the run is carried out")
    default = EngineOptions()
    group.add_argument(
        "--precision", choices=PRECISIONS, default=default.precision, help="of the arithmetic"
    )
    group.add_argument(
        "--jit", choices=("auto", "on", "off"), default=default.jit, help="compile with XLA"
    )
    numbers = {
        "accumulate": "compute each batch in this many parts, which need less memory",
        "keep_checkpoints": "checkpoints kept",
        "checkpoint_steps": "steps between checkpoints",
        "checkpoint_seconds": "seconds between checkpoints",
        "log_every": "steps between log lines; 0: one line an epoch",
    }
    for name, meaning in numbers.items():
        value = getattr(default, name)
        group.add_argument(f"--{name}", type=type(value), default=value, help=meaning)


def read_engine_options(args: argparse.Namespace) -> EngineOptions:
    """Take the engine's options out of a wrapper's arguments.

    Args:
        args: parsed arguments; those that are missing keep their defaults.

    Returns:
        The options.

    Raises:
        InputError: a number is too small.

    Example:
        >>> read_engine_options(argparse.Namespace(accumulate=0))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--accumulate` must be at least 1. Received 0.
    """
    names = [field.name for field in dataclasses.fields(EngineOptions)]
    options = EngineOptions(**{name: vars(args)[name] for name in names if name in vars(args)})
    for name, smallest in _SMALLEST.items():
        value = getattr(options, name)
        if not value >= smallest:
            raise InputError(f"`--{name}` must be at least {smallest}. Received {value}.")
    return options
