"""Training, scoring and fine-tuning on points from end to end."""

import csv
import json
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import finetune_wrapper
import train_wrapper
from datasets.point_pipeline import PointPictures
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command
from training.points import eval as point_eval

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]


def run_train(*arguments):
    arguments = ["--experiment", "training/points", "--format", "dots", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_finetune(*arguments):
    arguments = ["--experiment", "finetuning/points", "--format", "dots", *arguments]
    parser = finetune_wrapper.build_parser()
    return run_command(finetune_wrapper.main, parser, list(map(str, arguments)))


def run_eval(*arguments):
    parser = point_eval.build_parser()
    return run_command(point_eval.main, parser, list(map(str, arguments)))


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


@pytest.fixture(scope="module")
def folders(disc_data, tiny_config):
    return ["--data_dir", disc_data, "--dataset", "discs", "--params_dir", tiny_config]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, folders):
    """Train once on the discs."""
    folder = tmp_path_factory.mktemp("experiments")
    assert run_train(*folders, "--experiment_dir", folder) == 0
    return only_run(folder)


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the trained run, to be changed."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def test_training_leaves_the_whole_run_folder(trained):
    names = {path.name for path in trained.iterdir()}
    wanted = {"points.keras", "last.keras", "points.json", "predictions.csv", "results.csv"}
    wanted |= {"results.json", "report.html", "figures", "saved_model", "hyperparams.json"}
    assert wanted <= names
    metrics = read_results(trained).metrics
    wanted = {"mae", "rmse", "nae", "game_0", "game_3", "precision", "recall", "f1", "blob_f1"}
    assert wanted | {"threshold", "levels", "min_area"} <= set(metrics)
    rows = list(csv.DictReader((trained / "predictions.csv").open()))
    errors = [abs(float(row["predicted"]) - float(row["count"])) for row in rows]
    assert len(rows) == 2 and metrics["mae"] == pytest.approx(sum(errors) / 2)
    history = list(csv.DictReader((trained / "results.csv").open()))
    assert {"loss", "mae", "val_loss", "val_mae"} <= set(history[0])


def test_training_says_how_its_settings_were_chosen(trained):
    settings = json.loads((trained / "points.json").read_text())
    metrics = read_results(trained).metrics
    assert settings["chosen"] == "chosen on the 2 validation pictures"
    assert settings["threshold"] == metrics["threshold"]
    page = (trained / "report.html").read_text()
    assert "chosen on the 2 validation pictures" in page and "true points, blobs found" in page


def test_the_saved_counter_is_the_one_that_was_scored(trained):
    counter = load_keras_model(trained / "points.keras")
    exported = tf.saved_model.load(str(trained / "saved_model"))
    settings = json.loads((trained / "points.json").read_text())
    assert counter.get_layer("count_blobs").threshold == settings["threshold"]
    for row in csv.DictReader((trained / "predictions.csv").open()):
        image = np.asarray(Image.open(row["image"]))[None]
        found = exported.signatures["serving_default"](images=tf.constant(image))
        assert float(found["count"][0]) == pytest.approx(float(row["predicted"]), rel=1e-4)
        assert float(counter(image)["count"][0]) == pytest.approx(float(row["predicted"]), rel=1e-4)


def test_eval_takes_settings_and_rewrites_what_depends_on_them(copied):
    assert (
        run_eval("--model", copied, "--threshold", "0.01", "--levels", "2", "--min_area", "3") == 0
    )
    metrics = read_results(copied).metrics
    assert (metrics["threshold"], metrics["levels"], metrics["min_area"]) == (0.01, 2, 3)
    settings = json.loads((copied / "points.json").read_text())
    assert (settings["threshold"], settings["levels"], settings["chosen"]) == (0.01, 2, "given")
    layer = load_keras_model(copied / "points.keras").get_layer("count_blobs")
    assert (layer.threshold, layer.levels, layer.min_area) == (0.01, 2, 3)
    assert run_eval("--model", copied, "--calibrate", "--split", "val") == 0
    results = read_results(copied)
    assert "val_mae" in results.metrics and "mae" not in results.metrics
    assert "validation pictures" in results.notes[0]
    assert (
        "chosen on the 2 validation" in json.loads((copied / "points.json").read_text())["chosen"]
    )


def test_eval_without_settings_repeats_the_results(copied):
    before = read_results(copied).metrics
    assert run_eval("--model", copied) == 0
    assert read_results(copied).metrics == before
    assert "chosen on" in json.loads((copied / "points.json").read_text())["chosen"]


