"""Drawn data and small settings that tests of several folders share."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import NOISY, RANKED, TEST, TRIPLETS, write_sets

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory):
    """Draw 8 ranked scenes, 8 of triplets, 12 miscounted and 6 test pictures of 48 x 64 pixels."""
    folder = tmp_path_factory.mktemp("drawn")
    settings = SceneSettings(image_size=(48, 64), max_count=12)
    write_sets(folder, {RANKED: 8, TRIPLETS: 8, NOISY: 12, TEST: 6}, settings)
    return folder


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory):
    """Copy the demo's configuration with a smaller input, one epoch and small batches."""
    folder = tmp_path_factory.mktemp("config")
    changes = {
        "baseline": {"input_shape": [48, 64, 3], "epochs": 1, "batch_size": 4},
        "noisy_synth_regress": {"batch_size": 4, "num_pictures": 2},
        "density_guided": {"batch_size": 4, "num_pictures": 2, "sparse_max": 4},
    }
    changes["triplets"] = {**changes["baseline"], "noise_rankers": 2, "noise_epochs": 1}
    points = {
        "epochs": 2,
        "batch_size": 2,
        "crop": [32, 32],
        "crops_per_epoch": 6,
        "num_neurons": 4,
        "num_pictures": 3,
        "validation_fraction": 0.25,
        "max_points": 64,
        "scale": 1.0,
    }
    changes |= {"points": points, "points.finetune": points}
    boxes = {"epochs": 2, "num_pictures": 3}
    changes["localization"] = {**boxes, "image_size": 32, "batch_size": 4, "num_neurons": 4}
    changes["localization.finetune"] = boxes
    seeds = {"epochs": 2, "num_pictures": 3, "cam_flip": False, "variant": "low_res"}
    changes["seeds"] = {**seeds, "image_size": 33, "batch_size": 4, "num_neurons": 4}
    changes["saliency"] = {"epochs": 2, "image_size": 32, "batch_size": 4, "num_neurons": 4}
    guided = {"epochs": 2, "num_pictures": 2, "image_size": 33, "batch_size": 4, "num_neurons": 4}
    changes["guided_segmentation"] = {**guided, "crf_iterations": 2}
    videos = {"image_size": 32, "resize_size": 36, "frames_per_shot": 1, "batch_size": 3}
    changes["video_classifier"] = {**videos, "epochs": 2, "num_pictures": 2, "threshold_frames": 1}
    decoder = {"channels": [4, 4, 4, 4, 4], "resize_size": 36, "frames_per_shot": 1}
    decoder |= {"batch_size": 3, "epochs": 2, "num_pictures": 2, "num_videos": 1}
    changes["temporal_cam"] = {**decoder, "threshold_frames": 1, "validation_frames": 1}
    for name, values in changes.items():
        file = f"{name}.params.json"
        params = json.loads((ROOT / "config" / "demo" / file).read_text())
        (folder / file).write_text(json.dumps({**params, **values}))
    return folder


def draw_discs(generator, size, num_discs, radius=4):
    """Draw discs that do not touch: the picture (H, W, 3) uint8 and their centres (N, 2)."""
    image = generator.integers(20, 60, (*size, 3)).astype(np.uint8)
    rows, columns = np.indices(size)
    centres = []
    while len(centres) < num_discs:
        centre = generator.integers(radius, np.array(size) - radius)
        if all(np.hypot(*(centre - other)) > 2 * radius + 2 for other in centres):
            centres.append(centre)
            inside = np.hypot(rows - centre[0], columns - centre[1]) <= radius
            image[inside] = generator.integers(150, 250, 3)
    return image, np.array(centres, np.float64).reshape(-1, 2)


