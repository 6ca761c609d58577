"""The ranker trained in half width: it learns, its files are whole, and a stopped run goes on."""

import argparse
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.pipeline import make_sample_dataset
from losses.ranking import build_ranking_loss
from models.augmentation import build_augment
from models.counter import build_counter
from models.ranker import build_ranker
from reporting.model_files import load_keras_model
from training.devices import start_engine
from training.engine_options import EngineOptions
from training.experiment import FitPlan, build_optimizer, fit, start_seed
from training.interruption import StoppedRun
from training.model_files import load_encoder

EPOCHS, STEPS, BATCH = 3, 4, 4
LOSS = {"class_name": "RankNetLoss", "config": {}}
GENERATOR = np.random.default_rng(0)
# Of each pair the first picture is the brighter one.
FULLER = GENERATOR.uniform(0.4, 0.9, (16, 16, 16, 3))
PAIRS = np.stack([FULLER, FULLER - 0.3], axis=1).astype(np.float32)  # (16, 2, 16, 16, 3)


def build_model():
    """A ranker on one block as MobileNetV2 has them, compiled."""
    start_seed(0)
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))
    encoder = keras.Model(inputs, {"stride_32": x}, name="tiny")
    ranker = build_ranker(encoder, initializer="he_normal")
    ranker.compile(build_optimizer("adam", 0.02), build_ranking_loss(LOSS))
    return ranker, encoder


def make_dataset(first_step):
    pairs, augment = tf.constant(PAIRS), build_augment(8)

    def load(number, seed):
        return tf.stack([augment(pairs[number, i], seed) for i in range(2)]), tf.ones((2,))

    return make_sample_dataset(
        16,
        load,
        batch_size=BATCH,
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        seed=7,
        first_step=first_step,
    )


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            signal.raise_signal(signal.SIGTERM)


def run_fit(folder, precision, callbacks=()):
    """Train in a precision; return the ranker, its history and all its optimizer's state."""
    folder.mkdir(exist_ok=True)
    with start_engine(argparse.Namespace(precision=precision)):
        ranker, encoder = build_model()
        if precision == "mixed_float16":
            ranker.optimizer.initial_scale = 2.0**20
        plan = FitPlan(
            run=folder,
            epochs=EPOCHS,
            steps_per_epoch=STEPS,
            models={"best_model_{epoch:02d}.keras": encoder, "ranker.keras": ranker},
            callbacks=callbacks,
            options=EngineOptions(precision=precision),
        )
        history = fit(ranker, make_dataset, make_dataset(0).take(2), plan)
    return ranker, history, [np.asarray(value) for value in ranker.optimizer.variables]


@pytest.fixture(scope="module", params=["mixed_bfloat16", "mixed_float16"])
def trained(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / request.param
    return request.param, folder, *run_fit(folder, request.param)


def test_half_width_learns_with_weights_of_full_width(trained):
    precision, _, ranker, history, _ = trained
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert ranker.get_layer("tiny").layers[1].compute_dtype == precision.removeprefix("mixed_")
    assert {weight.dtype for weight in ranker.weights} == {"float32"}


def test_saved_models_open_in_full_width_and_answer_in_it(trained):
    _, folder, _, _, _ = trained
    ranker = load_keras_model(folder / "ranker.keras")
    scores = ranker.predict(PAIRS, verbose=0)
    assert scores.dtype == np.float32 and (scores[:, 0] > scores[:, 1]).all()
    (best,) = folder.glob("best_model_*.keras")
    counter = build_counter(load_encoder(best), 1)
    counted = counter.predict(np.full((1, 20, 30, 3), 90, np.uint8), verbose=0)
    assert {name: value.dtype for name, value in counted.items()} == dict.fromkeys(
        counted, np.dtype("float32")
    )


def test_a_stopped_run_goes_on_to_the_same_weights_and_loss_scale(trained, tmp_path):
    precision, _, ranker, history, optimizer = trained
    with pytest.raises(StoppedRun):
        run_fit(tmp_path / "run", precision, [Stop()])
    again, rows, state = run_fit(tmp_path / "run", precision)
    for value, twin in zip(ranker.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(value, twin)
    for value, twin in zip(optimizer, state, strict=True):
        np.testing.assert_array_equal(value, twin)
    assert rows == history


def test_loss_scaling_passes_over_steps_that_overflow(trained):
    precision, _, ranker, _, _ = trained
    if precision == "mixed_bfloat16":  # It reaches as far as float32 and needs no scaling.
        assert not isinstance(ranker.optimizer, keras.optimizers.LossScaleOptimizer)
        return
    assert isinstance(ranker.optimizer, keras.optimizers.LossScaleOptimizer)
    # 2 ** 20 is beyond what float16 holds: the first steps halve it and change no weight.
    scale, steps = float(ranker.optimizer.dynamic_scale), int(ranker.optimizer.iterations)
    halvings = np.log2(2.0**20 / scale)
    assert halvings >= 1 and halvings == int(halvings)
    assert steps == EPOCHS * STEPS - halvings
