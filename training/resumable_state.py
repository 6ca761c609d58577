"""Saves what a killed run needs to go on to the very same result, and puts it back."""

from __future__ import annotations

import logging
import time

import keras

from training.checkpoints import CheckpointStore
from training.interruption import StoppedRun, StopRequest

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
        every_steps: int,
        every_seconds: float,
    ):
        super().__init__()
        self.store, self.others, self.request = store, others, request
        self.epoch, self.step, self.logs = 0, 0, {}
        self._steps_per_epoch = steps_per_epoch
        self._every_steps, self._every_seconds = every_steps, every_seconds
        self._metrics: list | None = None
        self._states: list[dict] | None = None
        self._saved_at = time.monotonic()

    def restore(self) -> bool:
        """Load the newest checkpoint into the model and, at `on_train_begin`, the callbacks.

        Returns:
            Whether early stopping had already ended the run.

        Example:
            >>> # see `training.experiment.fit`
        """
        state = self.store.restore()
        if state is None:
            return False
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
        self.step += 1
        self.logs = {name: float(value) for name, value in logs.items()}
        overdue = time.monotonic() - self._saved_at >= self._every_seconds
        whole = self.step == self._steps_per_epoch  # the epoch's own checkpoint follows
        if not whole and (overdue or self.step % self._every_steps == 0):
            self._save()
        self._stop_if_asked()

    def on_test_batch_end(self, batch, logs=None):
        """Stop within one validation step when somebody asked to."""
        self._stop_if_asked()

    def on_epoch_end(self, epoch, logs=None):
        """Save the finished epoch."""
        self.epoch, self.step, self.logs = epoch + 1, 0, {}
        self._save()

    def _stop_if_asked(self) -> None:
        if self.request.asked:
            self._save()
            raise StoppedRun(
                f"stopped at epoch {self.epoch + 1}, step {self.step} of {self._steps_per_epoch}; "
                f"go on with `--resume {self.store.folder.parent}`."
            )

    def _save(self) -> None:
        state = {
            "epoch": self.epoch,
            "step": self.step,
            "logs": self.logs,
            "stopped": bool(self.model.stop_training),
            "callbacks": self._callback_states(),
        }
        try:
            self.store.save(self.epoch * self._steps_per_epoch + self.step, state)
        except OSError as error:
            logger.warning("checkpoint not written, the last good one stays: %s", error)
        self._saved_at = time.monotonic()

    def _apply_states(self) -> None:
        for callback, state in zip(self.others, self._states or [], strict=False):
            for name, value in state.items():
                setattr(callback, name, value)

    def _callback_states(self) -> list[dict]:
        return [
            {name: _plain(getattr(callback, name)) for name in state_names(callback)}
            for callback in self.others
        ]


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
