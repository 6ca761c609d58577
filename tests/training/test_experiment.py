import csv
import errno
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from datasets.pipeline import make_sample_dataset
from training import checkpoints
from training.engine_options import EngineOptions
from training.experiment import (
    FitPlan,
    build_optimizer,
    build_stepped_rate,
    fit,
    prepare_model,
    start_seed,
)
from training.interruption import StoppedRun

EPOCHS, STEPS, BATCH = 3, 4, 2
INPUTS = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
TARGETS = (INPUTS @ [[1.0], [2.0], [-1.0]]).astype(np.float32)


def build_model(batch_norm=True):
    start_seed(0)
    norm = keras.layers.BatchNormalization(trainable=batch_norm)  # frozen: inference mode
    model = keras.Sequential([keras.Input((3,)), norm, keras.layers.Dense(1)])
    metric = keras.metrics.MeanAbsoluteError(name="distance")
    model.compile(build_optimizer("adam", 0.05), "mse", metrics=[metric])
    return model


def make_dataset(first_step, poison_step=None):
    def load(number, seed):
        noise = tf.random.stateless_normal((3,), seed) / 10
        return tf.gather(INPUTS, number) + noise, tf.gather(TARGETS, number)

    batches = make_sample_dataset(
        16,
        load,
        batch_size=BATCH,
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        seed=7,
        first_step=first_step,
    )
    if poison_step is None:
        return batches
    return batches.enumerate().map(
        lambda i, xy: (tf.where(i == poison_step, np.nan, 1.0) * xy[0], xy[1])
    )


def test_build_optimizer_takes_beta_and_weight_decay():
    optimizer = build_optimizer("adam", 1e-5, beta_1=0.99, weight_decay=5e-4)
    assert (optimizer.beta_1, optimizer.beta_2, optimizer.weight_decay) == (0.99, 0.999, 5e-4)
    plain = build_optimizer("sgd", 0.1, weight_decay=0.01)
    assert plain.weight_decay == 0.01


def test_build_stepped_rate_drops_after_steps_not_their_parts():
    rate = build_stepped_rate(0.5, 3, num_steps=36, accumulate=4)
    # 3 steps are 12 parts; 9 steps in all.
    rates = [float(rate(part)) for part in (0, 12, 13, 24, 25, 35)]
    assert rates == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005, 0.005])
    assert build_stepped_rate(0.5, 3, num_steps=12, accumulate=4) == 0.5


def test_build_optimizer_names_an_optimizer_without_beta():
    with pytest.raises(InputError, match="one with `beta_1` 0.9. Received sgd"):
        build_optimizer("sgd", 0.1, beta_1=0.9)


class AskToStop(keras.callbacks.Callback):
    """Sends SIGTERM to the test itself in one step, of training or of validation."""

    def __init__(self, *, step=None, validation_epoch=None):
        super().__init__()
        self.step, self.validation_epoch = step, validation_epoch
        self.seen, self.epoch = 0, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if self.seen == self.step:
            signal.raise_signal(signal.SIGTERM)
        self.seen += 1

    def on_test_batch_begin(self, batch, logs=None):
        if self.epoch == self.validation_epoch:
            signal.raise_signal(signal.SIGTERM)


def run_fit(folder, callbacks=(), *, plan_values=None, batch_norm=True, **options):
    plan_values = plan_values or {}
    folder.mkdir(exist_ok=True)
    model = build_model(batch_norm)
    validation = tf.data.Dataset.from_tensor_slices((INPUTS, TARGETS)).batch(8)
    plan = FitPlan(
        run=folder,
        epochs=EPOCHS,
        models={"best_{epoch:02d}.keras": model},
        callbacks=callbacks,
        options=EngineOptions(**options),
        **{"steps_per_epoch": STEPS, **plan_values},
    )
    history = fit(model, make_dataset, validation, plan)
    return model, history


def assert_same_run(folder, other, model, other_model):
    for variable, twin in zip(model.variables, other_model.variables, strict=True):
        np.testing.assert_array_equal(variable, twin)
    optimizer_pairs = zip(model.optimizer.variables, other_model.optimizer.variables, strict=True)
    for variable, twin in optimizer_pairs:
        np.testing.assert_array_equal(variable, twin)
    assert (folder / "results.csv").read_bytes() == (other / "results.csv").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "undisturbed"
    model, history = run_fit(folder)
    return folder, model, history


