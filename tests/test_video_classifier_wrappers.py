"""Training and scoring of video classifiers from end to end."""

import csv
import json
import os
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

import predict
import train_wrapper
from datasets.synthetic_shots import moving_shots
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command
from training.video_classifier import eval as video_eval
from training.video_classifier import store_cams
from training.video_classifier.cam_stage import describe_cams, open_shot_cams, read_cam_settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_cam_encoder")]


def run_train(*arguments):
    arguments = ["--experiment", "training/video_classifier", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_module(module, *arguments):
    return run_command(module.main, module.build_parser(), list(map(str, arguments)))


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


def write_shots(folder, num):
    """Write shots of 2 frames of 32 x 40 pixels with a box each: `shots`."""
    for number, shot in enumerate(moving_shots(num, num_frames=2, image_size=(32, 40))):
        place = folder / "shots" / shot.name / f"{number:02d}"
        place.mkdir(parents=True)
        rows = ["frame,xmin,ymin,xmax,ymax"]
        for i, (frame, box) in enumerate(zip(shot.frames, shot.boxes, strict=True)):
            Image.fromarray(frame).save(place / f"{i}.png")
            rows.append(f"{i}.png,{','.join(map(str, box))}")
        (place / "boxes.csv").write_text("\n".join(rows))


@pytest.fixture(scope="module")
def data(tiny_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_shots(folder, 12)
    return ["--params_dir", tiny_config, "--data_dir", folder, "--dataset", "shots"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("experiments")
    assert run_train(*data, "--experiment_dir", folder) == 0
    return only_run(folder)


def test_training_leaves_the_whole_run_folder(trained):
    names = {path.name for path in trained.iterdir()}
    wanted = {"best_classification.keras", "best_localization.keras", "last.keras", "tags.json"}
    wanted |= {"fit.json", "predictions.csv", "scores.json", "results.csv", "results.json"}
    assert wanted | {"report.html", "figures", "saved_model"} <= names
    metrics = read_results(trained).metrics
    overall = {"accuracy", "shot_accuracy", "corloc_macro", "corloc_micro", "corloc_shots"}
    assert overall | {"label_free_corloc_macro", "label_free_threshold"} <= set(metrics)
    assert {"top1_localization", "max_box_acc_v2", "num_boxed_frames"} <= set(metrics)
    assert read_cam_settings(trained).image_size == 32
    told = json.loads((trained / "fit.json").read_text())
    assert told["best_corloc"] is not None and not told["transductive"]
    assert len(json.loads((trained / "scores.json").read_text())["oracle"]["per_shot"]) == 2
    figures = {path.name for path in (trained / "figures").iterdir()}
    assert {"cam_sheet.png", "corloc_tags.png", "corloc_shots.png"} <= figures
    with (trained / "shots.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 and {row["num_frames"] for row in rows} == {"2"}
    with (trained / "predictions.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 4


def test_a_stopped_run_goes_on_exactly(trained, data, tmp_path):
    arguments = [*data, "--experiment_dir", tmp_path, "--checkpoint_steps", "1"]
    assert run_stopped(arguments) != 0
    assert run_train(*arguments) == 0
    for name in ("last.keras", "best_localization.keras"):
        runs = (trained, only_run(tmp_path))
        weights = [load_keras_model(run / name).get_weights() for run in runs]
        for one, other in zip(*weights, strict=True):
            np.testing.assert_array_equal(one, other)


def run_stopped(arguments):
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


def test_scoring_again_leaves_both_splits(trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (run / "tags.json").unlink()
    assert run_module(video_eval, "--model", run, "--split", "val") == 0
    metrics = read_results(run).metrics
    assert {"val_accuracy", "val_corloc_macro", "accuracy", "corloc_macro"} <= set(metrics)
    assert (run / "scores_val.json").is_file() and (run / "figures_val").is_dir()
    assert (run / "predictions_val.csv").is_file() and (run / "tags.json").is_file()


def test_store_cams_keeps_maps_of_the_training_shots(trained, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    assert run_module(store_cams, "--model", run, "--method", "cam") == 0
    identity = describe_cams(run, read_cam_settings(run, method="cam"))
    assert len(open_shot_cams(run / "cams", identity).keys()) == 8
    assert run_module(store_cams, "--model", run, "--method", "cam", "--split", "all") == 0
    assert "maps of 24 frames of 12 shots" in capsys.readouterr().out


def test_predict_tells_tags_and_draws_their_maps(trained, data, tmp_path):
    frames = data[3] / "shots" / "disc" / "00"
    arguments = ["--model", trained, "--input", frames, "--output", tmp_path / "out"]
    assert run_module(predict, *arguments) == 0
    with (tmp_path / "out" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["0.png", "1.png"]
    assert {row["class"] for row in rows} <= {"disc", "square", "triangle"}
    assert 1 / 3 <= float(rows[0]["score"]) <= 1
    assert len(list((tmp_path / "out" / "cams").iterdir())) == 2
    arguments = ["--cam", "layer_cam", "--cam_class", "square", *arguments[:-1], tmp_path / "other"]
    assert run_module(predict, *arguments) == 0


def test_tags_that_are_mapped_need_no_training(data, tmp_path):
    kernel = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    np.savez(tmp_path / "head.npz", kernel=kernel, bias=np.zeros(3), labels=["a", "b", "c"])
    sets = [f"--set=head_file={tmp_path / 'head.npz'}", "--set=weights=a.h5", "--set=cut=false"]
    sets += ['--set=class_map={"disc": "a", "*": "top-1"}', "--set=cam_method=cam"]
    sets += ["--set=test_fraction=0", "--set=validation_fraction=0"]
    assert run_train(*data, "--experiment_dir", tmp_path / "runs", *sets) == 0
    run = only_run(tmp_path / "runs")
    assert not (run / "results.csv").exists()
    notes = read_results(run).notes
    assert "Nothing was trained." in notes and any("boxes and masks never" in x for x in notes)
    models = [run / f"best_{name}.keras" for name in ("classification", "localization")]
    assert models[0].is_file() and models[1].is_file()


def test_shots_without_boxes_choose_by_their_tags(tiny_config, data, tmp_path):
    shutil.copytree(data[3] / "shots", tmp_path / "data" / "plain")
    for file in (tmp_path / "data").rglob("boxes.csv"):
        file.unlink()
    arguments = ["--params_dir", tiny_config, "--data_dir", tmp_path / "data", "--dataset", "plain"]
    sets = ["--set=test_fraction=0", "--set=validation_fraction=0", "--set=epochs=1"]
    assert run_train(*arguments, "--experiment_dir", tmp_path / "runs", *sets) == 0
    run = only_run(tmp_path / "runs")
    assert "corloc_macro" not in read_results(run).metrics
    assert run_module(video_eval, "--model", run, "--split", "val") == 2
    told = json.loads((run / "fit.json").read_text())
    assert told["monitor"] == "val_loss" and told["best_corloc"] is None
    contents = [(run / f"best_{n}.keras") for n in ("classification", "localization")]
    weights = [load_keras_model(path).get_weights() for path in contents]
    np.testing.assert_array_equal(weights[0][0], weights[1][0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set=image_size=8"], "`image_size` (side of"),
        (["--set=resize_size=32", "--set=image_size=40"], "`resize_size` must be at least"),
        (["--set=classes=disc"], "at least two tags"),
        (["--set=classes=disc,dis"], "nearest is disc"),
        (['--set=shot_tags={"x*": "cat"}'], "None is called x*"),
        (["--set=head_rate=10"], "`head_rate` must be 1"),
        (["--filter_classes", "a"], "goes with ranked pairs"),
    ],
)
def test_bad_input_is_told_in_one_line(data, tmp_path, capsys, arguments, message):
    assert run_train(*data, "--experiment_dir", tmp_path, *arguments) == 2
    assert message in capsys.readouterr().err
