"""The engine of every `train.py`: seeds, callbacks, Keras `fit`, stop and exact resume."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from config.errors import InputError
from training.callbacks import BestModels, HistoryFile, StopOnNaN, smaller_is_better
from training.checkpoints import CheckpointStore
from training.displays import build_displays
from training.distribution import check_batch, synchronize_batch_norm
from training.engine_options import EngineOptions
from training.epochs import run_epochs
from training.interruption import listen_for_stop
from training.resumable_state import ResumableState
from training.workers import is_chief, wait_for_workers

DROP = 10.0  # by which `build_stepped_rate` divides the learning rate


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
        callbacks: further callbacks, before the history, which keeps what they add to the logs,
            and the checkpoint.
        start: value of `monitor` before the first step, which the first epoch has to better for
            the models to be saved anew; None where untrained models are worth nothing.
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
    start: float | None = None
    options: EngineOptions


def build_optimizer(
    name: str,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
    *,
    schedule: str = "constant",
    num_steps: int = 1,
    **settings: float | None,
) -> keras.optimizers.Optimizer:
    """Build a Keras optimizer from its name.

    Args:
        name: e.g. "adam" or "sgd".
        learning_rate: its step size; at the first step, where a schedule lowers it. Or a schedule
            of the caller's own, with `schedule` "constant".
        schedule: "constant", or "cosine" for learning_rate (1 + cos(pi step / num_steps)) / 2.
        num_steps: steps of the whole training; "cosine" only. Keras counts each of the parts in
            which `--accumulate` takes a step as one.
        settings: further arguments of the optimizer, None for its own values: `beta_1` or
            `momentum`, share of the mean gradient that a step keeps; `weight_decay`, share of each
            weight taken off per step, times the step size (decoupled, as in AdamW).

    Returns:
        The optimizer.

    Raises:
        InputError: Keras has no optimizer of that name, or it lacks one of `settings`.

    Example:
        >>> type(build_optimizer("adam", 0.5)).__name__
        'Adam'
    """
    rate = learning_rate
    if schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    given = {key: value for key, value in settings.items() if value is not None}
    try:
        return keras.optimizers.get(
            {"class_name": name, "config": {"learning_rate": rate, **given}}
        )
    except (ValueError, TypeError) as error:
        wanted = " and ".join(f"`{key}` {value}" for key, value in given.items())
        asked = f", one with {wanted}" if given else ""
        raise InputError(
            f"`optimizer` must name a Keras optimizer, such as adam or sgd{asked}. Received {name}."
        ) from error


def build_stepped_rate(
    learning_rate: float, steps_per_drop: int, *, num_steps: int, accumulate: int = 1
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Build a learning rate that is divided by 10 every so many steps.

    Args:
        learning_rate: at the first step.
        steps_per_drop: steps between two drops.
        num_steps: of the whole training, each part that `--accumulate` takes a step in counted.
        accumulate: parts of a step, which the optimizer counts.

    Returns:
        What `build_optimizer` takes; the number itself where it never drops.

    Example:
        >>> rate = build_stepped_rate(1.0, 5, num_steps=20, accumulate=2)
        >>> [round(float(rate(part)), 3) for part in (10, 11, 19)]
        [1.0, 0.1, 0.1]
    """
    drops = list(range(steps_per_drop * accumulate, num_steps, steps_per_drop * accumulate))
    if not drops:
        return learning_rate
    rates = [learning_rate / DROP**number for number in range(len(drops) + 1)]
    return keras.optimizers.schedules.PiecewiseConstantDecay(drops, rates)


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
        StoppedRun: Ctrl-C or SIGTERM, and the checkpoint is written; or another worker is gone.

    Example:
        >>> # see `training.baseline.train`
    """
    remove_partial_files(plan.run)
    prepare_model(model, make_dataset(0), plan.options)
    history = HistoryFile(plan.run / "results.csv")
    best = BestModels(plan.run, plan.models, plan.monitor)
    keeping = [
        keras.callbacks.EarlyStopping(plan.monitor, patience=plan.patience, mode=_mode(plan)),
        best,
        *plan.callbacks,
        history,
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
        if plan.start is not None and best.best is None:
            best.keep(plan.start)
        seen = build_displays(plan.run, state, validation, epochs=plan.epochs)
        callbacks = [StopOnNaN(), *keeping, *seen, state]
        if not finished:
            run_epochs(model, make_dataset, validation, callbacks, state, epochs=plan.epochs)
    wait_for_workers()  # The chief has written its last file.
    return history.rows


def prepare_model(model: keras.Model, dataset: tf.data.Dataset, options: EngineOptions) -> None:
    """Set a compiled model up for the devices and the way its steps are computed.

    Args:
        model: compiled model; changed in place.
        dataset: this worker's training batches.
        options: how the run is carried out.

    Raises:
        InputError: the batch cannot be shared out evenly.

    Example:
        >>> # see `fit`
    """
    check_batch(tf.nest.flatten(dataset.element_spec)[0].shape[0], options.accumulate)
    synchronize_batch_norm(model)
    if options.jit != "auto":
        model.jit_compile = options.jit == "on"
    if options.accumulate > 1:
        optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        optimizer.gradient_accumulation_steps = options.accumulate


def remove_partial_files(run: Path) -> None:
    """Remove what a killed process left half-written in a run folder that it no longer holds.

    Args:
        run: a run folder that this process has locked.

    Example:
        >>> remove_partial_files(Path("absent"))
    """
    for path in run.glob(".*.partial*") if is_chief() else ():
        path.unlink(missing_ok=True)


def _mode(plan: FitPlan) -> str:
    return "min" if smaller_is_better(plan.monitor) else "max"