def test_eval_of_validation_pictures_keeps_those_of_the_test(copied):
    before, rows = read_results(copied).metrics, (copied / "predictions.csv").read_text()
    assert run_eval("--model", copied, "--split", "val") == 0
    results = read_results(copied)
    assert {**before, **results.metrics} == results.metrics and "val_mae" in results.metrics
    assert "test pictures" in results.notes[0] and "validation pictures" in results.notes[1]
    assert (copied / "predictions.csv").read_text() == rows
    assert (copied / "predictions_val.csv").is_file() and (copied / "figures_val").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--calibrate", "--threshold", "0.5"], "`--calibrate` chooses `--threshold`"),
        (["--threshold", "1"], "`threshold` must be at least 0 and below 1. Received 1"),
        (["--min_area", "0"], "`min_area` must be at least 1"),
        (["--levels", "0"], "`--levels` must be at least 1"),
    ],
)
def test_eval_names_bad_settings(copied, capsys, arguments, message):
    assert run_eval("--model", copied, *arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed


def test_eval_names_a_folder_that_is_no_run_on_points(copied, tmp_path, capsys):
    assert run_eval("--model", tmp_path / "absent") == 2
    assert "must be a run folder" in capsys.readouterr().err
    (copied / "fit.json").unlink()
    assert run_eval("--model", copied) == 2
    assert "must be a points run that was trained to its end" in capsys.readouterr().err


def test_fine_tuning_starts_from_an_encoder_with_few_labels(
    small_encoder, disc_data, tiny_config, tmp_path
):
    small_encoder().save(tmp_path / "ranker.keras")
    arguments = ["--train_data", "discs", "--test_data", "discs", "--num_labelled", "4"]
    arguments += ["--data_dir", disc_data, "--params_dir", tiny_config, "--patience", "5"]
    arguments += ["--experiment_path", tmp_path, "--model_path", tmp_path / "ranker.keras"]
    assert run_finetune(*arguments) == 0
    run = only_run(tmp_path)
    fitted = json.loads((run / "fit.json").read_text())
    assert (fitted["num_training_images"], fitted["num_validation_images"]) == (3, 1)
    assert "mae" in read_results(run).metrics and (run / "saved_model").is_dir()
    assert json.loads((run / "hyperparams.json").read_text())["num_labelled"] == 4


def test_training_on_all_devices_equals_training_on_one(folders, trained, tmp_path):
    assert run_train(*folders, "--experiment_dir", tmp_path, "--device", "all") == 0
    assert read_results(only_run(tmp_path)).metrics == read_results(trained).metrics


class StopAfter:
    """Sends SIGTERM to the test itself when the n-th picture is read."""

    def __init__(self, monkeypatch, number):
        self.left, read = number, PointPictures.read

        def count_and_read(pictures, place):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            return read(pictures, place)

        monkeypatch.setattr(PointPictures, "read", count_and_read)


def test_a_stopped_run_goes_on_to_the_same_result(folders, trained, tmp_path, monkeypatch):
    arguments = [*folders, "--experiment_dir", tmp_path, "--checkpoint_steps", "1"]
    with monkeypatch.context() as patch:
        StopAfter(patch, 9)
        assert run_train(*arguments) == 75
    assert run_train(*arguments) == 0
    run = only_run(tmp_path)
    assert read_results(run).metrics == read_results(trained).metrics
    assert (run / "results.csv").read_bytes() == (trained / "results.csv").read_bytes()
    weights = [load_keras_model(each / "last.keras").get_weights() for each in (run, trained)]
    for values, twin in zip(*weights, strict=True):
        np.testing.assert_array_equal(values, twin)


def test_whole_pictures_of_several_classes_without_test_pictures(tiny_config, tmp_path):
    generator = np.random.default_rng(0)
    lines = ["image,row,column,class,split"]
    for i in range(6):
        size = (int(generator.integers(33, 50)), 40)
        Image.fromarray(generator.integers(0, 256, (*size, 3), np.uint8)).save(
            tmp_path / f"{i}.png"
        )
        split = "val" if i > 3 else "train"
        for j in range(i):
            lines.append(f"{i}.png,{j},{3 * j},{'xyz'[j % 3]},{split}")
        if i == 0:
            lines.append(f"{i}.png,,,,{split}")
    (tmp_path / "points.csv").write_text("\n".join(lines))
    folders = ["--format", "points", "--data_dir", tmp_path, "--dataset", "."]
    folders += ["--params_dir", tiny_config, "--experiment_dir", tmp_path / "runs"]
    changes = ["crop=null", "batch_size=1", "crops_per_epoch=2", 'classes=["z","x"]', "levels=2"]
    changes += [
        "scale=1.5",
        "head=fcn8",
        "finest_stride=2",
        "fit_objects_per_blob=true",
        "epochs=1",
    ]
    assert run_train(*folders, *(f"--set={change}" for change in changes)) == 0
    metrics = read_results(only_run(tmp_path / "runs")).metrics
    assert {"val_mae", "val_mae_z", "val_f1_x", "val_m_rel_rmse_nz"} <= set(metrics)
