import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.encoders import build_encoder
from models.localizer import HEADS, build_localizer, list_encoder_layers, set_mean_box

RAW = {"box": "raw_box", "box_class": "raw_box", "mask": "mask", "grid": "grid", "heatmap": "heat"}


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    return build_encoder("mobilenet_v2", (96, 96, 3), alpha=0.35)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((2, 96, 96, 3), np.float32)


def stand_in(*size):
    """An encoder of one layer per stride, with names that no table knows."""
    x = image = keras.Input((*size, 3), name="image")
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


@pytest.mark.parametrize("head", HEADS)
def test_build_localizer_gives_boxes_in_the_picture_and_what_losses_act_on(encoder, images, head):
    localizer = build_localizer(encoder, head=head, num_classes=3)
    found = {name: value.numpy() for name, value in localizer(images).items()}
    assert set(found) == {"box", "score", "class_logits", RAW.get(head, "box")}
    boxes = found["box"]
    assert boxes.shape == (2, 4) and boxes.min() >= 0 and boxes.max() <= 1
    assert (boxes[:, :2] <= boxes[:, 2:]).all()
    assert (
        found["score"].shape == (2,) and (0 <= found["score"]).all() and found["score"].max() <= 1
    )
    assert found["class_logits"].shape == (2, 3)
    assert {value.dtype.name for value in found.values()} == {"float32"}


@pytest.mark.parametrize("head", HEADS)
def test_build_localizer_takes_pictures_that_are_not_square(head):
    classes = 2 if head == "box_class" else 0
    localizer = build_localizer(stand_in(32, 64), head=head, num_classes=classes, num_neurons=8)
    raw = {"mask": (4, 8, 1), "grid": (1, 2, 5), "heatmap": (2, 4, 1)}
    assert localizer.output[RAW.get(head, "box")].shape[1:] == raw.get(head, (4,))
    assert localizer(np.zeros((1, 32, 64, 3)))["box"].shape == (1, 4)


@pytest.mark.parametrize("head", ["box", "grid"])
def test_build_localizer_takes_sizes_that_32_does_not_divide(head):
    localizer = build_localizer(stand_in(50, 70), head=head)
    assert localizer(np.zeros((1, 50, 70, 3)))["box"].shape == (1, 4)


@pytest.mark.parametrize("head", ["mask", "heatmap", "edges"])
def test_build_localizer_names_a_size_that_its_maps_cannot_join(head):
    with pytest.raises(InputError, match="multiples of 32 pixels. Received 50 x 64"):
        build_localizer(stand_in(50, 64), head=head)


def test_box_head_is_the_published_one(encoder):
    # 3 x 3 x 1280 inputs of each of 4 numbers, and their biases.
    localizer = build_localizer(encoder, head="box")
    head = [layer for layer in localizer.layers if layer.name.startswith("head_")]
    assert sum(layer.count_params() for layer in head) == 3 * 3 * 1280 * 4 + 4
    assert localizer.get_layer("head_box").output.shape == (None, 1, 1, 4)


def test_box_class_head_is_the_published_one(encoder):
    localizer = build_localizer(encoder, head="box_class", num_classes=2)
    head = [layer for layer in localizer.layers if layer.name.startswith("head_")]
    expected = (3 * 3 * 1280 * 4 + 4) + (1280 * 2 + 2)
    assert sum(layer.count_params() for layer in head) == expected


def test_mask_head_is_the_published_one():
    localizer = build_localizer("mobilenet_v2", head="mask", image_size=64)
    kernels = [
        tuple(layer.kernel.shape)
        for layer in localizer.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.name.startswith("head_")
    ]
    # At alpha 1: block_15_add has 160 channels, block_12_add 96, block_5_add 32.
    joined = [(3, 3, 256 + 96, 256), (3, 3, 256, 256), (3, 3, 256 + 32, 256), (1, 1, 256, 1)]
    assert kernels == [(3, 3, 160, 256), *joined]
    assert localizer.output["mask"].shape == (None, 8, 8, 1)


def test_grid_head_is_the_published_one(encoder):
    localizer = build_localizer(encoder, head="grid")
    kernels = [localizer.get_layer(f"head_grid_{name}").kernel.shape for name in (1, 2, "logits")]
    # 320 x .35 = 112 channels of block_16_project_BN.
    assert kernels == [(3, 3, 112, 112), (3, 3, 112, 112), (1, 1, 112, 5)]


def test_num_neurons_and_dropout_change_the_box_head(encoder):
    localizer = build_localizer(encoder, head="box", num_neurons=16, dropout=0.5)
    assert localizer.get_layer("head_box").kernel.shape == (3, 3, 16, 4)
    assert localizer.get_layer("head_box_dropout").rate == 0.5


