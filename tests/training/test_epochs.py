from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from config.errors import InputError
from training.epochs import run_epochs
from training.interruption import StoppedRun

STEPS = 3


class Seen(keras.callbacks.Callback):
    """Remembers the epochs and steps that `fit` runs."""

    def __init__(self):
        super().__init__()
        self.epochs, self.steps = [], 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append((epoch, sorted(logs)))

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


def build_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def make_dataset(first_step):
    numbers = tf.data.Dataset.range(first_step * 4, 100).batch(4)
    return numbers.map(lambda n: (tf.cast(n, tf.float32)[:, None] / 100, tf.zeros((4, 1))))


def run(epoch, step, *, parts=1, epochs=3, make=make_dataset, run_folder=None):
    seen, first = Seen(), []
    state = SimpleNamespace(
        epoch=epoch,
        step=step,
        steps_per_epoch=STEPS,
        logs={"loss": 0.5},
        options=SimpleNamespace(accumulate=parts),
        store=SimpleNamespace(folder=SimpleNamespace(parent=run_folder)),
    )

    class Advance(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            state.epoch, state.step = epoch + 1, 0

    def counted(first_step):
        first.append(first_step)
        return make(first_step)

    validation = make_dataset(0).take(1)
    run_epochs(build_model(), counted, validation, [seen, Advance()], state, epochs=epochs)
    return seen, first


def test_run_epochs_runs_all_of_them():
    seen, first = run(0, 0)
    assert [epoch for epoch, _ in seen.epochs] == [0, 1, 2]
    assert (seen.steps, first) == (9, [0])


def test_run_epochs_takes_the_rest_of_a_half_done_epoch_first():
    seen, first = run(1, 2)
    assert [epoch for epoch, _ in seen.epochs] == [1, 2]
    assert (seen.steps, first) == (1 + 3, [1 * 3 + 2, 2 * 3])


def test_run_epochs_validates_an_epoch_whose_steps_are_done():
    seen, first = run(2, 3)
    assert seen.epochs == [(2, ["loss", "val_loss"])]
    assert (seen.steps, first) == (0, [])


def test_run_epochs_of_a_finished_run_does_nothing():
    seen, first = run(3, 0)
    assert (seen.epochs, seen.steps, first) == ([], 0, [])


def test_run_epochs_computes_each_step_in_parts():
    seen, _ = run(2, 1, parts=2)
    assert seen.steps == 2 * 2  # 2 steps left, 2 parts each


def fail_with(error):
    def fail(number):
        raise error

    def poison(x, y):
        return x + tf.ensure_shape(tf.numpy_function(fail, [1], tf.float32), ()), y

    return make_dataset(0).map(poison)


def test_run_epochs_gives_a_readers_own_words():
    with pytest.raises(InputError, match="^a.jpg is broken.$"):
        run(0, 0, make=lambda first: fail_with(InputError("a.jpg is broken.")))


def test_run_epochs_keeps_another_error_of_the_pipeline_as_it_is():
    with pytest.raises(tf.errors.OpError, match="division"):
        run(0, 0, make=lambda first: fail_with(ZeroDivisionError("division")))


def test_run_epochs_says_which_worker_is_gone(monkeypatch, tmp_path):
    def fail(*args, **kwargs):
        raise tf.errors.UnavailableError(None, None, "/job:worker/replica:0/task:1 gone")

    cluster = '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}'
    monkeypatch.setenv("TF_CONFIG", cluster)
    monkeypatch.setattr("training.epochs.build_metrics", fail)
    with pytest.raises(StoppedRun, match=rf"worker 1 \(b:1\) .*`--resume {tmp_path}` on each"):
        run(0, 0, run_folder=tmp_path)
