"""A small convolutional run, started by tests in processes of its own: prints its end as JSON."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.tensorflow import trainer

from datasets.pipeline import make_sample_dataset
from datasets.sharding import current_shard, make_evaluation_batches
from training.command_line import run_command
from training.devices import start_engine
from training.distribution import evaluate
from training.engine_options import add_device_arguments, add_engine_arguments, read_engine_options
from training.experiment import FitPlan, build_optimizer, fit, start_seed
from training.workers import check_agreement, is_chief, worker_number

EPOCHS, STEPS, BATCH = 3, 4, 8
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.normal(size=(32, 6, 6, 2)).astype(np.float32)
TARGETS = IMAGES.sum((1, 2)).astype(np.float32)[:, :1]


def build_model(batch_norm):
    inputs = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    if batch_norm != "none":
        x = keras.layers.BatchNormalization(trainable=batch_norm == "train")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(x))
    model.compile(build_optimizer("adam", 0.02), "mse", metrics=["mae"])
    return model


def load(number, seed=None):
    return tf.gather(IMAGES, number), tf.gather(TARGETS, number)


class SignalSelf(keras.callbacks.Callback):
    """Sends one worker a signal when the second epoch begins."""

    def __init__(self, worker, number):
        super().__init__()
        self.worker, self.number = worker, number

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and worker_number() == self.worker:
            os.kill(os.getpid(), self.number)


def undo_repair(name):
    if name == "build":
        trainer.TensorFlowTrainer._maybe_symbolic_build = (
            trainer.TensorFlowTrainer._maybe_symbolic_build.__wrapped__
        )
    if name == "reduce":
        trainer.reduce_per_replica = trainer.reduce_per_replica.__wrapped__


def main(args):
    with start_engine(args):
        start_seed(0)
        undo_repair(args.without_repair)
        check_agreement({"seed": args.seed})
        if args.stop_early == worker_number():
            signal.raise_signal(signal.SIGTERM)
        model = build_model(args.batch_norm)
        # 27 gives two devices unequal parts of the very first batch: 7, 7, 7 and 6 records.
        batches = make_evaluation_batches(27, load, batch_size=8, shard=current_shard())
        plan = FitPlan(
            run=Path(args.run),
            epochs=EPOCHS,
            steps_per_epoch=STEPS,
            models={"best.keras": model},
            callbacks=[
                SignalSelf(args.kill, signal.SIGKILL),
                SignalSelf(args.stop, signal.SIGTERM),
            ],
            options=read_engine_options(args),
        )
        history = fit(
            model,
            lambda first: make_sample_dataset(
                32,
                load,
                batch_size=BATCH,
                steps_per_epoch=STEPS,
                epochs=EPOCHS,
                seed=3,
                first_step=first,
            ),
            batches,
            plan,
        )
        scores = evaluate(model, batches)
        if is_chief():
            weights = [np.asarray(value).ravel().tolist() for value in model.weights]
            end = {"weights": weights, "history": history, "scores": scores}
            (Path(args.run) / "end.json").write_text(json.dumps(end))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch_norm", choices=("none", "train", "frozen"), default="train")
    parser.add_argument("--kill", type=int)
    parser.add_argument("--stop", type=int)
    parser.add_argument("--stop_early", type=int)
    parser.add_argument("--virtual", type=int)
    parser.add_argument("--without_repair")
    add_device_arguments(parser)
    add_engine_arguments(parser)
    if "--virtual" in sys.argv:
        number = int(sys.argv[sys.argv.index("--virtual") + 1])
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * number,
        )
    sys.exit(run_command(main, parser, resumable=True))
