import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.fcn8 import build_fcn8
from models.point_pyramid import build_point_pyramid


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)


def random_images(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.mark.parametrize("finest_stride", [8, 4, 2])
@pytest.mark.parametrize(("height", "width"), [(33, 70), (64, 96)])
def test_build_point_pyramid_scores_every_pixel_of_any_size(encoder, finest_stride, height, width):
    model = build_point_pyramid(encoder, finest_stride=finest_stride, num_neurons=4)
    logits = model(random_images(1, height, width, 3))
    assert logits.shape == (1, height, width, 1) and model.output_names == ["logits"]
    np.testing.assert_allclose(logits, -2.0, atol=1e-6)  # Zero kernels leave the bias alone.


def test_build_point_pyramid_fuses_down_to_the_finest_stride(encoder):
    model = build_point_pyramid(encoder, finest_stride=4, num_neurons=4)
    names = {layer.name for layer in model.layers}
    assert {"mix_16", "mix_8", "mix_4"} <= names and "mix_2" not in names
    shape = model.get_layer("mix_4")(np.zeros((1, 16, 16, 4))).shape
    assert tuple(shape) == (1, 16, 16, 4)


def test_build_point_pyramid_several_classes_start_at_the_prior(encoder):
    model = build_point_pyramid(encoder, num_classes=2, num_neurons=4, score_bias=-3.0)
    logits = model(random_images(2, 40, 50, 3)).numpy()
    assert logits.shape == (2, 40, 50, 3)
    np.testing.assert_allclose(logits[0, 7, 9], [0, -3, -3], atol=1e-6)


def test_build_point_pyramid_reloads_in_safe_mode(encoder, tmp_path):
    model = build_point_pyramid(encoder, num_neurons=4, dropout=0.5)
    model.get_layer("score").set_weights(
        [np.random.default_rng(0).normal(size=(3, 3, 4, 1)), np.zeros(1)]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images(1, 33, 47, 3)
    np.testing.assert_array_equal(loaded(images), model(images))
    assert model(images).numpy().std() > 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"num_classes": 0}, "`num_classes` must be at least 1. Received 0"),
        ({"num_neurons": 0}, "`num_neurons` must be at least 1 in a pyramid. Received 0"),
        ({"finest_stride": 3}, "`finest_stride` must be 8, 4 or 2. Received 3"),
    ],
)
def test_build_point_pyramid_bad_arguments(encoder, options, match):
    with pytest.raises(InputError, match=match):
        build_point_pyramid(encoder, **options)


def test_build_point_pyramid_names_an_encoder_without_the_finest_map(encoder):
    other = keras.Model(encoder.input, encoder.output, name="mine")
    assert build_point_pyramid(other, finest_stride=4, num_neurons=4).name == "pyramid_mine"
    with pytest.raises(InputError, match="`finest_stride` 2 needs .* Received mine, which gives"):
        build_point_pyramid(other, finest_stride=2, num_neurons=4)


@pytest.mark.parametrize("build", [build_point_pyramid, build_fcn8])
def test_heads_take_an_encoder_that_ends_early(build):
    encoder = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35, deepest_stride=8)
    model = build(encoder, finest_stride=4, num_neurons=4)
    np.testing.assert_allclose(model(random_images(1, 40, 50, 3)), -2.0, atol=1e-6)
    names = {layer.name for layer in model.layers}
    assert "sum_4" in names and not {"sum_8", "sum_16"} & names
    assert build(encoder, finest_stride=8, num_neurons=4).count_params()
    shorter = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35, deepest_stride=4)
    with pytest.raises(InputError, match="`finest_stride` 8 needs .* gives stride_2, stride_4"):
        build(shorter, finest_stride=8)
