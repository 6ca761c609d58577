"""Both wrappers when a signal comes while nothing trains; fine-tuning on two devices."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import finetune_wrapper
import train_wrapper
from reporting.results import read_results
from training.command_line import run_command

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "finetuning.unsupervised.noisy_synth_regress"
pytestmark = pytest.mark.slow


def run(wrapper, *arguments):
    arguments = list(map(str, arguments))
    return run_command(wrapper.main, wrapper.build_parser(), arguments, resumable=True)


def stop(*args, **kwargs):
    signal.raise_signal(signal.SIGTERM)


def run_stopped_in(place, wrapper, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, stop)
        assert run(wrapper, *arguments) == 75


def list_runs(experiments, *names):
    return sorted(path.parent for path in experiments.joinpath(*names).rglob("args.json"))


@pytest.fixture(scope="module")
def folders(drawn_data, tiny_config):
    return ["--data_dir", drawn_data, "--params_dir", tiny_config]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, folders):
    """Train: stopped while reading, again while the trained model is scored, then to the end."""
    experiments = tmp_path_factory.mktemp("experiments")
    arguments = [*folders, "--experiment_dir", experiments]
    run_stopped_in("training.ranked_lists.keep_sound", train_wrapper, *arguments)
    assert list_runs(experiments) == []
    run_stopped_in("training.ranker_fitting.evaluate", train_wrapper, *arguments)
    (unfinished,) = list_runs(experiments)
    history = (unfinished / "results.csv").read_bytes()
    assert run(train_wrapper, *arguments) == 0
    assert list_runs(experiments) == [unfinished]
    assert (unfinished / "results.csv").read_bytes() == history  # not trained again
    return experiments


@pytest.fixture(scope="module")
def fine_tune(trained, folders):
    """Give the command line that fine-tunes, 12 pictures in batches of 5, and then `index`."""
    (model,) = list_runs(trained, "baseline")
    arguments = [*folders, "--experiment_path", trained, "--set", "batch_size=5"]
    return [*arguments, "--model_path", model, "--index"]


@pytest.fixture(scope="module")
def fine_tuned(trained, fine_tune):
    assert run(finetune_wrapper, *fine_tune, "whole") == 0
    (whole,) = list_runs(trained, "noisy_synth_regress", "synthetic_noisy", "whole")
    return read_results(whole).metrics


def test_fine_tuning_stopped_anywhere_goes_on_to_the_same_result(
    trained, fine_tune, fine_tuned, capsys
):
    for place in (f"{PACKAGE}.train.fit_weights", "finetuning.unsupervised.scoring.export_counter"):
        run_stopped_in(place, finetune_wrapper, *fine_tune, "stopped")
        (unfinished,) = list_runs(trained, "noisy_synth_regress", "synthetic_noisy", "stopped")
        assert f"goes on with {unfinished}" in capsys.readouterr().err
    assert run(finetune_wrapper, *fine_tune, "stopped") == 0
    assert list_runs(trained, "noisy_synth_regress", "synthetic_noisy", "stopped") == [unfinished]
    assert read_results(unfinished).metrics == fine_tuned


def test_fine_tuning_after_new_training_is_a_new_run(trained, folders, tmp_path):
    shutil.copytree(trained / "baseline", tmp_path / "baseline")
    arguments = [*folders, "--experiment_path", tmp_path]
    run_stopped_in(f"{PACKAGE}.train.fit_weights", finetune_wrapper, *arguments)
    (old,) = list_runs(tmp_path, "baseline")
    shutil.copytree(old, new := old.with_name("2999-01-01-00-00-00"))
    run_stopped_in(f"{PACKAGE}.train.fit_weights", finetune_wrapper, *arguments)
    runs = list_runs(tmp_path, "noisy_synth_regress")
    models = [json.loads((path / "args.json").read_text())["model_path"] for path in runs]
    assert models == [str(folder / "best_model_00.keras") for folder in (old, new)]


TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import finetune_wrapper
from training.command_line import run_command
sys.exit(run_command(finetune_wrapper.main, finetune_wrapper.build_parser()))
"""


def test_fine_tuning_on_two_devices_equals_one(trained, fine_tune, fine_tuned):
    command = [sys.executable, "-c", TWO_DEVICES, *fine_tune, "two", "--device", "all"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, check=True)
    (two,) = list_runs(trained, "noisy_synth_regress", "synthetic_noisy", "two")
    assert read_results(two).metrics == pytest.approx(fine_tuned, rel=1e-4)
