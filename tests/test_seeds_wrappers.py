"""Training and scoring of seed networks from end to end."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

import train_wrapper
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command
from training.seeds import eval as seeds_eval
from training.seeds.heat_maps import read_map_settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]


def run_train(*arguments):
    arguments = ["--experiment", "training/seeds", "--format", "voc", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


@pytest.fixture(scope="module")
def data(tiny_config, box_data):
    return ["--params_dir", tiny_config, "--data_dir", box_data, "--dataset", "boxes"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("experiments")
    assert run_train(*data, "--experiment_dir", folder) == 0
    return only_run(folder)


def test_training_leaves_the_whole_run_folder(trained):
    names = {path.name for path in trained.iterdir()}
    wanted = {"seeds.keras", "last.keras", "tags.json", "fit.json", "predictions.csv"}
    assert wanted | {"results.csv", "results.json", "report.html", "figures"} <= names
    metrics = read_results(trained).metrics
    assert {"map", "ap_blue", "ap_red", "seed_threshold", "num_images"} <= set(metrics)
    assert read_map_settings(trained)[0].image_size == 33
    assert json.loads((trained / "tags.json").read_text())["class_names"] == ["blue", "red"]
    assert (trained / "figures" / "seed_sheet.png").is_file()


def test_a_stopped_run_goes_on_exactly(trained, data, tmp_path):
    arguments = [*data, "--experiment_dir", tmp_path, "--checkpoint_steps", "1"]
    stopped = run_stopped(arguments, tmp_path)
    assert stopped != 0
    assert run_train(*arguments) == 0
    weights = [
        load_keras_model(run / "last.keras").get_weights() for run in (trained, only_run(tmp_path))
    ]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def run_stopped(arguments, folder, monkeypatch=None):
    """Train until the second step, then stop as Ctrl-C does."""
    from training import experiment

    class Stop(experiment.StopOnNaN):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            if batch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "StopOnNaN", Stop)
        return run_train(*arguments)


def test_tags_that_are_mapped_need_no_training(data, tmp_path):
    kernel = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    np.savez(tmp_path / "head.npz", kernel=kernel, bias=np.zeros(2), labels=["sky", "rose"])
    class_map = json.dumps({"blue": "sky", "red": "rose"})
    sets = [f"--set=class_map={class_map}", f"--set=head_file={tmp_path / 'head.npz'}"]
    arguments = [*data, "--experiment_dir", tmp_path / "runs", *sets, "--set=weights=a.h5"]
    assert run_train(*arguments) == 0
    run = only_run(tmp_path / "runs")
    assert not (run / "results.csv").exists()
    assert json.loads((run / "fit.json").read_text())["num_epochs"] == 0
    assert "Nothing was trained." in read_results(run).notes


def test_scoring_again_reads_what_the_run_kept(trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (run / "tags.json").unlink()
    arguments = ["--model", str(run), "--split", "val"]
    assert run_command(seeds_eval.main, seeds_eval.build_parser(), arguments) == 0
    metrics = read_results(run).metrics
    assert {"val_map", "map"} <= set(metrics) and (run / "tags.json").is_file()
    assert (run / "predictions_val.csv").is_file() and (run / "figures_val").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set=image_size=40"], "the nearest is 33"),
        (["--set=validation_fraction=0"], "pictures to validate on"),
        (["--filter_classes", "a"], "goes with ranked pairs"),
    ],
)
def test_bad_input_is_told_in_one_line(data, tmp_path, capsys, arguments, message):
    assert run_train(*data, "--experiment_dir", tmp_path, *arguments) == 2
    assert message in capsys.readouterr().err
