"""The engine of every `train.py`: seeds, callbacks, Keras `fit`, stop and exact resume."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from config.errors import InputError
from training.callbacks import BestModels, HistoryFile, StopOnNaN
from training.checkpoints import CheckpointStore
from training.engine_options import EngineOptions
from training.interruption import listen_for_stop
from training.resumable_state import ResumableState
from training.workers import is_chief

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FitPlan:
    """How long a model is trained and what of it is kept.

    Attributes:
        run: run folder; files go there.
        epochs: epochs at most.
        steps_per_epoch: steps of an epoch.
        models: file name pattern -> model, saved whenever `monitor` improves.
        monitor: value that chooses the best epoch and stops early.
        patience: epochs without improvement after which training stops.
        callbacks: further callbacks, before the checkpoint.
        options: how it is carried out.

    Example:
        >>> plan = FitPlan(
        ...     run=Path("."), epochs=1, steps_per_epoch=2, models={}, options=EngineOptions()
        ... )
        >>> plan.monitor
        'val_loss'
    """

    run: Path
    epochs: int
    steps_per_epoch: int
    models: dict[str, keras.Model]
    monitor: str = "val_loss"
    patience: int = 10
    callbacks: Sequence[keras.callbacks.Callback] = ()
    options: EngineOptions


def build_optimizer(
    name: str, learning_rate: float, *, schedule: str = "constant", num_steps: int = 1
) -> keras.optimizers.Optimizer:
    """Build a Keras optimizer from its name.

    Args:
        name: e.g. "adam" or "sgd".
        learning_rate: its step size; at the first step, where a schedule lowers it.
        schedule: "constant", or "cosine" for learning_rate (1 + cos(pi step / num_steps)) / 2.
        num_steps: steps of the whole training; "cosine" only.

    Returns:
        The optimizer.

    Raises:
        InputError: Keras has no optimizer of that name.

    Example:
        >>> type(build_optimizer("adam", 0.5)).__name__
        'Adam'
    """
    rate = learning_rate
    if schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    try:
        return keras.optimizers.get({"class_name": name, "config": {"learning_rate": rate}})
    except (ValueError, TypeError) as error:
        raise InputError(
            f"`optimizer` must name a Keras optimizer, such as adam or sgd. Received {name}."
        ) from error


def start_seed(seed: int) -> None:
    """Seed everything that draws initial weights.

    Args:
        seed: run seed.

    Example:
        >>> start_seed(0)
    """
    keras.utils.set_random_seed(seed)


def fit(
    model: keras.Model,
    make_dataset: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset,
    plan: FitPlan,
) -> list[dict]:
    """Train with Keras `fit` from the newest checkpoint of the run, if there is one, to the end.

    Args:
        model: compiled model.
        make_dataset: steps already done -> the batches from there on, of all epochs.
        validation: validation batches.
        plan: how long, and what is kept.

    Returns:
        One dict of losses and metrics per epoch.

    Raises:
        InputError: the loss became NaN, or a picture could not be read.
        StoppedRun: Ctrl-C or SIGTERM; the checkpoint is written.

    Example:
        >>> # see `training.baseline.train`
    """
    remove_partial_files(plan.run)
    history = HistoryFile(plan.run / "results.csv")
    keeping = [
        keras.callbacks.EarlyStopping(plan.monitor, patience=plan.patience, mode=_mode(plan)),
        BestModels(plan.run, plan.models, plan.monitor),
        history,
        *plan.callbacks,
    ]
    with listen_for_stop() as request:
        state = ResumableState(
            CheckpointStore(plan.run / "checkpoints", model, keep=plan.options.keep_checkpoints),
            keeping,
            request,
            steps_per_epoch=plan.steps_per_epoch,
            options=plan.options,
        )
        finished = state.restore()
        board = keras.callbacks.TensorBoard(str(plan.run / "tensorboard"), write_graph=False)
        callbacks = [StopOnNaN(), *keeping, board, state]
        if not finished:
            _fit_epochs(model, make_dataset, validation, plan, callbacks)
    return history.rows


def remove_partial_files(run: Path) -> None:
    """Remove what a killed process left half-written in a run folder that it no longer holds.

    Args:
        run: a run folder that this process has locked.

    Example:
        >>> remove_partial_files(Path("absent"))
    """
    for path in run.glob(".*.partial*") if is_chief() else ():
        path.unlink(missing_ok=True)


def _fit_epochs(model, make_dataset, validation, plan: FitPlan, callbacks: list) -> None:
    """Finish the half-done epoch, if any, then run the others."""
    state = callbacks[-1]
    common = {
        "validation_data": validation,
        "callbacks": callbacks,
        "shuffle": False,
        "verbose": 1 if sys.stdout.isatty() else 2,
    }
    try:
        if state.step == plan.steps_per_epoch:
            _finish_epoch(model, validation, callbacks)
        elif state.step:
            rest = plan.steps_per_epoch - state.step
            # Keras makes the metrics' variables at their first use; the restored ones need them.
            model.evaluate(validation.take(1), verbose=0)
            model.fit(
                make_dataset(state.epoch * plan.steps_per_epoch + state.step),
                initial_epoch=state.epoch,
                epochs=state.epoch + 1,
                steps_per_epoch=rest,
                **common,
            )
        if state.epoch < plan.epochs and not model.stop_training:
            model.fit(
                make_dataset(state.epoch * plan.steps_per_epoch),
                initial_epoch=state.epoch,
                epochs=plan.epochs,
                steps_per_epoch=plan.steps_per_epoch,
                **common,
            )
    except tf.errors.OpError as error:
        raise InputError(_reader_message(error)) from error


def _finish_epoch(model: keras.Model, validation: tf.data.Dataset, callbacks: list) -> None:
    """Validate an epoch whose steps were all done when the run was stopped, and close it."""
    state = callbacks[-1]
    every = keras.callbacks.CallbackList(callbacks, model=model)
    every.on_train_begin()
    values = model.evaluate(validation, return_dict=True, verbose=0)
    logs = {**state.logs, **{f"val_{name}": value for name, value in values.items()}}
    every.on_epoch_end(state.epoch, logs)
    every.on_train_end()


def _mode(plan: FitPlan) -> str:
    return "min" if plan.monitor.endswith("loss") else "max"


def _reader_message(error: tf.errors.OpError) -> str:
    """Find the reader's own message in what TensorFlow wrapped around it."""
    marker = "InputError: "
    if marker not in error.message:
        raise error
    return error.message.split(marker, 1)[1].split("\n", 1)[0]
