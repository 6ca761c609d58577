"""Shots of two colours and a classifier that knows them, shared by tests of its runs."""

import keras
import numpy as np
import pytest
from PIL import Image

from datasets.records import ShotRecord

NAMES = ("blue", "red")


@pytest.fixture
def shots(tmp_path):
    """Two shots of 3 frames of 40 x 30 pixels: a blue and a red square on grey; boxes of two."""
    made = []
    for tag, name in enumerate(NAMES, start=1):
        folder = tmp_path / "data" / name / "0"
        folder.mkdir(parents=True)
        boxes = []
        for number in range(3):
            pixels = np.full((30, 40, 3), 90, np.uint8)
            x = 4 + 8 * number
            pixels[8:24, x : x + 16] = (0, 0, 255) if name == "blue" else (255, 0, 0)
            Image.fromarray(pixels).save(folder / f"{number}.png")
            boxes.append(np.array([[x, 8.0, x + 16, 24]]))
        frames = tuple(sorted(folder.iterdir()))
        made.append(ShotRecord(f"{name}/0", frames, tag, NAMES, boxes=(*boxes[:2], None)))
    return made


@pytest.fixture
def classifier():
    """A classifier of 32 x 32 pixels whose scores are means of blue and red, of 8 x 8 cells."""
    image = keras.Input((32, 32, 3), name="image")
    features = keras.layers.AveragePooling2D(4, name="features")(image)  # (B, 8, 8, 3)
    features = keras.layers.Conv2D(3, 1, use_bias=False, name="colours")(features)
    mean = keras.layers.GlobalAveragePooling2D(name="mean")(features)
    scores = keras.layers.Dense(2, use_bias=False, name="head_classes")(mean)
    model = keras.Model(image, {"scores": scores, "features": features})
    # red less green, green, blue less green: grey has none of either
    colours = np.array([[1, 0, 0], [-1, 1, -1], [0, 0, 1]])[np.newaxis, np.newaxis]
    model.set_weights([colours, np.array([[0, 1], [0, 0], [1, 0]])])
    return model
