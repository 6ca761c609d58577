"""Training and scoring of a saliency network from end to end."""

import csv
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import export
import predict
import train_wrapper
from datasets.images import read_labels
from reporting.results import read_results
from training.command_line import run_command
from training.saliency import eval as saliency_eval

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]


def run(module, *arguments):
    return run_command(module.main, module.build_parser(), list(map(str, arguments)))


@pytest.fixture(scope="module")
def ellipses(tmp_path_factory):
    """Write 20 pictures of 40 x 60 pixels with a red or a blue ellipse each, boxes and masks."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "zoo" / "masks").mkdir(parents=True)
    generator, lines = np.random.default_rng(0), []
    rows, columns = np.indices((40, 60)) + 0.5
    for i in range(20):
        image = generator.integers(20, 60, (40, 60, 3)).astype(np.uint8)
        width, height = generator.integers((16, 12), (40, 30))
        x, y = generator.integers(2, (58 - width, 38 - height))
        away = ((columns - x) / width - 0.5) ** 2 + ((rows - y) / height - 0.5) ** 2
        name = ("blue", "red")[i % 2]
        image[away <= 0.25] = ((60, 60, 220), (220, 60, 60))[i % 2]
        Image.fromarray(image).save(folder / "zoo" / f"{name}_{i:02d}.png")
        mask = (away <= 0.25).astype(np.uint8)
        Image.fromarray(mask).save(folder / "zoo" / "masks" / f"{name}_{i:02d}.png")
        lines.append(f"{name}_{i:02d}.png,40,60,{x},{y},{x + width},{y + height},{name},{i % 2}")
    (folder / "zoo" / "boxes.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def train(tiny_config, ellipses):
    def start(folder, *arguments):
        common = ["--experiment", "training/saliency", "--params_dir", tiny_config]
        common += ["--data_dir", ellipses, "--format", "boxes", "--dataset", "zoo"]
        common += ["--experiment_dir", folder, "--workers", "1"]
        return run(train_wrapper, *common, *arguments)

    return start


@pytest.fixture(scope="module")
def trained(tmp_path_factory, train):
    """Train once on boxes and score with masks."""
    folder = tmp_path_factory.mktemp("experiments")
    assert train(folder, "--set=masks=masks", "--set=labels=boxes") == 0
    (results,) = folder.rglob("results.json")
    return results.parent


def test_training_leaves_the_whole_run_folder(trained):
    names = {path.name for path in trained.iterdir()}
    wanted = {"saliency.keras", "last.keras", "fit.json", "labels", "predictions.csv"}
    wanted |= {"results.csv", "results.json", "report.html", "figures", "saved_model"}
    assert wanted <= names
    results = read_results(trained)
    scores = ("mean_iou", "mae", "f_measure")
    methods = ("", "rbd_", "rbd_grabcut_")
    assert {f"{method}{score}" for method in methods for score in scores} <= set(results.metrics)
    rows = list(csv.DictReader((trained / "predictions.csv").open()))
    mean = np.mean([float(row["iou"]) for row in rows])
    assert results.metrics["mean_iou"] == pytest.approx(mean, abs=1e-5)
    assert len(rows) == results.metrics["num_images"] == 4  # a fifth of 20
    page = (trained / "report.html").read_text()
    assert "against their masks" in page and "GrabCut in boxes" in page
    # 16 pictures are learnt from or validated on; those of the test have masks.
    assert len(list((trained / "labels").rglob("*.png"))) == 16


def test_scoring_again_gives_the_same_and_keeps_the_test_beside_the_validation(trained, tmp_path):
    copied, speed = tmp_path / "run", "pictures_per_second"
    shutil.copytree(trained, copied)
    before = read_results(copied).metrics
    assert run(saliency_eval, "--model", copied) == 0
    assert {**read_results(copied).metrics, speed: 0} == {**before, speed: 0}
    before, files = read_results(copied).metrics, read_test_files(copied)
    assert run(saliency_eval, "--model", copied, "--split", "val") == 0
    results = read_results(copied)
    assert {**before, **results.metrics} == results.metrics and "val_mean_iou" in results.metrics
    assert "test pictures" in results.notes[0] and "validation pictures" in results.notes[1]
    assert read_test_files(copied) == files
    assert len((copied / "predictions_val.csv").read_text().splitlines()) == 1 + 2
    assert (copied / "figures_val" / "saliency_sheet.png").is_file()


def read_test_files(folder):
    files = [folder / "predictions.csv", *(folder / "figures").iterdir()]
    return {path.name: path.read_bytes() for path in files}


def test_predict_and_export_take_the_run(trained, ellipses, tmp_path):
    images = ellipses / "zoo"
    assert run(predict, "--model", trained, "--input", images, "--output", tmp_path / "a") == 0
    assert run(export, "--model", trained, "--output", tmp_path / "saved") == 0
    found = predict_folder(tmp_path / "saved", images, tmp_path / "b")
    for name in ("red_01.png.png", "blue_00.png.png"):
        one, two = (read_labels(folder / "saliency" / name) for folder in (tmp_path / "a", found))
        assert one.shape == (40, 60) and np.abs(one.astype(int) - two).max() <= 1
    content = json.loads((tmp_path / "a" / "predictions.json").read_text())["predictions"]
    assert {"peak", "salient_share"} <= set(content[0])


def predict_folder(model, images, output):
    assert run(predict, "--model", model, "--input", images, "--output", output) == 0
    return output


def test_training_without_annotation_scores_with_its_labels(train, tmp_path):
    arguments = ["--set=labels=rbd", "--set=masks=none", "--set=epochs=1"]
    assert train(tmp_path, *arguments, '--set=exclude_classes=["blue"]') == 0
    (results,) = tmp_path.rglob("results.json")
    metrics = read_results(results.parent).metrics
    assert {"label_mean_iou", "label_rbd_mean_iou"} <= set(metrics)
    labels = {path.name for path in (results.parent / "labels").rglob("*.png")}
    # Of ten red pictures two are for the test, which has two blue ones as well.
    assert sum(name.startswith("red") for name in labels) == 10
    assert sum(name.startswith("blue") for name in labels) == 2


def test_a_stopped_run_goes_on_and_ends_alike(trained, train, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    arguments = ["--set=masks=masks", "--set=labels=boxes"]
    with monkeypatch.context() as patch:
        patch.setattr("training.saliency.fitting.save_model", stop)
        assert train(tmp_path, *arguments) != 0
    (args,) = tmp_path.rglob("args.json")
    made = {path: path.stat().st_mtime_ns for path in (args.parent / "labels").rglob("*.png")}
    assert train(tmp_path, *arguments) == 0
    assert all(path.stat().st_mtime_ns == changed for path, changed in made.items())
    again, first = (read_results(run).metrics for run in (args.parent, trained))
    assert again["mean_iou"] == pytest.approx(first["mean_iou"], abs=1e-6)


def test_training_names_what_is_wrong(train, tmp_path, capsys):
    assert train(tmp_path, '--set=exclude_classes=["read"]') == 2
    assert "the nearest is red" in capsys.readouterr().err
    assert train(tmp_path, '--set=exclude_classes=["red", "blue"]') == 2
    assert "must give training pictures" in capsys.readouterr().err
    assert train(tmp_path, "--set=loss={}") == 2
    assert "PartialCrossEntropy" in capsys.readouterr().err
    assert not list(tmp_path.rglob("args.json"))


def test_saved_model_takes_pictures_of_any_size(trained):
    loaded = tf.saved_model.load(str(trained / "saved_model"))
    saliency = loaded.signatures["serving_default"](images=tf.zeros((2, 7, 90, 3), tf.uint8))
    assert saliency["saliency"].shape == (2, 7, 90)
