import keras
import numpy as np
import pytest

from config.errors import InputError
from models.cam_classifier import build_cam_classifier
from models.cam_encoders import CAM_ENCODERS, build_cam_encoder, find_row, list_fresh_layers
from models.encoders import build_encoder

# Channels and sides at 64 pixels of the maps to skip to, finest first, and of the features; at 224
# pixels 112, 56, 28, 28 and 28 of ResNet50, as the spec measured.
SIZES = {
    "mobilenet_v2": [(48, 32), (48, 16), (96, 8), (192, 8), (1280, 8)],
    "resnet50": [(64, 32), (256, 16), (512, 8), (1024, 8), (2048, 8)],
    "vgg16": [(128, 32), (256, 16), (1024, 8)],
    "inception_v3": [(64, 32), (80, 16), (288, 8), (768, 8), (1024, 8)],
}


def build(name, size=64, **options):
    alpha = 0.35 if name == "mobilenet_v2" else 1.0
    return build_cam_encoder(name, size, alpha=alpha, **options)


@pytest.mark.parametrize("name", CAM_ENCODERS)
def test_build_cam_encoder_has_the_published_maps(name):
    encoder = build(name)
    row = find_row(encoder)
    assert row is CAM_ENCODERS[name] and encoder.name == name
    maps = [encoder.get_layer(layer).output for layer in (*row.skips, row.features)]
    assert [(x.shape[3], x.shape[1]) for x in maps] == SIZES[name]
    assert encoder.output is maps[-1]


@pytest.mark.parametrize(("name", "side"), [("mobilenet_v2", 28), ("vgg16", 28)])
def test_build_cam_encoder_gives_28_cells_of_224_pixels(name, side):
    encoder = build(name, 224)
    assert encoder.output.shape[1:3] == (side, side)


@pytest.mark.parametrize("name", CAM_ENCODERS)
def test_build_cam_encoder_at_stride_16_gives_half_as_many(name):
    assert build(name, stride=16).output.shape[1:3] == (4, 4)


@pytest.mark.parametrize("name", ["mobilenet_v2", "vgg16"])
def test_build_cam_encoder_gives_features_of_pictures_none_negative(name):
    image = np.random.default_rng(0).random((2, 64, 64, 3), np.float32)
    features = build(name)(image).numpy()
    assert np.isfinite(features).all() and features.min() == 0 and features.max() > 0


# A window of the stock network covers places 2 i, 2 i + 1 and 2 i + 2: it looks at place 2 i + 1 of
# the map that is no longer halved, and at 4 i + 3 of one twice as fine.
@pytest.mark.parametrize(("stride", "first", "step"), [(16, 1, 2), (8, 3, 4)])
def test_build_cam_encoder_sees_at_its_coarse_places_what_mobilenet_sees(stride, first, step):
    keras.utils.set_random_seed(0)
    stock = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)
    encoder = build("mobilenet_v2", stride=stride)
    encoder.set_weights(stock.get_weights())
    image = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    coarse = stock(image)["stride_32"].numpy()
    found = encoder(image).numpy()[:, first::step, first::step]
    np.testing.assert_allclose(found, coarse, atol=1e-3 * coarse.max())


def test_build_cam_encoder_keeps_the_weights(tmp_path):
    stock = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)
    stock.save_weights(tmp_path / "a.weights.h5")
    encoder = build("mobilenet_v2", weights=str(tmp_path / "a.weights.h5"))
    for mine, theirs in zip(encoder.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
def test_build_cam_encoder_takes_the_weights_of_inception_from_a_file(tmp_path):
    # Of an even side the first convolution's windows start at the same pixels, border kept or not.
    image = keras.Input((76, 76, 3))
    stock = keras.applications.InceptionV3(include_top=False, weights=None, input_tensor=image)
    path = tmp_path / "inception.weights.h5"
    named = {layer.name: layer for layer in stock.layers}
    stock.save_weights(path)
    encoder = build("inception_v3", 76, weights=str(path))
    picture = np.random.default_rng(0).random((1, 76, 76, 3), np.float32)
    first = next(layer for layer in stock.layers if isinstance(layer, keras.layers.Activation))
    expected = keras.Model(image, named[first.name].output)(2 * picture - 1).numpy()
    found = keras.Model(encoder.input, encoder.get_layer("activation_1").output)(picture).numpy()
    np.testing.assert_allclose(found[:, :37, :37], expected, atol=1e-4)


def test_inception_has_the_same_names_whatever_was_built_before():
    names = [[layer.name for layer in build("inception_v3").layers] for _ in range(2)]
    assert names[0] == names[1]


def test_list_fresh_layers_are_the_last_stage_and_the_head():
    model = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32, alpha=0.35)
    names = [layer.name for layer in list_fresh_layers(model)]
    assert names[0] == "block_14_expand" and names[-1] == "head_classes"
    assert "block_13_project" not in names and "Conv_1_bn" in names
    vgg = [layer.name for layer in list_fresh_layers(build("vgg16"))]
    assert vgg == ["head_features"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder_name": "resnet"}, "the nearest is 'resnet50'"),
        ({"image_size": 31}, "`image_size` must be at least 32 pixels. Received 31"),
        ({"stride": 4}, "`stride` must be 8 or 16 pixels. Received 4"),
        ({"encoder_name": "inception_v3", "alpha": 0.5}, "`alpha` must be 1 for inception_v3"),
        ({"weights": "absent.h5"}, "'absent.h5', which is not a file"),
    ],
)
def test_build_cam_encoder_says_what_is_wrong(changes, message):
    with pytest.raises(InputError, match=message):
        build_cam_encoder(**{"encoder_name": "mobilenet_v2", "image_size": 64, **changes})


def test_find_row_refuses_another_model():
    with pytest.raises(ValueError, match="must hold the layers of mobilenet_v2, resnet50"):
        find_row(keras.Sequential([keras.layers.ReLU()]))


@pytest.mark.parametrize(
    ("stride", "maps"),
    [
        (8, [(48, 32), (48, 16), (96, 8)]),
        (16, [(48, 32), (48, 16), (96, 8), (192, 4)]),
    ],
)
def test_build_cam_encoder_ends_at_its_own_map(stride, maps):
    encoder = build("mobilenet_v2", stride=stride, cut=True)
    row = find_row(encoder)
    found = [encoder.get_layer(layer).output for layer in (*row.skips, row.features)]
    assert [(x.shape[3], x.shape[1]) for x in found] == maps and encoder.output is found[-1]
    assert list_fresh_layers(encoder) == [encoder.get_layer(row.features)]


def test_build_cam_encoder_cuts_no_other():
    with pytest.raises(InputError, match="`cut` must be false for other than mobilenet_v2"):
        build("vgg16", cut=True)
