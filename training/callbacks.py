"""Callbacks of every run: history file, best models, a stop at the first NaN."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import keras

from config.errors import InputError
from config.files import atomic_file, atomic_table
from training.distribution import run_without_strategy
from training.workers import is_chief

logger = logging.getLogger(__name__)


def smaller_is_better(monitor: str) -> bool:
    """Say in which direction a monitored value improves.

    Args:
        monitor: its name, e.g. "val_loss".

    Returns:
        True for losses and mean absolute errors, whose names end in "loss" or "mae".

    Example:
        >>> smaller_is_better("val_mae"), smaller_is_better("val_rank_accuracy")
        (True, False)
    """
    return monitor.endswith(("loss", "mae"))


class HistoryFile(keras.callbacks.Callback):
    """Writes one CSV row per epoch, whole after every epoch and after every resume.

    Attributes:
        path: the CSV file.
        rows: one dict per finished epoch.

    Example:
        >>> HistoryFile(Path("results.csv")).rows
        []
    """

    state_names = ("rows",)

    def __init__(self, path: Path):
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict] = []

    def on_epoch_end(self, epoch, logs=None):
        """Append the epoch's losses and metrics; a full disk is only warned of."""
        self.rows.append({"epoch": epoch, **{k: float(v) for k, v in (logs or {}).items()}})
        if not is_chief():
            return
        try:
            self._write()
        except OSError as error:
            logger.warning("%s not written, the next epoch tries again: %s", self.path, error)

    def _write(self) -> None:
        with atomic_table(self.path) as table:
            table.writerow(self.rows[0])
            table.writerows([row.get(name, "") for name in self.rows[0]] for row in self.rows)


class BestModels(keras.callbacks.Callback):
    """Saves models whenever the monitored value improves; one file each, never half-written.

    Attributes:
        folder: where the files go.
        models: file name pattern with an optional `{epoch:02d}` -> model.
        monitor: name of the value, see `smaller_is_better`.
        best: the best value so far.
        files: the files that hold the best models.

    Example:
        >>> BestModels(Path("."), {}, "val_loss").best is None
        True
    """

    state_names = ("best", "files")

    def __init__(self, folder: Path, models: Mapping[str, keras.Model], monitor: str):
        super().__init__()
        self.folder = Path(folder)
        self.models = dict(models)
        self.monitor = monitor
        self.best: float | None = None
        self.files: list[str] = []

    def on_epoch_end(self, epoch, logs=None):
        """Save when this epoch is the best; on a full disk the models before it stay the best."""
        self.keep(float(logs[self.monitor]), epoch)

    def keep(self, value: float, epoch: int = 0) -> None:
        """Save the models when a value is better than all before.

        Args:
            value: of the models as they are.
            epoch: number of the epoch, for the files' names.

        Example:
            >>> # see `training.experiment.fit`
        """
        sign = 1 if smaller_is_better(self.monitor) else -1
        known = self.best is not None and not math.isnan(self.best)
        if known and not sign * value < sign * self.best:
            return
        files = [pattern.format(epoch=epoch) for pattern in self.models]
        if is_chief():
            try:
                save_models(self.folder, dict(zip(files, self.models.values(), strict=True)))
            except OSError as error:
                logger.warning("best models not saved, the older ones stay: %s", error)
                return
            for old in set(self.files) - set(files):
                (self.folder / old).unlink(missing_ok=True)
        self.best, self.files = value, files


class StopOnNaN(keras.callbacks.Callback):
    """Stops the run at the step whose loss is not a finite number.

    Example:
        >>> StopOnNaN().on_train_batch_end(4, {"loss": float("nan")})
        Traceback (most recent call last):
        ...
        config.errors.InputError: the loss became nan at epoch 1, step 5; ...
    """

    def __init__(self):
        super().__init__()
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Check the loss."""
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise InputError(
                f"the loss became {loss} at epoch {self._epoch + 1}, step {batch + 1}; lower it "
                "with `--set learning_rate=...`, or look for broken pictures or counts."
            )


def save_models(folder: Path, models: Mapping[str, keras.Model]) -> None:
    """Write several `.keras` files, all or none of them.

    Args:
        folder: where they go.
        models: file name -> model.

    Raises:
        OSError: the disk is full or the folder cannot be written; older files stay.

    Example:
        >>> save_models(Path("."), {})
    """
    with ExitStack() as stack:
        for name, model in models.items():
            path = stack.enter_context(atomic_file(folder / name))
            run_without_strategy(partial(model.save, path))


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file whole or not at all.

    Args:
        model: the model.
        path: file name ending in `.keras`.

    Raises:
        OSError: the disk is full or the folder cannot be written; an older file stays.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "m.keras"
        >>> save_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), path)
        >>> path.exists()
        True
    """
    with atomic_file(path) as temporary:
        run_without_strategy(lambda: model.save(temporary))