def test_pixel_boxes_are_fractions_of_the_raw_ones(encoder, images):
    localizer = build_localizer(encoder, head="box")
    set_mean_box(localizer, [0.1, 0.2, 0.7, 0.9])
    found = localizer(images)
    # 96 pixels: x0 9.6, y0 19.2, width 57.6, height 67.2
    np.testing.assert_allclose(found["raw_box"][0], [9.6, 19.2, 57.6, 67.2], atol=1e-4)
    np.testing.assert_allclose(found["box"][1], [0.1, 0.2, 0.7, 0.9], atol=1e-6)
    np.testing.assert_array_equal(found["score"], [1, 1])


@pytest.mark.parametrize(
    ("head", "form"),
    [("box", "pixels"), ("box", "sigmoid"), ("box", "exp"), ("heatmap", "pixels")],
)
def test_set_mean_box_makes_it_the_first_answer(encoder, images, head, form):
    localizer = build_localizer(encoder, head=head, box_form=form)
    set_mean_box(localizer, [0.15, 0.2, 0.8, 0.7])
    for box in localizer(images)["box"]:
        np.testing.assert_allclose(box, [0.15, 0.2, 0.8, 0.7], atol=2e-4)


def test_set_mean_box_gives_the_grid_its_size(encoder, images):
    localizer = build_localizer(encoder, head="grid")
    set_mean_box(localizer, [0.2, 0.1, 0.6, 0.9])
    bias = localizer.get_layer("head_grid_logits").bias.numpy()
    # Height .8 and width .4 by the sigmoid; the rest as it was.
    np.testing.assert_allclose(1 / (1 + np.exp(-bias)), [0.8, 0.4, 0.5, 0.5, 0.5], atol=1e-6)


@pytest.mark.parametrize(
    "box", [[0.5, 0, 0.5, 1], [0, 0, 1.2, 1], [-0.1, 0, 1, 1], [0, 1], [0] * 3]
)
def test_set_mean_box_refuses_what_is_no_box(encoder, box):
    with pytest.raises(ValueError, match=r"`box` must be \(4,\) xyxy"):
        set_mean_box(build_localizer(encoder, head="box"), box)


@pytest.mark.parametrize(
    ("head", "form"),
    [("box", "sigmoid"), ("box", "exp"), ("heatmap", "pixels"), ("edges", "pixels")],
)
def test_every_head_weight_gets_a_gradient_from_boxes(head, form):
    keras.utils.set_random_seed(1)
    localizer = build_localizer(stand_in(64, 64), head=head, box_form=form, num_neurons=4)
    picture = np.random.default_rng(1).random((2, 64, 64, 3), np.float32)
    weights = [item for item in localizer.trainable_variables if item.path.startswith("head_")]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(localizer(picture, training=True)["box"][:, 2])
    gradients = tape.gradient(loss, [item.value for item in weights])
    for gradient in gradients:
        assert gradient is not None and np.isfinite(gradient).all()
    assert max(np.abs(gradient).max() for gradient in gradients) > 0


def test_list_encoder_layers_leaves_the_head_out(encoder):
    names = [layer.name for layer in encoder.layers]
    for head in HEADS:
        localizer = build_localizer(encoder, head=head, num_classes=2)
        listed = [layer.name for layer in list_encoder_layers(localizer)]
        assert set(listed) <= set(names) and "block_15_add" in listed


def test_build_localizer_takes_a_name_as_encoder():
    localizer = build_localizer("mobilenet_v2", head="box", image_size=64, alpha=0.35)
    assert localizer.input.shape == (None, 64, 64, 3)
    with pytest.raises(InputError, match="`image_sise` is no argument. .* is `image_size`"):
        build_localizer("mobilenet_v2", head="box", image_sise=64)


def test_build_localizer_takes_options_of_an_encoder_with_a_name_only(encoder):
    with pytest.raises(InputError, match="`alpha` must be left out"):
        build_localizer(encoder, head="box", alpha=0.35)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "heat_map"}, "Received 'heat_map'; the nearest is 'heatmap'"),
        ({"box_form": "pixel"}, "the nearest is 'pixels'"),
        ({"mask_rounding": "centre"}, "the nearest is 'centres'"),
        ({"num_classes": 1}, "`num_classes` must be at least 2, or 0"),
        ({"head": "box_class"}, "needs `num_classes`"),
        ({"head": "grid", "num_neurons": 0}, '`num_neurons` of `head` "grid" must be at least 1'),
        ({"num_neurons": -1}, "must be at least 0"),
        ({"dropout": 1.0}, "`dropout` must be at least 0 and below 1"),
    ],
)
def test_build_localizer_refuses_what_cannot_be(encoder, changes, message):
    with pytest.raises(InputError, match=message):
        build_localizer(encoder, **{"head": "box", **changes})


@pytest.mark.parametrize("name", ["resnet50", "resnet50_v2", "vgg16"])
def test_every_head_stands_on_every_encoder(name):
    encoder = build_encoder(name, (64, 64, 3))
    for head in HEADS:
        localizer = build_localizer(encoder, head=head, num_classes=2, num_neurons=8)
        assert localizer(np.zeros((1, 64, 64, 3)))["box"].shape == (1, 4)
        if head == "mask":
            assert localizer.output["mask"].shape == (None, 8, 8, 1)