def test_fit_learns_and_writes_a_row_per_epoch(undisturbed):
    folder, _, history = undisturbed
    with open(folder / "results.csv") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    assert float(rows[-1]["val_loss"]) < float(rows[0]["val_loss"])
    assert float(rows[-1]["val_loss"]) == history[-1]["val_loss"]


def test_fit_keeps_the_best_model_alone(undisturbed):
    folder, _, history = undisturbed
    best = int(np.argmin([row["val_loss"] for row in history]))
    assert [file.name for file in folder.glob("best_*")] == [f"best_{best:02d}.keras"]


def test_fit_keeps_two_checkpoints(undisturbed):
    folder, _, _ = undisturbed
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert names == ["step-000000008", "step-000000012"]  # ends of the last two epochs of 4 steps


@pytest.mark.parametrize("step", [0, 1, 3, 4, 6, 11])
def test_a_run_stopped_at_any_step_goes_on_to_the_same_result(undisturbed, tmp_path, step):
    with pytest.raises(StoppedRun, match="go on with `--resume .*run`"):
        run_fit(tmp_path / "run", [AskToStop(step=step)])
    model, _ = run_fit(tmp_path / "run", [AskToStop()])
    assert_same_run(undisturbed[0], tmp_path / "run", undisturbed[1], model)


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_run_stopped_in_validation_goes_on_to_the_same_result(undisturbed, tmp_path, epoch):
    with pytest.raises(StoppedRun, match=f"epoch {epoch + 1}, step 4 of 4"):
        run_fit(tmp_path / "run", [AskToStop(validation_epoch=epoch)])
    model, _ = run_fit(tmp_path / "run", [AskToStop()])
    assert_same_run(undisturbed[0], tmp_path / "run", undisturbed[1], model)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "stopped"
    with pytest.raises(StoppedRun):
        run_fit(folder, [AskToStop(step=6)], checkpoint_steps=1)
    return folder


def test_a_torn_newest_checkpoint_falls_back_and_is_kept(undisturbed, stopped, tmp_path, caplog):
    shutil.copytree(stopped, tmp_path / "run")
    newest = max((tmp_path / "run" / "checkpoints").iterdir())
    (newest / "state.json").write_text("{")
    model, _ = run_fit(tmp_path / "run", [AskToStop()])
    assert "torn checkpoint" in caplog.text
    assert_same_run(undisturbed[0], tmp_path / "run", undisturbed[1], model)


def test_a_finished_run_is_not_trained_again(undisturbed):
    folder, model, history = undisturbed
    again, rows = run_fit(folder)
    assert rows == history
    assert_same_run(folder, folder, model, again)


def test_early_stopping_ends_a_run_and_stays_ended(tmp_path):
    _, history = run_fit(tmp_path / "run", plan_values={"monitor": "distance", "patience": 1})
    # "distance" is taken for a value to be maximised: a falling one never improves on the first.
    assert len(history) == 2
    _, again = run_fit(tmp_path / "run", plan_values={"monitor": "distance", "patience": 1})
    assert again == history


def test_nan_stops_the_run_and_names_the_step(tmp_path):
    model = build_model()
    plan = FitPlan(
        run=tmp_path, epochs=EPOCHS, steps_per_epoch=STEPS, models={}, options=EngineOptions()
    )
    validation = make_dataset(0).take(1)
    with pytest.raises(InputError, match="the loss became nan at epoch 2, step 3"):
        fit(model, lambda first: make_dataset(first, poison_step=6), validation, plan)


def test_an_unwritable_checkpoint_folder_warns_and_the_run_goes_on(tmp_path, caplog):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoints").write_text("a file in the way")
    _, history = run_fit(tmp_path / "run")
    assert len(history) == EPOCHS
    assert "checkpoint not written" in caplog.text


