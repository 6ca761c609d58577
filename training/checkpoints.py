"""Whole checkpoints or none: weights, optimizer, draws, metrics and the callbacks' state."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from training.workers import is_chief

logger = logging.getLogger(__name__)


class CheckpointStore:
    """The newest checkpoints of a run, each a folder that appears under its name when complete.

    Attributes:
        folder: where the checkpoints lie.
        keep: how many are kept.

    Example:
        >>> import tempfile
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("adam", "mse")
        >>> store = CheckpointStore(Path(tempfile.mkdtemp()), model)
        >>> store.save(3, {"epoch": 1})
        >>> store.restore()["epoch"]
        1
    """

    def __init__(self, folder: Path, model: keras.Model, *, keep: int = 2):
        self.folder = Path(folder)
        self.keep = keep
        self._model = model
        model.optimizer.build(model.trainable_variables)
        # Keras does not count the state of a dropout's draws among what a checkpoint holds.
        draws = [each.value for each in model.variables if each.name == "seed_generator_state"]
        self._checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer, draws=draws)
        _ = self._checkpoint.save_counter  # A variable, which all workers have to make together.

    def save(self, step: int, state: dict) -> None:
        """Write a checkpoint and drop the oldest ones.

        Args:
            step: steps done over all epochs; names the checkpoint.
            state: JSON-ready values kept beside the weights.

        Raises:
            OSError: the disk is full or the folder cannot be written; older checkpoints stay.

        Example:
            >>> # see the class
        """
        metrics = [np.asarray(variable) for variable in self._model.metrics_variables]
        if not is_chief():  # Reading a metric adds up the workers' shares, so all have to do it.
            return
        partial = self.folder / f"partial-{os.getpid()}"
        final = self.folder / f"step-{step:09d}"
        for killed in self.folder.glob("partial-*"):
            shutil.rmtree(killed, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self._write(partial, state, metrics)
            shutil.rmtree(final, ignore_errors=True)
            os.replace(partial, final)
            _sync(self.folder)
        except tf.errors.OpError as error:
            # TensorFlow puts the names of its functions around what the system says.
            raise OSError(re.sub(r"\{\{.*?\}\}\s*|\s*\[Op:.*?\]", "", error.message)) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        for old in self._names()[: -self.keep]:
            shutil.rmtree(old)

    def restore(self) -> dict | None:
        """Load the newest checkpoint that is whole; torn ones after it get a `torn-` name.

        Returns:
            The `state` it was saved with and, under "metrics", the metric variables; None when
            there is no checkpoint.

        Raises:
            InputError: none of the checkpoints can be read.

        Example:
            >>> # see the class
        """
        torn = []
        for path in reversed(self._names()):
            try:
                state = self._read(path)
            except Exception as error:  # a torn file makes NumPy, zipfile, TF raise anything
                reason = (str(error) or type(error).__name__).splitlines()[0]
                logger.warning("%s: torn checkpoint, trying the one before (%s)", path, reason)
                torn.append(path)
            else:
                self._set_aside(torn)
                return state
        if torn:
            raise InputError(
                f"{self.folder}: no checkpoint can be read; start anew with `--fresh`."
            )
        return None

    def _write(self, folder: Path, state: dict, metrics: list[np.ndarray]) -> None:
        self._checkpoint.write(str(folder / "weights"))
        np.savez(folder / "metrics.npz", *metrics)
        (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
        for path in folder.iterdir():
            _sync(path)

    def _read(self, folder: Path) -> dict:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        with np.load(folder / "metrics.npz", allow_pickle=False) as stored:
            state["metrics"] = [stored[f"arr_{i}"] for i in range(len(stored.files))]
        self._checkpoint.read(str(folder / "weights")).assert_existing_objects_matched()
        return state

    def _set_aside(self, torn: list[Path]) -> None:
        """Rename torn checkpoints, so that the run neither counts nor overwrites them."""
        for path in torn if is_chief() else ():
            try:
                path.rename(path.with_name(f"torn-{time.time_ns()}-{path.name}"))
            except OSError as error:
                logger.warning("%s cannot be set aside: %s", path, error)

    def _names(self) -> list[Path]:
        return sorted(self.folder.glob("step-*"))


def _sync(path: Path) -> None:
    """Force a file or a folder's entries to the disk, so that a rename never outruns them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
