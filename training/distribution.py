"""Gives every device its part of each batch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import keras
import tensorflow as tf

from config.errors import InputError
from training.workers import num_workers

Result = TypeVar("Result")


def split_batches(dataset: tf.data.Dataset, num_parts: int) -> tf.data.Dataset:
    """Cut every batch into consecutive parts, as equal as can be.

    Args:
        dataset: batches of any structure, the first axis being the batch's.
        num_parts: parts of each batch.

    Returns:
        The parts, one after the other.

    Example:
        >>> parts = split_batches(tf.data.Dataset.range(5).batch(5), 2)
        >>> [part.tolist() for part in parts.as_numpy_iterator()]
        [[0, 1], [2, 3, 4]]
    """
    if num_parts == 1:
        return dataset

    def cut(*batch):
        size = tf.shape(tf.nest.flatten(batch)[0], tf.int64)[0]

        def take(part: tf.Tensor) -> tuple:
            start, stop = size * part // num_parts, size * (part + 1) // num_parts
            taken = tf.nest.map_structure(lambda values: values[start:stop], batch)
            return taken if len(taken) > 1 else taken[0]

        return tf.data.Dataset.range(num_parts).map(take)

    parts = dataset.flat_map(cut)
    if dataset.cardinality() < 0:
        return parts
    return parts.apply(tf.data.experimental.assert_cardinality(dataset.cardinality() * num_parts))


def distribute(dataset: tf.data.Dataset):
    """Hand each batch to the devices of the current strategy.

    A worker's data set holds its own share already, see `datasets.sharding`; what is left is to
    cut it for the devices of this process.

    Args:
        dataset: this worker's batches, none smaller than its number of devices.

    Returns:
        What Keras' `fit` takes: `dataset` itself on one device.

    Example:
        >>> dataset = tf.data.Dataset.range(4).batch(2)
        >>> distribute(dataset) is dataset
        True
    """
    strategy = tf.distribute.get_strategy()
    if strategy.num_replicas_in_sync == 1:
        return dataset
    parts = split_batches(dataset, strategy.num_replicas_in_sync // num_workers())
    distributed = strategy.distribute_datasets_from_function(lambda context: parts)
    # TensorFlow counts the parts; Keras takes their number for that of its steps.
    distributed._cardinality = int(dataset.cardinality())
    return distributed


def check_batch(batch_size: int, accumulate: int) -> None:
    """Require that a batch can be shared out evenly, so that every record weighs the same.

    Args:
        batch_size: records of this worker's batch.
        accumulate: parts in which one device computes it.

    Raises:
        InputError: it cannot.

    Example:
        >>> check_batch(8, 2)
        >>> check_batch(8, 3)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `batch_size` must be a multiple of the 3 parts it is ...
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync // num_workers()
    if batch_size % (replicas * accumulate):
        raise InputError(
            f"`batch_size` must be a multiple of the {replicas * accumulate} parts it is computed "
            f"in. Received {batch_size}; choose another with `--set batch_size=...`."
        )


def synchronize_batch_norm(model: keras.Model) -> None:
    """Let batch normalisation see the whole batch, not each device's part of it.

    Args:
        model: changed in place, where the current strategy has several devices.

    Example:
        >>> # see `training.experiment.fit`
    """
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def build_metrics(model: keras.Model, dataset: tf.data.Dataset) -> None:
    """Make the variables of the compiled metrics, which Keras makes at their first use.

    A checkpoint can only be put back into variables that are there, and several workers cannot
    make them inside a step.

    Args:
        model: compiled model.
        dataset: batches as it is trained with.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> batches = tf.data.Dataset.from_tensors((tf.zeros((2, 1)), tf.zeros((2, 1))))
        >>> build_metrics(model, batches)
        >>> len(model.metrics_variables)
        4
    """
    spec = tf.nest.map_structure(
        lambda item: keras.KerasTensor([item.shape[0] or 1, *item.shape[1:]], item.dtype.name),
        dataset.element_spec,
    )
    model._symbolic_build(data_batch=spec)


def evaluate(model: keras.Model, dataset: tf.data.Dataset) -> dict[str, float]:
    """Score a model, shared out among the devices and workers; every record counts once.

    Args:
        model: compiled model.
        dataset: this worker's batches, from `datasets.pipeline`.

    Returns:
        {"loss" or name of a metric: value}, equal in every worker.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> batches = tf.data.Dataset.from_tensors((tf.zeros((2, 1)), tf.zeros((2, 1))))
        >>> evaluate(model, batches)
        {'loss': 0.0}
    """
    build_metrics(model, dataset)
    return model.evaluate(distribute(dataset), return_dict=True, verbose=0)


def predict(model: keras.Model, dataset: tf.data.Dataset):
    """Compute a model's outputs, shared out among the devices of this process.

    Args:
        model: a model.
        dataset: batches of its input, none smaller than the number of devices.

    Returns:
        What `model.predict` gives: arrays in the model's structure, in the order of the records.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Rescaling(2.0)])
        >>> predict(model, tf.data.Dataset.from_tensors(tf.ones((2, 1)))).tolist()
        [[2.0], [2.0]]
    """
    return model.predict(distribute(dataset), verbose=0)


def run_without_strategy(work: Callable[[], Result]) -> Result:
    """Do what must not see the current strategy: to save a model, or to load one for serving.

    Keras makes a variable while it saves, which every worker would have to make, and a SavedModel
    that is loaded in the scope of several devices cannot be called there. A thread of its own does
    not share the scope.

    Args:
        work: what to do.

    Returns:
        What `work` returns.

    Example:
        >>> run_without_strategy(lambda: tf.distribute.has_strategy())
        False
    """
    if not tf.distribute.has_strategy():
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