def test_a_reader_error_in_the_pipeline_is_reported_as_input(tmp_path):
    def fail(number):
        raise InputError(f"picture {number} is broken.")

    def make_broken(first_step):
        return make_dataset(first_step).map(
            lambda x, y: (x + tf.ensure_shape(tf.numpy_function(fail, [1], tf.float32), ()), y)
        )

    plan = FitPlan(
        run=tmp_path, epochs=1, steps_per_epoch=STEPS, models={}, options=EngineOptions()
    )
    with pytest.raises(InputError, match="^picture 1 is broken.$"):
        fit(build_model(), make_broken, make_dataset(0).take(1), plan)


def test_accumulated_parts_equal_the_whole_batch(tmp_path):
    whole, history = run_fit(tmp_path / "whole", batch_norm=False)
    parts, rows = run_fit(tmp_path / "parts", batch_norm=False, accumulate=2)
    for variable, twin in zip(whole.variables, parts.variables, strict=True):
        np.testing.assert_allclose(variable, twin, atol=1e-5)
    for row, twin in zip(history, rows, strict=True):
        np.testing.assert_allclose(list(row.values()), list(twin.values()), atol=1e-5)
    assert int(parts.optimizer.iterations) == EPOCHS * STEPS


def test_an_accumulating_run_stopped_in_mid_epoch_goes_on_to_the_same_result(tmp_path):
    model, _ = run_fit(tmp_path / "undisturbed", accumulate=2)
    with pytest.raises(StoppedRun, match="epoch 1, step 3 of 4"):
        run_fit(tmp_path / "run", [AskToStop(step=5)], accumulate=2)  # half of step 3
    again, _ = run_fit(tmp_path / "run", [AskToStop()], accumulate=2)
    assert_same_run(tmp_path / "undisturbed", tmp_path / "run", model, again)


def test_accumulate_must_divide_the_batch(tmp_path):
    with pytest.raises(InputError, match="`batch_size` must be a multiple of the 3 parts"):
        run_fit(tmp_path / "run", accumulate=3)


@pytest.mark.parametrize(("jit", "compiled"), [("on", True), ("off", False), ("auto", False)])
def test_prepare_model_sets_compilation(jit, compiled):
    model = build_model()
    prepare_model(model, make_dataset(0), EngineOptions(jit=jit))
    assert model.jit_compile is compiled  # auto: off on a CPU


def test_a_compiled_run_trains(tmp_path):
    _, history = run_fit(tmp_path / "run", jit="on")
    assert history[-1]["val_loss"] < history[0]["val_loss"]


def test_fit_refuses_a_data_set_of_another_length(undisturbed, tmp_path):
    with pytest.raises(StoppedRun):
        run_fit(tmp_path / "run", [AskToStop(step=6)])
    with pytest.raises(InputError, match="of 4 steps an epoch. Received 3"):
        run_fit(tmp_path / "run", plan_values={"steps_per_epoch": 3})


def test_fit_keeps_as_many_checkpoints_as_asked(tmp_path):
    run_fit(tmp_path / "run", keep_checkpoints=3, checkpoint_steps=1)
    names = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert names == ["step-000000010", "step-000000011", "step-000000012"]


def test_fit_logs_a_line_per_epoch_and_every_so_many_steps(tmp_path, caplog):
    caplog.set_level("INFO")
    run_fit(tmp_path / "run", log_every=2)
    lines = [record.message for record in caplog.records if "left" in record.message]
    assert len(lines) == EPOCHS * (1 + STEPS // 2)
    assert lines[0].startswith("epoch 1/3 step 2/4: loss ")
    assert "val_loss" in lines[2] and lines[-1].endswith("about 0 s left")


def test_a_checkpoint_on_a_full_disk_warns_and_keeps_the_last_good_one(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        with pytest.raises(StoppedRun):
            run_fit(tmp_path / "run", [AskToStop(step=5)])
        patch.setattr(checkpoints.np, "savez", full)
        run_fit(tmp_path / "run", [AskToStop()])
    names = [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()]
    assert sorted(names) == ["step-000000004", "step-000000006"]


def test_build_optimizer_names_an_unknown_one():
    with pytest.raises(InputError, match="`optimizer` must name a Keras optimizer"):
        build_optimizer("adamant", 0.1)
