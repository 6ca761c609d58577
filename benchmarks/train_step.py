"""Training speed with each way of computing a step, and what the engine costs.

`python -m benchmarks.train_step` trains the ranker (MobileNetV2, alpha .35) on pictures held in
memory and prints images/s; `--ways float32 deterministic` measures these two alone. `--engine`
compares a run of the engine, checkpoints included, with a bare `model.fit`, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from datasets.pipeline import make_sample_dataset
from losses.ranking import build_ranking_loss
from models.encoders import build_encoder
from models.ranker import build_ranker
from training.devices import start_engine
from training.engine_options import EngineOptions
from training.experiment import FitPlan, build_optimizer, fit, prepare_model, start_seed

LOSS = {"class_name": "BinaryCrossentropy", "config": {"from_logits": False}}
WAYS = {
    "float32": {},
    "mixed_bfloat16": {"precision": "mixed_bfloat16"},
    "mixed_float16": {"precision": "mixed_float16"},
    "accumulate 2": {"accumulate": 2},
    "jit on": {"jit": "on"},
    "deterministic": {"deterministic": True},  # last: it holds until the process ends
}


def build_model(size: tuple[int, int]) -> keras.Model:
    """Build the compiled ranker.

    Args:
        size: (height, width), pixels.

    Returns:
        The model.
    """
    start_seed(0)
    ranker = build_ranker(build_encoder("mobilenet_v2", (*size, 3), alpha=0.35))
    ranker.compile(build_optimizer("adam", 1e-3), build_ranking_loss(LOSS))
    return ranker


def make_dataset(size: tuple[int, int], batch_size: int, steps: int, epochs: int, first: int):
    """Make batches of pictures that are already in memory.

    Args:
        size: (height, width), pixels.
        batch_size: pairs per step.
        steps: steps per epoch.
        epochs: epochs.
        first: steps already done.

    Returns:
        The data set.
    """
    pictures = tf.constant(np.random.default_rng(0).random((8, 2, *size, 3), np.float32))
    return make_sample_dataset(
        steps * batch_size,
        lambda number, seed: (pictures[number % 8], tf.ones((2,))),
        batch_size=batch_size,
        steps_per_epoch=steps,
        epochs=epochs,
        seed=0,
        first_step=first,
    )


def measure_way(values: dict, size: tuple[int, int], batch_size: int, steps: int) -> float:
    """Time one way of computing a step.

    Args:
        values: engine options.
        size: (height, width), pixels.
        batch_size: pairs per step.
        steps: timed steps, after as many to warm up.

    Returns:
        Images per second.
    """
    options = EngineOptions(**values)
    with start_engine(argparse.Namespace(seed=0, **values)):
        model = build_model(size)
        parts = options.accumulate
        data = make_dataset(size, batch_size // parts, steps * parts, 2, 0)
        prepare_model(model, make_dataset(size, batch_size, steps, 2, 0), options)
        clock = _EpochClock()
        model.fit(data, epochs=2, steps_per_epoch=steps * parts, verbose=0, callbacks=[clock])
    return 2 * batch_size * steps / clock.seconds[-1]


def measure_engine(
    size: tuple[int, int], batch_size: int, steps: int, rounds: int
) -> tuple[list[float], list[float]]:
    """Time epochs of the engine and of a bare `fit`, in turns.

    Args:
        size: (height, width), pixels.
        batch_size: pairs per step.
        steps: steps per epoch; the engine writes a checkpoint and the best model after each.
        rounds: timed epochs of each.

    Returns:
        (seconds of each epoch of the bare fit, of the engine).
    """
    bare, engine = build_model(size), build_model(size)
    held_out = make_dataset(size, batch_size, 1, 1, 0)
    epochs = rounds + 1
    bare_data = make_dataset(size, batch_size, steps, epochs, 0)
    bare_clock, engine_clock = _EpochClock(), _EpochClock()
    with tempfile.TemporaryDirectory() as folder:
        for epoch in range(epochs):  # The first epoch of each traces; it is not counted.
            bare.fit(
                bare_data,
                initial_epoch=epoch,
                epochs=epoch + 1,
                steps_per_epoch=steps,
                validation_data=held_out,
                shuffle=False,
                verbose=0,
                callbacks=[bare_clock],
            )
            plan = FitPlan(
                run=Path(folder),
                epochs=epoch + 1,
                steps_per_epoch=steps,
                models={"ranker.keras": engine},
                callbacks=[engine_clock],
                options=EngineOptions(),
                patience=epochs,
            )
            fit(
                engine,
                lambda first: make_dataset(size, batch_size, steps, epochs, first),
                held_out,
                plan,
            )
    return bare_clock.seconds[1:], engine_clock.seconds[1:]


class _EpochClock(keras.callbacks.Callback):
    """Times from the first step of an epoch to the end of `fit` or the next epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []
        self._started = None

    def on_epoch_begin(self, epoch, logs=None):
        """Close the epoch before, start the clock."""
        self._close()
        self._started = time.perf_counter()

    def on_train_end(self, logs=None):
        """Close the last epoch."""
        self._close()

    def _close(self) -> None:
        if self._started is not None:
            self.seconds.append(time.perf_counter() - self._started)
        self._started = None


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(96, 128), help="height and width")
    parser.add_argument("--batch_size", type=int, default=16, help="pairs per step")
    parser.add_argument("--steps", type=int, default=20, help="timed steps")
    parser.add_argument("--rounds", type=int, default=5, help="timed epochs, with --engine")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="ways to measure")
    parser.add_argument("--engine", action="store_true", help="measure the engine's overhead")
    args = parser.parse_args()
    size = tuple(args.size)
    print(f"{size[0]} x {size[1]} (height x width), {args.batch_size} pairs a step")
    if args.engine:
        bare, engine = measure_engine(size, args.batch_size, args.steps, rounds=args.rounds)
        for name, seconds in (("bare fit", bare), ("engine", engine)):
            print(
                f"  {name:9s} {statistics.median(seconds):.3f} s an epoch of {args.steps} steps"
                f" ({min(seconds):.3f} to {max(seconds):.3f})"
            )
        overhead = statistics.median(e / b - 1 for b, e in zip(bare, engine, strict=True))
        print(f"  overhead  {100 * overhead:+.1f} %, median of {args.rounds} rounds")
        return
    for name in (name for name in WAYS if name in args.ways):
        speed = measure_way(WAYS[name], size, args.batch_size, args.steps)
        print(f"  {name:16s} {speed:8.1f} images/s")


if __name__ == "__main__":
    main()
