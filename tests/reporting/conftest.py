import keras
import numpy as np
import pytest

from models.counter import build_counter
from ops.patches import cut_patches


class MeanOfPatches(keras.layers.Layer):
    """Count = mean brightness of each of 2 x 2 patches: small, and easy to work out by hand."""

    def call(self, images):
        patches = cut_patches(images, 2, (4, 4))  # (B, 4, 4, 4, 3)
        return keras.ops.mean(patches, axis=(2, 3, 4)) / 255


def build_brightness_counter():
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    patch_counts = MeanOfPatches()(images)
    count = keras.ops.sum(patch_counts, axis=-1)
    return keras.Model(images, {"count": count, "patch_counts": patch_counts})


@pytest.fixture(scope="session")
def brightness_counter():
    return build_brightness_counter()


@pytest.fixture(scope="session")
def counter_file(tmp_path_factory):
    """Save a counter as a run does, on an encoder of one layer: quick to trace."""
    keras.utils.set_random_seed(0)
    image = keras.Input((32, 48, 3), name="image")
    conv = keras.layers.Conv2D(6, 3, strides=8, padding="same", activation="relu")
    encoder = keras.Model(image, {"stride_32": conv(image)})
    path = tmp_path_factory.mktemp("run") / "counter.keras"
    build_counter(encoder, 2, weights=np.arange(1.0, 7.0)).save(path)
    return path
