import argparse
import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.records import ShotRecord
from finetuning.temporal_cam.cams import open_cams, write_cams
from models.poolings import WeightedAveragePooling
from training.video_classifier.cam_stage import read_cam_settings, write_shot_cams

NAMES = ("bright", "dark")


@pytest.fixture
def params():
    params = load_params(Path("config"), "finetuning/temporal_cam")
    return replace(params, batch_size=2, max_pixels=10_000)


@pytest.fixture
def shots(tmp_path):
    path = tmp_path / "1.png"
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[4:8] = 200
    Image.fromarray(pixels).save(path)
    return [ShotRecord("a", (path,), 1, NAMES)]


def write_classifier(folder, kernel):
    """Write a run whose maps are the picture's red times the kernel of its tag."""
    folder.mkdir(parents=True)
    image = keras.Input((16, 16, 3), name="image")
    features = keras.layers.ReLU(name="features")(image)
    found = WeightedAveragePooling(2, name="head_classes")(features)
    classifier = keras.Model(image, {**found, "features": features})
    classifier.get_layer("head_classes").set_weights([kernel, np.zeros(2)])
    for name in ("best_classification.keras", "best_localization.keras"):
        classifier.save(folder / name)
    (folder / "tags.json").write_text(json.dumps({"image_size": 16, "cam_method": "layer_cam"}))
    told = {"experiment": "training/video_classifier"}
    (folder / "args.json").write_text(json.dumps(told))
    (folder / "hyperparams.json").write_text("{}")
    return folder


@pytest.fixture
def args(tmp_path):
    return argparse.Namespace(
        experiment="finetuning/temporal_cam",
        experiment_dir=str(tmp_path),
        model_path=str(tmp_path / "classifier"),
    )


def test_write_cams_refuses_maps_that_show_nothing(args, params, shots, tmp_path):
    classifier = write_classifier(tmp_path / "classifier", np.zeros((3, 2)))
    with pytest.raises(InputError, match="Those of all 1 shots are constant; train it for longer"):
        write_cams(args, params, tmp_path / "run", shots, classifier)


def test_open_cams_takes_those_of_the_classifiers_run(args, params, shots, tmp_path):
    classifier = write_classifier(tmp_path / "classifier", np.ones((3, 2)))
    run = tmp_path / "run"
    assert write_cams(args, params, run, shots, classifier).folder == run / "cams"
    assert open_cams(args, params, run).folder == run / "cams"
    (run / "cams" / "stage.json").unlink()
    with pytest.raises(InputError, match=f"store_cams --model {classifier} --method layer_cam`"):
        open_cams(args, params, run)
    options = {"batch_size": 2, "max_pixels": 10_000}
    settings = read_cam_settings(classifier)
    write_shot_cams(classifier, shots, classifier / "cams", settings=settings, **options)
    assert open_cams(args, params, run).folder == classifier / "cams"
