"""Training, fine-tuning and scoring of localizers from end to end."""

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
from datasets.box_pipeline import BoxPictures
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command
from training.localization import eval as localization_eval

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]


def run_train(*arguments):
    arguments = ["--experiment", "training/localization", "--format", "voc", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_finetune(*arguments):
    arguments = ["--experiment", "finetuning/localization", *arguments]
    parser = finetune_wrapper.build_parser()
    return run_command(finetune_wrapper.main, parser, list(map(str, arguments)))


def run_eval(*arguments):
    parser = localization_eval.build_parser()
    return run_command(localization_eval.main, parser, list(map(str, arguments)))


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


def read_weights(run, name="last.keras"):
    return load_keras_model(run / name).get_weights()


def read_predictions(run):
    return list(csv.DictReader((run / "predictions.csv").open()))


@pytest.fixture(scope="module")
def config(tiny_config):
    return ["--params_dir", tiny_config]


@pytest.fixture(scope="module")
def folders(config, box_data):
    return [*config, "--data_dir", box_data, "--dataset", "boxes"]


# As published but for the encoder: a schedule with a plateau, at once for a short run to see it.
PLATEAU = ["--set=head=box", "--set=box_form=pixels", "--set=schedule=plateau", "--set=epochs=4"]
PLATEAU += ["--set=plateau_patience=1", "--set=plateau_factor=0.5", "--set=learning_rate=0.03"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, folders):
    """Train once, with classes."""
    folder = tmp_path_factory.mktemp("experiments")
    assert run_train(*folders, "--experiment_dir", folder, *PLATEAU) == 0
    return only_run(folder)


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the trained run, to be changed."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


def test_training_leaves_the_whole_run_folder(trained):
    names = {path.name for path in trained.iterdir()}
    wanted = {"localizer.keras", "last.keras", "boxes.json", "pictures.json", "predictions.csv"}
    wanted |= {"results.csv", "results.json", "report.html", "figures", "saved_model", "fit.json"}
    assert wanted <= names
    results, rows = read_results(trained), read_predictions(trained)
    wanted = {"mean_iou", "summed_iou", "accuracy_50", "accuracy_75", "max_box_acc", "mean_box_iou"}
    wanted |= {"class_accuracy", "macro_f1", "f1_red", "f1_blue", "pictures_per_second"}
    assert wanted <= set(results.metrics)
    ious = [float(row["iou"]) for row in rows]
    assert results.metrics["mean_iou"] == pytest.approx(np.mean(ious), abs=1e-5)
    assert json.loads((trained / "boxes.json").read_text())["class_names"] == ["blue", "red"]
    page = (trained / "report.html").read_text()
    assert "smallest IoU" in page and "true box dashed" in page and "Scored on the 4 test" in page


def test_training_keeps_resolved_values_and_logs_the_schedule(trained):
    values = json.loads((trained / "hyperparams.json").read_text())
    assert values["loss"]["raw_box"]["class_name"] == "MeanSquaredError"
    assert (values["plateau_patience"], values["learning_rate_floor"]) == (1, 1e-7)
    rows = list(csv.DictReader((trained / "results.csv").open()))
    rates = [float(row["learning_rate"]) for row in rows]
    assert {"loss", "iou", "val_iou", "val_class_accuracy"} <= set(rows[0])
    assert rates[0] == pytest.approx(0.03) and rates == sorted(rates, reverse=True)
    assert min(rates) < 0.03  # a plateau was met
    fitted = json.loads((trained / "fit.json").read_text())
    assert fitted["best_val_iou"] == max(float(row["val_iou"]) for row in rows)


def check_saved_model(run):
    """Compare the SavedModel with the predictions that were scored."""
    exported = tf.saved_model.load(str(run / "saved_model")).signatures["serving_default"]
    for row in read_predictions(run):
        found = exported(images=tf.constant(np.asarray(Image.open(row["image"]))[None]))
        box = [float(row[name]) for name in ("x0", "y0", "x1", "y1")]
        assert found["boxes"][0].numpy() == pytest.approx(box, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("head", ["box", "box_class", "mask", "grid", "heatmap", "edges"])
def test_every_head_is_trained_fine_tuned_and_exported(folders, config, tmp_path, head):
    short = ["--set=epochs=1", "--set=num_pictures=0"]
    arguments = ["--experiment_dir", tmp_path, f"--set=head={head}", "--set=box_form=pixels"]
    assert run_train(*folders, *short, *arguments, "--set=unfreeze=none") == 0
    first = only_run(tmp_path)
    assert ("dice" in read_results(first).metrics) == (head == "mask")
    arguments = ["--experiment_path", tmp_path / "finetuned", "--model_path", first]
    assert run_finetune(*config, *short, *arguments, "--unfreeze", "last:4") == 0
    second = only_run(tmp_path / "finetuned")
    check_saved_model(second)
    values = [json.loads((run / "hyperparams.json").read_text()) for run in (first, second)]
    assert values[1]["learning_rate"] == pytest.approx(values[0]["learning_rate"] / 10)
    assert (values[1]["unfreeze"], values[1]["loss"]) == ("last:4", values[0]["loss"])
    tested = [{row["image"] for row in read_predictions(run)} for run in (first, second)]
    assert tested[0] == tested[1]
    fitted = [json.loads((run / "fit.json").read_text()) for run in (first, second)]
    assert [each["num_thawed_layers"] for each in fitted] == [0, 4]


def test_fine_tuning_never_keeps_less_than_it_began_with(trained, config, tmp_path):
    arguments = ["--experiment_path", tmp_path, "--model_path", trained, "--set=epochs=1"]
    assert (
        run_finetune(*config, *arguments, "--set=learning_rate=100", "--set=schedule=constant") == 0
    )
    run = only_run(tmp_path)
    kept = (read_weights(each, "localizer.keras") for each in (run, trained))
    for mine, theirs in zip(*kept, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    fitted = json.loads((run / "fit.json").read_text())
    assert fitted["start_val_iou"] == fitted["best_val_iou"] > 0
    assert "and was kept" in read_results(run).notes[1]
    assert read_predictions(run) == read_predictions(trained)


def test_fine_tuning_refuses_pictures_that_were_learnt(trained, config, tmp_path, capsys):
    arguments = ["--experiment_path", tmp_path, "--model_path", trained, "--set=split_seed=5"]
    assert run_finetune(*config, *arguments) == 2
    assert "No test picture may be one that the earlier run" in capsys.readouterr().err
    assert not list(tmp_path.rglob("args.json"))


def test_fine_tuning_refuses_other_classes_and_other_runs(trained, config, tmp_path, capsys):
    arguments = ["--experiment_path", tmp_path, "--model_path", trained]
    assert run_finetune(*config, *arguments, '--set=classes=["red"]') == 2
    assert "the data must have the localizer's 2 classes. Received 1" in capsys.readouterr().err
    swapped = [*config, *arguments, '--set=classes=["red","blue"]']
    assert run_finetune(*swapped) == 2
    assert "in their order: blue, red. Received red, blue" in capsys.readouterr().err
    other = tmp_path / "points"
    other.mkdir()
    (other / "args.json").write_text('{"experiment": "training/points"}')
    (other / "hyperparams.json").write_text("{}")
    (other / "points.keras").touch()
    assert run_finetune(*config, "--experiment_path", tmp_path, "--model_path", other) == 2
    assert "a run of training/points; give a run of training/loc" in capsys.readouterr().err


def test_eval_repeats_the_results_and_scores_the_validation_pictures(copied, capsys):
    before = read_results(copied).metrics
    speed = "pictures_per_second"
    assert run_eval("--model", copied) == 0
    assert {**read_results(copied).metrics, speed: 0} == {**before, speed: 0}
    before, files = read_results(copied).metrics, read_predictions(copied)
    shown = {path.name: path.read_bytes() for path in (copied / "figures").iterdir()}
    assert run_eval("--model", copied, "--split", "val") == 0
    results = read_results(copied)
    fitted = json.loads((copied / "fit.json").read_text())
    assert results.metrics["val_mean_iou"] == pytest.approx(fitted["best_val_iou"], abs=0.02)
    assert {**before, **results.metrics} == results.metrics  # those of the test are kept
    assert "test pictures" in results.notes[0] and "validation pictures" in results.notes[1]
    assert read_predictions(copied) == files
    assert len((copied / "predictions_val.csv").read_text().splitlines()) > 1
    assert {path.name: path.read_bytes() for path in (copied / "figures").iterdir()} == shown
    assert (copied / "figures_val" / "iou_histogram.png").is_file()
    (copied / "fit.json").unlink()
    assert run_eval("--model", copied) == 2
    assert "must be a localization run that was trained to its end" in capsys.readouterr().err


class StopAfter:
    """Sends SIGTERM to the test itself when the n-th picture is read."""

    def __init__(self, monkeypatch, number):
        self.left, read = number, BoxPictures.read

        def count_and_read(pictures, place):
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            return read(pictures, place)

        monkeypatch.setattr(BoxPictures, "read", count_and_read)


def test_a_stopped_run_goes_on_to_the_same_result(folders, trained, tmp_path, monkeypatch):
    arguments = [*folders, "--experiment_dir", tmp_path, "--checkpoint_steps", "1", *PLATEAU]
    for number in (30, 20):  # within the second or third epoch, then later
        with monkeypatch.context() as patch:
            StopAfter(patch, number)
            assert run_train(*arguments) == 75
    assert run_train(*arguments) == 0
    run = only_run(tmp_path)
    assert (run / "results.csv").read_bytes() == (trained / "results.csv").read_bytes()
    for name in ("last.keras", "localizer.keras"):
        for values, twin in zip(read_weights(run, name), read_weights(trained, name), strict=True):
            np.testing.assert_array_equal(values, twin)
