"""The loss on points teaches a small network to count discs; without two terms it does not."""

import keras
import numpy as np
import pytest

from losses.lcfcn import LCFCN
from metrics.blob_counts import BlobMAE
from models.point_pyramid import build_point_pyramid
from ops.point_maps import rasterise_points

SIZE, RADIUS = (64, 64), 4


def draw_world(seed, num_pictures):
    """Draw 0 to 8 discs a picture, which may touch: images in [0, 1] and maps of points."""
    generator = np.random.default_rng(seed)
    rows, columns = np.indices(SIZE)
    images, maps = [], []
    for i in range(num_pictures):
        image, centres = generator.normal(0.3, 0.05, (*SIZE, 3)), []
        while len(centres) < i % 9:
            centre = generator.integers(RADIUS, SIZE[0] - RADIUS, 2)
            if all(np.hypot(*(centre - other)) > 2 * RADIUS for other in centres):
                centres.append(centre)
                inside = np.hypot(rows - centre[0], columns - centre[1]) <= RADIUS
                image[inside] += generator.uniform(0.3, 0.5)
        images.append(image)
        maps.append(rasterise_points(np.array(centres).reshape(-1, 2), SIZE))
    return np.clip(images, 0, 1).astype(np.float32), np.array(maps)


def build_small_encoder():
    x = image = keras.Input((*SIZE, 3))
    maps = {}
    for stride, width in ((2, 16), (4, 24), (8, 32), (16, 32), (32, 32)):
        x = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation="relu")(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps)


def train(**weights):
    keras.utils.set_random_seed(0)
    images, maps = draw_world(1, 288)
    network = build_point_pyramid(build_small_encoder(), finest_stride=4, num_neurons=24)
    rate = keras.optimizers.schedules.CosineDecay(5e-3, 6 * 36)
    network.compile(keras.optimizers.Adam(rate), LCFCN(**weights), metrics=[BlobMAE()])
    network.fit(images, maps, batch_size=8, epochs=6, verbose=0)
    return network


@pytest.mark.slow
def test_all_terms_count_discs_and_beat_image_and_point_alone():
    images, maps = draw_world(2, 90)
    whole = train()
    alone = train(split_global_weight=0.0, split_local_weight=0.0, false_positive_weight=0.0)
    errors = [net.evaluate(images, maps, batch_size=10, verbose=0)[1] for net in (whole, alone)]
    assert errors[0] < 1 and errors[0] < errors[1] / 2
    empty = maps.sum(axis=(1, 2, 3)) == 0
    assert empty.sum() == 10
    assert whole.evaluate(images[empty], maps[empty], verbose=0)[1] == 0
