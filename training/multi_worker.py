"""Runs over several processes or machines: finds the cluster, and mends Keras' `fit` for it.

Every host starts the same command line. The cluster is described by `TF_CONFIG`, or by Slurm.
"""

from __future__ import annotations

import functools
import json
import os
import re
import socket
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import trainer as keras_trainer

from config.errors import InputError
from training.interruption import take_signals_back

# Keras versions whose `fit` fails under MultiWorkerMirroredStrategy without the repairs.
REPAIRED_KERAS = ((3, 15), (3, 16))
SLURM_PORT = 8888
SLURM_VARIABLES = (
    "SLURM_STEP_NUM_TASKS",
    "SLURM_STEP_NODELIST",
    "SLURM_STEP_TASKS_PER_NODE",
    "SLURM_PROCID",
)


def read_cluster(environment: Mapping[str, str] | None = None) -> dict | None:
    """Read which workers a run has and which of them this process is.

    Args:
        environment: variables to read; None for the process's own.

    Returns:
        The content of `TF_CONFIG`, or the same made from Slurm's variables; None for one process.

    Raises:
        InputError: `TF_CONFIG` or Slurm's variables are malformed.

    Example:
        >>> cluster = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", '
        >>> read_cluster({"TF_CONFIG": cluster + '"index": 1}}'})["task"]["index"]
        1
    """
    environment = os.environ if environment is None else environment
    if environment.get("TF_CONFIG"):
        config = _parse_config(environment["TF_CONFIG"])
        return config if len(config["cluster"]["worker"]) > 1 else None
    try:
        is_alone = int(environment.get("SLURM_STEP_NUM_TASKS", 1)) <= 1
        return None if is_alone else _ask_slurm(environment)
    except (ValueError, KeyError, IndexError, TypeError, RuntimeError) as error:
        found = {name: environment[name] for name in SLURM_VARIABLES if name in environment}
        raise InputError(
            f"{', '.join(SLURM_VARIABLES)} must be as srun sets them. Received {found}; start the "
            "command with srun, or describe the cluster in TF_CONFIG."
        ) from error


def _parse_config(text: str) -> dict:
    example = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        sound = (
            set(config["cluster"]) == {"worker"}
            and isinstance(workers, list)
            and all(re.fullmatch(r"[^\s:]+:\d{1,5}", worker) for worker in workers)
            and len(set(workers)) == len(workers)
            and task["type"] == "worker"
            and int(task["index"]) in range(len(workers))
        )
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise InputError(f"TF_CONFIG must be {example}. Received {text!r}.") from error
    if not sound:
        raise InputError(
            f"TF_CONFIG must be {example}, its workers distinct and its index one of theirs. "
            f"Received {text!r}."
        )
    config["task"]["index"] = int(task["index"])
    return config


def _ask_slurm(environment: Mapping[str, str]) -> dict:
    # Slurm itself shows each task its own GPUs (--gpus-per-task), so TensorFlow shall not divide
    # the node's; these numbers only keep it from counting them.
    num_tasks = int(environment["SLURM_STEP_NUM_TASKS"])
    resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
        port_base=SLURM_PORT, gpus_per_node=num_tasks, gpus_per_task=1, auto_set_gpu=False
    )
    cluster = resolver.cluster_spec().as_dict()
    task_type, task_id = resolver.get_task_info()
    if task_id not in range(len(cluster.get("worker", ()))):
        raise ValueError("this task is none of the step's")
    return {"cluster": cluster, "task": {"type": task_type, "index": task_id}}


def join_workers(cluster: dict) -> tf.distribute.Strategy:
    """Meet the other workers.

    Args:
        cluster: what `read_cluster` returned.

    Returns:
        The strategy; Keras' `fit` works under it.

    Raises:
        InputError: this worker's port is taken.

    Example:
        >>> # see `training.devices.start_engine`
    """
    index = cluster["task"]["index"]
    address = cluster["cluster"]["worker"][index]
    _check_port(address)
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    repair_keras()
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    strategy = tf.distribute.MultiWorkerMirroredStrategy(resolver)
    take_signals_back()
    return strategy


def _check_port(address: str) -> None:
    """Say that a port is taken; TensorFlow would end the process without a word to catch."""
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", int(port)))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"TF_CONFIG: this worker's port must be free. Received {host}:{port}, which "
                f"cannot be opened ({error}); name another one in every worker's TF_CONFIG."
            ) from error


def needs_repairs(version: str = keras.__version__) -> bool:
    """Say whether this Keras' `fit` fails with several workers.

    Args:
        version: of Keras.

    Returns:
        Whether `repair_keras` changes anything.

    Example:
        >>> needs_repairs("3.15.1"), needs_repairs("3.16.0")
        (True, False)
    """
    number = tuple(int(part) for part in version.split(".")[:2])
    return REPAIRED_KERAS[0] <= number < REPAIRED_KERAS[1]


def repair_keras() -> None:
    """Let `fit` and `evaluate` run on several devices and workers; other runs see no change.

    Two functions of Keras 3.15 fail there. `_maybe_symbolic_build` averages the devices' batches
    to build the model, optimizer and metrics from it, which neither works over workers nor with
    batches of unequal size: all is built beforehand, so it is skipped. `reduce_per_replica`
    averages scalars of several workers over an axis that they do not have: it averages over the
    workers alone.

    Example:
        >>> # see `join_workers`
    """
    trainer = keras_trainer.TensorFlowTrainer
    if not needs_repairs() or hasattr(trainer._maybe_symbolic_build, "__wrapped__"):
        return
    build, reduce = trainer._maybe_symbolic_build, keras_trainer.reduce_per_replica

    @functools.wraps(build)
    def build_unless_several(self, *args, **kwargs) -> None:
        strategy = self.distribute_strategy
        if strategy is None or strategy.num_replicas_in_sync == 1:
            build(self, *args, **kwargs)

    @functools.wraps(reduce)
    def reduce_scalars(values: Any, strategy: tf.distribute.Strategy, reduction: str) -> Any:
        several = keras_trainer._collective_all_reduce_multi_worker(strategy)
        if not several or reduction not in ("auto", "mean"):
            return reduce(values, strategy, reduction)
        return keras.tree.map_structure(
            lambda value: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None), values
        )

    trainer._maybe_symbolic_build = build_unless_several
    keras_trainer.reduce_per_replica = reduce_scalars


def name_lost_worker(error: tf.errors.OpError) -> str | None:
    """Name the worker that stopped answering, from TensorFlow's error.

    Args:
        error: what a step raised.

    Returns:
        e.g. "worker 1 (10.0.0.2:2222)"; None when the error has another reason.

    Example:
        >>> name_lost_worker(tf.errors.InvalidArgumentError(None, None, "a bad picture")) is None
        True
    """
    lost = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError)
    workers = json.loads(os.environ.get("TF_CONFIG", "{}")).get("cluster", {}).get("worker", [])
    collective = "ollective ops is aborted" in error.message
    if not workers or not (isinstance(error, lost) or collective):
        return None
    own = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
    named = re.search(r"/job:worker/replica:\d+/task:(\d+)", error.message)
    others = [number for number in range(len(workers)) if number != own]
    number = int(named[1]) if named else None
    if number not in others:
        number = others[0] if len(others) == 1 else None
    return "another worker" if number is None else f"worker {number} ({workers[number]})"
