"""Runs Keras' `fit` from where a run was left: the rest of a half-done epoch, then whole ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from config.errors import InputError
from training.distribution import build_metrics, distribute, evaluate, split_batches
from training.interruption import StoppedRun
from training.multi_worker import name_lost_worker
from training.resumable_state import ResumableState


def run_epochs(
    model: keras.Model,
    make_dataset: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset,
    callbacks: Sequence[keras.callbacks.Callback],
    state: ResumableState,
    *,
    epochs: int,
) -> None:
    """Train to the end of the last epoch.

    Args:
        model: compiled model, its checkpoint restored.
        make_dataset: steps already done -> the batches from there on, of all epochs.
        validation: validation batches.
        callbacks: all of them, `state` last.
        state: knows the epoch and step to go on with.
        epochs: epochs in all.

    Raises:
        InputError: a picture could not be read.
        StoppedRun: the run was asked to stop, or another worker is gone.

    Example:
        >>> # see `training.experiment.fit`
    """
    parts, steps = state.options.accumulate, state.steps_per_epoch
    given = distribute(validation)

    def train(first_step: int, stop_epoch: int, num_steps: int) -> None:
        model.fit(
            distribute(split_batches(make_dataset(first_step), parts)),
            initial_epoch=state.epoch,
            epochs=stop_epoch,
            steps_per_epoch=num_steps * parts,
            validation_data=given,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 0,
        )

    try:
        build_metrics(model, validation)
        if state.step == steps:
            _finish_epoch(model, validation, callbacks, state)
        elif state.step:
            train(state.epoch * steps + state.step, state.epoch + 1, steps - state.step)
        if state.epoch < epochs and not model.stop_training:
            train(state.epoch * steps, epochs, steps)
    except tf.errors.OpError as error:
        _explain(error, state)


def _finish_epoch(model, validation, callbacks: Sequence, state: ResumableState) -> None:
    """Validate an epoch whose steps were all done when the run was stopped, and close it."""
    every = keras.callbacks.CallbackList(list(callbacks), model=model)
    every.on_train_begin()
    values = evaluate(model, validation)
    logs = {**state.logs, **{f"val_{name}": value for name, value in values.items()}}
    every.on_epoch_end(state.epoch, logs)
    every.on_train_end()


def _explain(error: tf.errors.OpError, state: ResumableState) -> None:
    """Raise the reader's own message, or the name of the worker that is gone."""
    worker = name_lost_worker(error)
    if worker:
        raise StoppedRun(
            f"{worker} stopped answering, so this one stops too; start every worker again, or go "
            f"on with `--resume {state.store.folder.parent}` on each."
        ) from error
    marker = "InputError: "
    if marker not in error.message:
        raise error
    raise InputError(error.message.split(marker, 1)[1].split("\n", 1)[0]) from error
