"""Chooses what a run computes on, and how: devices, workers, precision, determinism."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from config.errors import InputError
from training.engine_options import EngineOptions, read_engine_options
from training.interruption import StoppedRun
from training.multi_worker import (
    join_workers,
    name_lost_worker,
    read_cluster,
    repair_keras,
)
from training.run_lock import release_runs


@contextmanager
def start_engine(args: argparse.Namespace) -> Iterator[tf.distribute.Strategy]:
    """Set TensorFlow and Keras up for one command; models are built and trained inside.

    Args:
        args: a wrapper's arguments.

    Yields:
        The strategy, in whose scope the block runs.

    Raises:
        InputError: a device is not there, or options exclude each other.
        StoppedRun: another worker is gone.

    Example:
        >>> with start_engine(argparse.Namespace(precision="mixed_bfloat16", seed=0)):
        ...     keras.config.dtype_policy().name
        'mixed_bfloat16'
    """
    options = read_engine_options(args)
    cluster = read_cluster()
    check_options(options, several=options.device == "all" or cluster is not None)
    if options.deterministic:
        keras.utils.set_random_seed(args.seed)
        tf.config.experimental.enable_op_determinism()
    choose_device(options.device)
    strategy = join_workers(cluster) if cluster else _build_strategy(options.device)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(options.precision)
    try:
        with strategy.scope():
            yield strategy
    except tf.errors.OpError as error:
        worker = name_lost_worker(error)
        if not worker:
            raise
        raise StoppedRun(f"{worker} stopped answering, so this one stops too.") from error
    finally:
        keras.config.set_dtype_policy(policy)
        release_runs()


def check_options(options: EngineOptions, *, several: bool) -> None:
    """Refuse what Keras cannot do on several devices.

    Args:
        options: the engine's options.
        several: whether the run uses several devices or workers.

    Raises:
        InputError: options exclude each other.

    Example:
        >>> check_options(EngineOptions(accumulate=2), several=False)
    """
    if several and options.accumulate > 1:
        raise InputError(
            "`--accumulate` must be 1 with `--device all` or several workers. "
            f"Received {options.accumulate}; each device already computes a part of the batch."
        )
    if several and options.jit == "on":
        raise InputError(
            "`--jit` must be auto or off with `--device all` or several workers, where Keras "
            "cannot compile the step. Received on."
        )


def choose_device(device: str) -> None:
    """Hide the devices that a run shall not use.

    Args:
        device: "auto" or "all", which hide none; "cpu"; "gpu:0" or another number.

    Raises:
        InputError: there is no such device, or TensorFlow has started on another one already.

    Example:
        >>> choose_device("gpu:99")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--device` must name a device of this machine: ...
    """
    if device in ("auto", "all"):
        return
    gpus = tf.config.list_physical_devices("GPU")
    names = ["cpu", *(f"gpu:{number}" for number in range(len(gpus)))]
    if device not in names:
        known = ", ".join(["auto", "all", *names])
        raise InputError(
            f"`--device` must name a device of this machine: {known}. Received {device}."
        )
    number = re.fullmatch(r"gpu:(\d+)", device)
    wanted = [gpus[int(number[1])]] if number else []
    try:
        tf.config.set_visible_devices(wanted, "GPU")
    except RuntimeError as error:
        raise InputError(
            f"`--device {device}` must be chosen before TensorFlow starts; use a new process."
        ) from error


def _build_strategy(device: str) -> tf.distribute.Strategy:
    if device != "all":
        return tf.distribute.get_strategy()
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    devices = [item.name for item in tf.config.list_logical_devices(kind)]
    repair_keras()
    return tf.distribute.MirroredStrategy(devices)
