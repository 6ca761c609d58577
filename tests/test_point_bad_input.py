"""What training and fine-tuning on points say of bad input."""

import csv
import re

import keras
import numpy as np
import pytest
from PIL import Image

import finetune_wrapper
import train_wrapper
from models.point_pyramid import build_point_pyramid
from training.command_line import run_command
from training.points.model import HEADS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]


def run_train(*arguments):
    arguments = ["--experiment", "training/points", "--format", "dots", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_finetune(*arguments):
    arguments = ["--experiment", "finetuning/points", "--format", "dots", *arguments]
    parser = finetune_wrapper.build_parser()
    return run_command(finetune_wrapper.main, parser, list(map(str, arguments)))


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


@pytest.fixture(scope="module")
def folders(disc_data, tiny_config):
    return ["--data_dir", disc_data, "--dataset", "discs", "--params_dir", tiny_config]


def add_pictures(folder, change):
    """Write three pictures of 40 x 40 with a point each, then change the table of points."""
    lines = ["image,row,column,split"]
    for i, split in enumerate(("train", "train", "val")):
        Image.new("RGB", (40, 40)).save(folder / f"{i}.png")
        lines.append(f"{i}.png,5,{i},{split}")
    (folder / "points.csv").write_text(change("\n".join(lines)))


@pytest.mark.parametrize(
    ("change", "overrides", "message"),
    [
        (lambda text: text + "\n0.png,70,2,train", ["outside=raise"], "1 of 2 points outside"),
        (lambda text: text + "\n0.png,nan,2,train", [], "line 5: `row` must be a finite number"),
        (lambda text: text.replace("1.png,5", "1.png,x"), [], "line 3"),
        (lambda text: text, ['classes=["cat"]'], "`classes` must be null"),
        (lambda text: text, ["batch_size=4"], "`batch_size` must not exceed"),
        (lambda text: text, ["optimizer=sgd", "beta_1=0.9"], "`optimizer` must name"),
        (lambda text: text, ['loss={"class_name":"MSE"}'], "`loss` must be"),
        (lambda text: text, ["head=fcn9"], '`head` .* must be "fcn8" or "pyramid"'),
        (lambda text: text, ["num_labelled=9"], "must not exceed the 2 annotated pictures"),
        (lambda text: text, ["scale=1.3"], "`scale`"),
        (
            lambda text: text,
            ["fit_objects_per_blob=true", "calibrate=false"],
            "part of `calibrate`",
        ),
    ],
)
def test_bad_input_is_named_before_any_work(
    tmp_path, tiny_config, capsys, change, overrides, message
):
    add_pictures(tmp_path, change)
    folders = ["--format", "points", "--data_dir", tmp_path, "--dataset", "."]
    folders += ["--params_dir", tiny_config, "--experiment_dir", tmp_path / "runs"]
    overrides = ["crops_per_epoch=2", *overrides]
    assert run_train(*folders, *(f"--set={override}" for override in overrides)) == 2
    printed = capsys.readouterr().err
    assert re.search(message, printed) and "Traceback" not in printed
    assert not list((tmp_path / "runs").glob("points/**/*"))


def test_points_outside_and_doubled_ones_are_told_or_kept(tmp_path, tiny_config, caplog):
    more = "\n0.png,70,2,train\n1.png,5,1,train\n2.png,5,2,val"
    add_pictures(tmp_path, lambda text: text + more)
    folders = ["--format", "points", "--data_dir", tmp_path, "--dataset", "."]
    folders += ["--params_dir", tiny_config, "--experiment_dir", tmp_path / "runs"]
    changes = ["crops_per_epoch=2", "epochs=1"]
    assert run_train(*folders, *(f"--set={change}" for change in changes)) == 0
    assert "0.png` has 1 of 2 points outside" in caplog.text
    run = only_run(tmp_path / "runs")
    (row,) = csv.DictReader((run / "predictions.csv").open())
    assert row["count"] == "2"


def test_kinds_of_pairs_are_refused(folders, tmp_path, capsys):
    assert run_train(*folders, "--experiment_dir", tmp_path, "--filter_classes", "noise") == 2
    assert "`--filter_classes` goes with ranked pairs" in capsys.readouterr().err


def test_xla_is_refused(folders, tmp_path, capsys):
    assert run_train(*folders, "--experiment_dir", tmp_path, "--jit", "on") == 2
    assert "`--jit` must be auto or off" in capsys.readouterr().err


def test_arguments_of_training_by_steps_are_refused_elsewhere(tmp_path, capsys):
    arguments = ["--experiment", "finetuning/unsupervised/noisy_synth_regress"]
    arguments += ["--experiment_path", tmp_path, "--patience", "3"]
    assert run_finetune(*arguments) == 2
    assert "`--patience` acts on experiments that train by steps" in capsys.readouterr().err


def test_nan_logits_stop_the_run(folders, tmp_path, capsys, monkeypatch):
    def poison(*arguments, **options):
        network = build_point_pyramid(*arguments, **options)
        kernel, bias = network.get_layer("score").get_weights()
        network.get_layer("score").set_weights([kernel, bias * np.nan])
        return network

    monkeypatch.setitem(HEADS, "pyramid", poison)
    assert run_train(*folders, "--experiment_dir", tmp_path) == 2
    printed = capsys.readouterr().err
    assert "the loss became nan at epoch 1, step 1" in printed and "Traceback" not in printed


def test_fine_tuning_names_a_model_that_is_no_encoder(disc_data, tiny_config, tmp_path, capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.save(tmp_path / "mlp.keras")
    arguments = ["--data_dir", disc_data, "--params_dir", tiny_config, "--train_data", "discs"]
    arguments += ["--experiment_path", tmp_path, "--model_path", tmp_path / "mlp.keras"]
    assert run_finetune(*arguments) == 2
    assert "must hold an encoder" in capsys.readouterr().err
