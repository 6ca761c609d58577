import keras
import numpy as np
import pytest

from config.errors import InputError
from losses.lcfcn import LCFCN
from models.encoders import build_encoder
from models.fcn8 import ResizeLike, build_fcn8


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)


def random_images(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "mobilenet_v2"])
@pytest.mark.parametrize("height, width", [(33, 70), (64, 96)])
def test_build_fcn8_scores_every_pixel_of_any_size(name, height, width):
    model = build_fcn8(build_encoder(name, (32, 32, 3)))
    logits = model(random_images(1, height, width, 3))
    assert logits.shape == (1, height, width, 1) and model.output_names == ["logits"]
    np.testing.assert_allclose(logits, -2.0, atol=1e-6)  # Zero kernels leave the bias alone.


def test_build_fcn8_several_classes_start_at_the_prior(encoder):
    model = build_fcn8(encoder, num_classes=2, score_bias=-3.0)
    logits = model(random_images(2, 40, 50, 3)).numpy()
    assert logits.shape == (2, 40, 50, 3)
    np.testing.assert_allclose(logits[0, 7, 9], [0, -3, -3], atol=1e-6)


def test_build_fcn8_maps_equal_the_encoder(encoder):
    model = build_fcn8(encoder)
    images = random_images(1, 64, 64, 3)
    name = "block_13_expand_relu"
    features = keras.Model(model.input, model.get_layer(name).output)(images)
    np.testing.assert_allclose(features, encoder(images)["stride_16"], rtol=1e-4, atol=1e-5)


def test_build_fcn8_copies_the_encoder(encoder):
    before = encoder.get_weights()[0].copy()
    model = build_fcn8(encoder)
    model.get_layer("Conv1").set_weights([0 * before])
    np.testing.assert_array_equal(encoder.get_weights()[0], before)


def test_build_fcn8_keeps_frozen_layers(encoder):
    encoder.get_layer("Conv1").trainable = False
    model = build_fcn8(encoder)
    encoder.get_layer("Conv1").trainable = True
    assert not model.get_layer("Conv1").trainable


def test_build_fcn8_head_has_two_more_layers(encoder):
    model = build_fcn8(encoder, num_neurons=8)
    assert model.get_layer("head_1").kernel.shape == (7, 7, 1280, 8)
    assert model.get_layer("head_2").kernel.shape == (1, 1, 8, 8)


def test_build_fcn8_sums_the_three_scores(encoder):
    model = build_fcn8(encoder, score_bias=0.0)
    for stride, bias in ((32, 1.0), (16, 2.0), (8, 4.0)):
        layer = model.get_layer(f"score_{stride}")
        layer.set_weights([layer.get_weights()[0], np.array([bias])])
    np.testing.assert_allclose(model(random_images(1, 35, 41, 3)), 7.0, rtol=1e-6)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "resnet50_v2", "mobilenet_v2"])
def test_build_fcn8_scores_maps_down_to_stride_2(name):
    model = build_fcn8(build_encoder(name, (32, 32, 3)), finest_stride=2)
    finest = keras.Model(model.input, model.get_layer("score_2").output)
    assert finest(random_images(1, 64, 96, 3)).shape == (1, 32, 48, 1)
    assert model(random_images(1, 35, 41, 3)).shape == (1, 35, 41, 1)


def test_build_fcn8_adds_the_finer_scores(encoder):
    model = build_fcn8(encoder, score_bias=0.0, finest_stride=4)
    for stride, bias in ((32, 1.0), (16, 2.0), (8, 4.0), (4, 8.0)):
        layer = model.get_layer(f"score_{stride}")
        layer.set_weights([layer.get_weights()[0], np.array([bias])])
    np.testing.assert_allclose(model(random_images(1, 35, 41, 3)), 15.0, rtol=1e-6)


def test_resize_like_halves_by_interpolation():
    # Doubling [0, 4] bilinearly at pixel centres: 0, 1/4 * 4, 3/4 * 4, 4.
    small = np.array([0.0, 4.0], np.float32).reshape(1, 1, 2, 1)
    result = ResizeLike()([small, np.zeros((1, 1, 4, 1))])
    assert result.numpy().ravel().tolist() == [0, 1, 3, 4]


@pytest.mark.slow
def test_build_fcn8_trains_with_the_point_loss_and_exports_without_it(encoder, tmp_path):
    import tensorflow as tf

    model = build_fcn8(encoder)
    model.compile(keras.optimizers.Adam(1e-2), loss=LCFCN())
    images, points = random_images(2, 48, 64, 3), np.zeros((2, 48, 64, 1), np.float32)
    points[:, 10, 12] = points[:, 30, 40] = 1
    losses = model.fit(images, points, epochs=3, batch_size=2, verbose=0).history["loss"]
    assert np.isfinite(losses).all() and model.get_layer("score_8").kernel.numpy().any()
    assert not model.get_layer("logits").supports_jit  # So that Keras leaves XLA off.
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")  # Its variables live as long as it does.
    np.testing.assert_allclose(loaded.serve(images), model(images), rtol=1e-3, atol=1e-4)


def test_build_fcn8_reloads_in_safe_mode(encoder, tmp_path):
    model = build_fcn8(encoder, num_classes=2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images(1, 33, 47, 3)
    np.testing.assert_array_equal(loaded(images), model(images))


@pytest.mark.parametrize(
    "options, match",
    [
        ({"num_classes": 0}, "`num_classes` must be at least 1. Received 0"),
        ({"num_neurons": -1}, "`num_neurons` must be at least 0. Received -1"),
        ({"finest_stride": 16}, "`finest_stride` must be 8, 4 or 2. Received 16"),
    ],
)
def test_build_fcn8_bad_arguments(encoder, options, match):
    with pytest.raises(InputError, match=match):
        build_fcn8(encoder, **options)