@pytest.fixture(scope="session")
def disc_data(tmp_path_factory):
    """Write 10 pictures of 40 x 48 pixels with 0 to 3 discs, in the layout `dots`."""
    folder = tmp_path_factory.mktemp("discs")
    (folder / "discs").mkdir()
    generator = np.random.default_rng(0)
    for i in range(10):
        image, centres = draw_discs(generator, (40, 48), i % 4)
        dots = np.zeros((40, 48), np.uint8)
        dots[tuple(centres.astype(int).T)] = 255
        Image.fromarray(image).save(folder / "discs" / f"{i:03d}cell.png")
        Image.fromarray(dots).save(folder / "discs" / f"{i:03d}dots.png")
    return folder


def _build_small_encoder(_name="small", shape=(None, None, 3), **__):
    """A stand-in for the encoders that traces in no time."""
    x = image = keras.Input(shape)
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        options = {"strides": 2, "padding": "same", "activation": "relu"}
        x = keras.layers.Conv2D(4, 3, name=f"conv_{stride}", **options)(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


@pytest.fixture(scope="module")
def small_encoder():
    """Training on points, boxes and saliency takes an encoder that traces in no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "training.points.train.build_encoder", lambda *_, **__: _build_small_encoder()
        )
        patch.setattr("training.localization.model.build_encoder", _build_small_encoder)
        patch.setattr("training.seeds.model.build_encoder", _build_small_encoder)
        guided = "finetuning.guided_segmentation.model.build_encoder"
        patch.setattr(guided, _build_small_encoder)
        patch.setattr("training.saliency.model.build_encoder", _build_small_encoder)
        yield _build_small_encoder


def _build_small_cam_encoder(_name="small", image_size=32, **__):
    """A stand-in for a cut MobileNetV2, with its layers' names, that traces in no time."""
    image = keras.Input((image_size, image_size, 3), name="image")
    x = keras.layers.ReLU(max_value=1.0, name="clip")(image)
    x = keras.layers.Rescaling(255.0, name="to_255")(x)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocess")(x)
    for block, strides in ((1, 2), (3, 2), (6, 2), (13, 1)):
        options = {"strides": strides, "padding": "same", "activation": "relu"}
        x = keras.layers.Conv2D(8, 3, name=f"block_{block}_expand_relu", **options)(x)
    x = keras.layers.Conv2D(8, 1, activation="relu", name="out_relu")(x)
    return keras.Model(image, x, name="mobilenet_v2")


@pytest.fixture(scope="module")
def small_cam_encoder():
    """Classifiers of videos take an encoder of 8 channels at stride 8 that traces in no time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("cam_classifier", "label_pooling"):
            patch.setattr(f"models.{module}.build_cam_encoder", _build_small_cam_encoder)
        yield _build_small_cam_encoder


@pytest.fixture(scope="session")
def box_data(tmp_path_factory):
    """Write 20 pictures of 40 x 60 pixels with a red or a blue box each, as VOC: `boxes`."""
    folder = tmp_path_factory.mktemp("boxes")
    for name in ("images", "annotations"):
        (folder / "boxes" / name).mkdir(parents=True)
    generator = np.random.default_rng(0)
    for i in range(20):
        image = generator.integers(20, 60, (40, 60, 3)).astype(np.uint8)
        width, height = generator.integers((16, 12), (40, 30))
        x, y = generator.integers(0, (60 - width, 40 - height))
        name = ("blue", "red")[i % 2]
        image[y : y + height, x : x + width] = ((60, 60, 220), (220, 60, 60))[i % 2]
        Image.fromarray(image).save(folder / "boxes" / "images" / f"{name}_{i:02d}.png")
        sides = {"xmin": x + 1, "ymin": y + 1, "xmax": x + width, "ymax": y + height}
        box = "".join(f"<{side}>{value}</{side}>" for side, value in sides.items())
        size = "<size><width>60</width><height>40</height><depth>3</depth></size>"
        (folder / "boxes" / "annotations" / f"{name}_{i:02d}.xml").write_text(
            f"<annotation><filename>{name}_{i:02d}.png</filename>{size}"
            f"<object><name>{name}</name><bndbox>{box}</bndbox></object></annotation>"
        )
    return folder
