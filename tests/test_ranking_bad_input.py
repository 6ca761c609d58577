"""What `train_wrapper.py` says about ranked data, arguments and folders that it cannot use."""

import json
import shutil

import pytest
import tensorflow as tf
from PIL import Image

import train_wrapper
from training.command_line import run_command

pytestmark = pytest.mark.slow


@pytest.fixture
def train_on(tmp_path, drawn_data, tiny_config):
    """Give a function that trains on a copy of the ranked data changed by its first argument."""

    def run(change, *arguments):
        shutil.copytree(drawn_data, tmp_path / "data")
        change(tmp_path / "data")
        folders = ["--data_dir", tmp_path / "data", "--params_dir", tiny_config]
        argv = [*folders, "--experiment_dir", tmp_path / "runs", *arguments]
        return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, argv)))

    return run


def edit_annotations(change):
    def edit(data):
        path = data / "synthetic_ranked" / "annotations.json"
        path.write_text(change(json.loads(path.read_text())))

    return edit


def drop_split(content):
    return json.dumps({**content, "val": []})


def climb_out(content):
    content["train"][0]["source_image"] = "../outside.jpg"
    return json.dumps(content)


def list_absent(content):
    content["train"][0]["source_image"] = "synthetic_ranked/images/absent.jpg"
    return json.dumps(content)


def write_bomb(data):
    """Replace a picture by a PNG whose header promises 30,000 x 30,000 pixels."""
    path = min((data / "synthetic_ranked" / "images").glob("*_source.jpg"))
    Image.new("1", (30_000, 30_000)).save(path, format="PNG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: shutil.rmtree(data / "synthetic_ranked"), "python synthesize.py"),
        (
            lambda data: (data / "synthetic_ranked" / "annotations.json").unlink(),
            "annotations.json",
        ),
        (edit_annotations(lambda content: "{"), "annotations.json"),
        (edit_annotations(lambda content: "[]"), "annotations.json"),
        (edit_annotations(drop_split), "val"),
        (edit_annotations(climb_out), "outside.jpg"),
        (edit_annotations(list_absent), "absent.jpg"),
        (write_bomb, "max_pixels"),
    ],
    ids=[
        "no folder",
        "no file",
        "no JSON",
        "wrong shape",
        "empty split",
        "climbs",
        "absent",
        "bomb",
    ],
)
def test_bad_data_is_named_and_leaves_nothing(train_on, tmp_path, capsys, change, message):
    assert train_on(change) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed
    assert not list((tmp_path / "runs").glob("baseline/**/*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "model_name=resnet5"], "the nearest known one is `resnet50`"),
        (["--set", "epoch=1"], "the nearest known one is `epochs`"),
        (["--experiment", "training/basline"], "the nearest known one is `training/baseline`"),
        (["--format", "shanghaitec"], "the nearest is shanghaitech"),
        (["--set", "batch_size=1000"], "`batch_size` must not exceed"),
        (["--set", "optimizer=adamant"], "`optimizer` must name a Keras optimizer"),
        (["--set", "weights=absent.h5"], "absent.h5"),
        (["--resume", "nowhere"], "nowhere: must be a run folder"),
    ],
)
def test_bad_arguments_are_named(train_on, capsys, arguments, message):
    assert train_on(lambda data: None, *arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed


def test_an_output_folder_behind_a_file_is_refused(train_on, tmp_path, capsys):
    (tmp_path / "runs").write_text("a file")
    assert train_on(lambda data: None) != 0
    assert str(tmp_path / "runs") in capsys.readouterr().err


def test_nan_stops_the_run_at_its_step(train_on, capsys, monkeypatch):
    def divide_by_zero(y_true, scores):
        return tf.reduce_mean(scores / 0.0 - scores / 0.0, axis=-1)

    monkeypatch.setattr("training.ranker_fitting.build_ranking_loss", lambda _: divide_by_zero)
    assert train_on(lambda data: None) == 2
    printed = capsys.readouterr().err
    assert "the loss became nan at epoch 1, step 1" in printed and "Traceback" not in printed


def test_a_full_disk_is_reported(train_on, tmp_path, capsys, monkeypatch):
    def fill_disk(*_, **__):
        raise OSError(28, "No space left on device", str(tmp_path / "runs"))

    monkeypatch.setattr("training.run_folders.write_json", fill_disk)
    assert train_on(lambda data: None) == 1
    assert "No space left on device" in capsys.readouterr().err
