"""Saves what a killed run needs to go on to the very same result, and puts it back."""

from __future__ import annotations

import logging
import time

import keras

from config.errors import InputError
from training.checkpoints import CheckpointStore
from training.engine_options import EngineOptions
from training.interruption import StoppedRun, StopRequest
from training.workers import any_worker

logger = logging.getLogger(__name__)


class ResumableState(keras.callbacks.Callback):
    """Saves checkpoints from which a run goes on exactly, and puts their state back.

    It must be the last callback, so that the others have seen the epoch that it saves.

    Attributes:
        store: where the checkpoints go.
        others: the callbacks whose state is saved.
        epoch: epoch of the next step, from 0.
        step: steps done in that epoch.
        logs: losses and metrics of the epoch so far.
        steps_per_epoch: steps of an epoch.
        options: how often to save, and in how many parts a step is computed.

    Example:
        >>> # see `training.experiment.fit`
    """

    def __init__(
        self,
        store: CheckpointStore,
        others: list[keras.callbacks.Callback],
        request: StopRequest,
        *,
        steps_per_epoch: int,
        options: EngineOptions,
    ):
        super().__init__()
        self.store, self.others, self.request = store, others, request
        self.epoch, self.step, self.logs = 0, 0, {}
        self._part = 0
        self.steps_per_epoch, self.options = steps_per_epoch, options
        self._metrics: list | None = None
        self._states: list[dict] | None = None
        self._saved_at = time.monotonic()

    def restore(self) -> bool:
        """Load the newest checkpoint into the model and, at `on_train_begin`, the callbacks.

        Returns:
            Whether early stopping had already ended the run.

        Raises:
            InputError: no checkpoint can be read, or the data set has changed.

        Example:
            >>> # see `training.experiment.fit`
        """
        state = self.store.restore()
        if state is None:
            return False
        if state["steps_per_epoch"] != self.steps_per_epoch:
            raise InputError(
                f"{self.store.folder.parent}: the data set must be the one the run began with, of "
                f"{state['steps_per_epoch']} steps an epoch. Received {self.steps_per_epoch}; "
                "put it back, or start anew with `--fresh`."
            )
        self.epoch, self.step, self.logs = state["epoch"], state["step"], state["logs"]
        self._metrics, self._states = state["metrics"], state["callbacks"]
        self._apply_states()
        return state["stopped"]

    def on_train_begin(self, logs=None):
        """Put the callbacks' state back after they have reset themselves."""
        self._apply_states()

    def on_train_end(self, logs=None):
        """Keep the callbacks' state for the next call of `fit`."""
        self._states = self._callback_states()

    def on_epoch_begin(self, epoch, logs=None):
        """Put the metrics of a half-done epoch back."""
        if self._metrics and 0 < self.step:
            for variable, value in zip(self.model.metrics_variables, self._metrics, strict=True):
                variable.assign(value)
        self._metrics = None

    def on_train_batch_end(self, batch, logs=None):
        """Count the step; save when it is time or when somebody asked to stop."""
        self._part += 1
        if self._part < self.options.accumulate:
            return  # Keras' step is a part of ours; the weights have not changed yet.
        self._part = 0
        self.step += 1
        self.logs = {name: float(value) for name, value in logs.items()}
        overdue = time.monotonic() - self._saved_at >= self.options.checkpoint_seconds
        overdue = overdue or self.step % self.options.checkpoint_steps == 0
        overdue, asked = any_worker([overdue, self.request.asked])
        whole = self.step == self.steps_per_epoch  # the epoch's own checkpoint follows
        if asked:
            self._stop()
        if overdue and not whole:
            self._save()

    def on_test_batch_end(self, batch, logs=None):
        """Stop within one validation step when somebody asked to."""
        if any_worker([self.request.asked])[0]:
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        """Save the finished epoch."""
        self.epoch, self.step, self.logs = epoch + 1, 0, {}
        self._save()

    def _stop(self) -> None:
        self._save()
        raise StoppedRun(
            f"stopped at epoch {self.epoch + 1}, step {self.step} of {self.steps_per_epoch}; "
            f"go on with `--resume {self.store.folder.parent}`."
        )

    def _save(self) -> None:
        state = {
            "epoch": self.epoch,
            "step": self.step,
            "steps_per_epoch": self.steps_per_epoch,
            "logs": self.logs,
            "stopped": bool(self.model.stop_training),
            "callbacks": self._callback_states(),
        }
        try:
            self.store.save(self.epoch * self.steps_per_epoch + self.step, state)
        except OSError as error:
            logger.warning("checkpoint not written, the last good one stays: %s", error)
        self._saved_at = time.monotonic()

    def _apply_states(self) -> None:
        # In their order: callbacks without a state may come and go between two parts of a run.
        for callback, state in zip(self._keeping(), filter(None, self._states or []), strict=False):
            for name, value in state.items():
                setattr(callback, name, value)

    def _callback_states(self) -> list[dict]:
        return [
            {name: _plain(getattr(callback, name)) for name in state_names(callback)}
            for callback in self._keeping()
        ]

    def _keeping(self) -> list[keras.callbacks.Callback]:
        return [callback for callback in self.others if state_names(callback)]


def state_names(callback: keras.callbacks.Callback) -> tuple[str, ...]:
    """Name the attributes in which a callback remembers the run.

    Args:
        callback: one of Keras' or of ours, which list theirs in `state_names`.

    Returns:
        Attribute names; none for a callback without memory.

    Example:
        >>> state_names(keras.callbacks.EarlyStopping())
        ('wait', 'best', 'best_epoch', 'stopped_epoch')
    """
    if isinstance(callback, keras.callbacks.EarlyStopping):
        return ("wait", "best", "best_epoch", "stopped_epoch")
    if isinstance(callback, keras.callbacks.ReduceLROnPlateau):
        return ("wait", "best", "cooldown_counter")
    return getattr(callback, "state_names", ())


def _plain(value):
    """Turn a NumPy scalar into the Python number that JSON holds."""
    return value.item() if hasattr(value, "item") else value
