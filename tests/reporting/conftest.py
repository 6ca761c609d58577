import keras
import numpy as np
import pytest

from models.counter import build_counter
from models.localizer import build_localizer, set_mean_box
from models.locator import build_locator
from models.point_counter import build_point_counter
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


def build_pixelwise_counter(num_classes=1, **options):
    """A point counter whose logits are weighted sums of the pixel's own colours."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(1 if num_classes == 1 else num_classes + 1, 1)
    network = keras.Model(image, layer(image))
    weights = np.random.default_rng(0).normal(0, 6, layer.kernel.shape)
    layer.set_weights([weights, -weights.sum(axis=(0, 1, 2)) / 2])
    return build_point_counter(network, **options)


@pytest.fixture(scope="session")
def pixelwise_counter():
    return build_pixelwise_counter


@pytest.fixture(scope="session")
def point_counter():
    return build_pixelwise_counter(2, threshold=0.6, max_points=900)


def build_fixed_locator(class_names=(), head="box"):
    """A locator whose head "box" answers [1/4, 1/2, 3/4, 1] always; its last class is likeliest."""
    image = keras.Input((32, 32, 3), name="image")
    maps = {}
    for stride in (8, 16, 32):
        conv = keras.layers.Conv2D(3, 3, strides=stride, padding="same", activation="relu")
        maps[f"stride_{stride}"] = conv(image)
    encoder = keras.Model(image, maps, name="small")
    num_classes = len(class_names) if len(class_names) > 1 else 0
    localizer = build_localizer(
        encoder, head=head, box_form="pixels", num_classes=num_classes, num_neurons=4
    )
    if head == "box":
        set_mean_box(localizer, [0.25, 0.5, 0.75, 1.0])
    if num_classes:
        layer = localizer.get_layer("head_class_logits")
        layer.kernel.assign(np.zeros(layer.kernel.shape))
        layer.bias.assign(np.log(np.arange(1, num_classes + 1)))
    return build_locator(localizer, class_names=class_names)


@pytest.fixture(scope="session")
def fixed_locator():
    return build_fixed_locator


@pytest.fixture(scope="session")
def pet_locator():
    return build_fixed_locator(("cat", "dog"))


def build_segmenter():
    """A stand-in for a segmenter: label 1 where the picture is red, 2 where it is green."""
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    bright = keras.ops.cast(images > 127, "uint8")
    label_map = bright[..., 0] + 2 * bright[..., 1]
    return keras.Model(images, {"label_map": label_map})


@pytest.fixture(scope="session")
def segmenter():
    return build_segmenter()
