"""Shows a run while it goes on: log lines where there is no terminal, TensorBoard anywhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf

from training.resumable_state import ResumableState
from training.workers import is_chief

logger = logging.getLogger(__name__)
NUM_PICTURES = 8


def build_displays(
    run: Path, state: ResumableState, validation: tf.data.Dataset, *, epochs: int
) -> list[keras.callbacks.Callback]:
    """Build the callbacks that show a run; only the chief's write.

    Args:
        run: run folder; TensorBoard's files go into its `tensorboard`.
        state: knows the epoch and the step.
        validation: batches whose first pictures TensorBoard shows.
        epochs: epochs in all.

    Returns:
        Callbacks; none in a worker that is not the chief. Keras' own progress bar comes from
        `fit` where there is a terminal.

    Example:
        >>> # see `training.experiment.fit`
    """
    if not is_chief():
        return []
    board = TensorBoardFiles(run / "tensorboard", state, validation)
    lines = ProgressLines(state, epochs=epochs)
    return [board] if sys.stdout.isatty() else [board, lines]


def count_steps(state: ResumableState) -> int:
    """Count the steps done over all epochs.

    Args:
        state: knows the epoch and the step.

    Returns:
        Their number.

    Example:
        >>> # see `ProgressLines`
    """
    return state.epoch * state.steps_per_epoch + state.step


def is_log_step(state: ResumableState, batch: int) -> bool:
    """Say whether the step that ends is one that `--log_every` asks for.

    Args:
        state: knows the step; it counts this one only after the other callbacks.
        batch: number of Keras' step, of which `accumulate` make one of ours.

    Returns:
        Whether it is.

    Example:
        >>> # see `ProgressLines`
    """
    every, parts = state.options.log_every, state.options.accumulate
    return bool(every) and (batch + 1) % parts == 0 and (state.step + 1) % every == 0


class TensorBoardFiles(keras.callbacks.Callback):
    """Writes what TensorBoard shows: losses, metrics, learning rate, the first pictures.

    Keras' own callback makes variables, which several workers would have to make together; this
    one writes in the chief alone. A full disk costs the curves, not the run.

    Attributes:
        folder: where the files go: `train`, `validation`.
        state: knows the epoch and the step.
        dataset: batches whose first element holds pictures (..., H, W, 3) in [0, 1].

    Example:
        >>> # see `build_displays`
    """

    def __init__(self, folder: Path, state: ResumableState, dataset: tf.data.Dataset):
        super().__init__()
        self.folder, self.state, self.dataset = Path(folder), state, dataset
        self._writers = {}

    def on_train_begin(self, logs=None):
        """Write the first pictures, as the model sees them."""
        first = tf.nest.flatten(self.dataset.element_spec)[0]
        if self.state.epoch or first.shape.rank is None or first.shape.rank < 4:
            return
        if first.shape[-1] not in (1, 3):
            return
        for batch in self.dataset.take(1):
            images = tf.nest.flatten(batch)[0]
            images = tf.reshape(images, (-1, *images.shape[-3:]))[:NUM_PICTURES]  # (8, H, W, C)
            write = partial(tf.summary.image, "images", images, max_outputs=NUM_PICTURES)
            self._write("validation", 0, write)

    def on_train_batch_end(self, batch, logs=None):
        """Write the scalars of every `log_every`-th step."""
        if is_log_step(self.state, batch):
            values = {f"batch_{name}": value for name, value in logs.items()}
            self._write_scalars("train", count_steps(self.state) + 1, values)

    def on_epoch_end(self, epoch, logs=None):
        """Write the epoch's scalars and learning rate."""
        train = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        train["learning_rate"] = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        validation = {f"epoch_{k[4:]}": v for k, v in logs.items() if k.startswith("val_")}
        self._write_scalars("train", epoch, train)
        self._write_scalars("validation", epoch, validation)

    def _write_scalars(self, part: str, step: int, values: dict) -> None:
        def write() -> None:
            for name, value in values.items():
                tf.summary.scalar(name, float(value), step=step)

        self._write(part, step, write)

    def _write(self, part: str, step: int, write: Callable[[], None]) -> None:
        try:
            if part not in self._writers:
                self._writers[part] = tf.summary.create_file_writer(str(self.folder / part))
            with self._writers[part].as_default(step):
                write()
            self._writers[part].flush()
        except (OSError, tf.errors.OpError) as error:
            logger.warning("TensorBoard's file is not written: %s", error)


class ProgressLines(keras.callbacks.Callback):
    """Logs one line per epoch, and one every so many steps when asked to.

    Attributes:
        state: knows the epoch and the step.
        epochs: epochs in all.

    Example:
        >>> # see `build_displays`
    """

    def __init__(self, state: ResumableState, *, epochs: int):
        super().__init__()
        self.state, self.epochs = state, epochs

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self._started, self._first = time.monotonic(), count_steps(self.state)

    def on_train_batch_end(self, batch, logs=None):
        """Log the step when it is its turn."""
        if is_log_step(self.state, batch):
            place = f"step {self.state.step + 1}/{self.state.steps_per_epoch}"
            self._log(place, logs, done=count_steps(self.state) + 1)

    def on_epoch_end(self, epoch, logs=None):
        """Log the epoch."""
        self._log("", logs, done=(epoch + 1) * self.state.steps_per_epoch)

    def _log(self, place: str, logs: dict, *, done: int) -> None:
        rate = (time.monotonic() - self._started) / max(1, done - self._first)
        left = rate * (self.epochs * self.state.steps_per_epoch - done)
        losses_first = sorted(logs, key=lambda name: name.removeprefix("val_") != "loss")
        values = ", ".join(f"{name} {float(logs[name]):.4g}" for name in losses_first)
        where = f"epoch {self.state.epoch + 1}/{self.epochs} {place}".strip()
        logger.info("%s: %s, about %.0f s left", where, values, left)
