import keras
import numpy as np
import pytest

from models.dense_encoders import VARIANTS, build_dense_encoder
from models.encoders import build_encoder


@pytest.fixture(scope="module", params=["mobilenet_v2", "resnet50"])
def encoder(request):
    keras.utils.set_random_seed(0)
    alpha = 0.35 if request.param == "mobilenet_v2" else 1.0
    return build_encoder(request.param, (65, 97, 3), alpha=alpha)


def draw_image(*size):
    return np.random.default_rng(0).random((1, *size, 3), np.float32)


@pytest.mark.parametrize(("variant", "step"), [("low_res", 2), ("high_res", 4)])
def test_build_dense_encoder_sees_at_each_coarse_place_what_the_encoder_sees(
    encoder, variant, step
):
    image = draw_image(65, 97)
    coarse = encoder(image)["stride_32"].numpy()
    fine = build_dense_encoder(encoder, variant)(image).numpy()
    assert fine.shape == (1, 2 * step + 1, 3 * step + 1, coarse.shape[-1])
    np.testing.assert_allclose(fine[:, ::step, ::step], coarse, atol=1e-3 * coarse.max())


def test_build_dense_encoder_pads_alike_whatever_size_it_was_built_for():
    keras.utils.set_random_seed(0)
    even = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)
    odd = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
    odd.set_weights(even.get_weights())
    maps = [build_dense_encoder(each, "low_res")(draw_image(65, 65)) for each in (even, odd)]
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-5)


# Caffe's sizes: 65 -> 33 -> 17 -> 9 -> 5
@pytest.mark.parametrize(("variant", "side"), [("low_res", 5), ("high_res", 9), ("deeplab", 9)])
def test_build_dense_encoder_has_the_published_sizes_on_vgg(variant, side):
    dense = build_dense_encoder(build_encoder("vgg16", (65, 65, 3)), variant)
    assert dense.compute_output_shape((1, 65, 65, 3)) == (1, side, side, 512)
    pools = [layer for layer in dense.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert {pool.pool_size for pool in pools} <= {
        (1, 1),
        (2, 2) if variant != "deeplab" else (3, 3),
    }
    rate = (2, 2) if variant == "deeplab" else (1, 1)
    assert dense.get_layer("block5_conv2").dilation_rate == rate


@pytest.mark.parametrize(("variant", "stride"), [("low_res", 16), ("deeplab", 8)])
def test_build_dense_encoder_takes_the_map_of_that_stride_of_others(variant, stride):
    image = keras.Input((None, None, 3))
    maps = {f"stride_{s}": keras.layers.AveragePooling2D(s)(image) for s in (4, 8, 16, 32)}
    dense = build_dense_encoder(keras.Model(image, maps, name="other"), variant)
    assert dense(draw_image(64, 32)).shape == (1, 64 // stride, 32 // stride, 3)


@pytest.mark.parametrize(("variant", "stride"), [("low_res", 16), ("high_res", 8)])
def test_build_dense_encoder_that_is_cut_ends_at_the_encoders_own_map(encoder, variant, stride):
    image = draw_image(65, 97)
    dense = build_dense_encoder(encoder, variant, cut=True)
    whole = encoder(image)[f"stride_{stride}"].numpy()
    np.testing.assert_allclose(dense(image), whole, atol=1e-3 * whole.max())
    assert len(dense.layers) < len(encoder.layers)


def test_build_dense_encoder_keeps_what_is_frozen():
    encoder = build_encoder("mobilenet_v2", (33, 33, 3), alpha=0.35)
    encoder.get_layer("Conv1").trainable = False
    dense = build_dense_encoder(encoder, VARIANTS[0])
    assert not dense.get_layer("Conv1").trainable and dense.get_layer("Conv_1").trainable


def test_build_dense_encoder_refuses_an_unknown_variant():
    with pytest.raises(ValueError, match="`variant` must be one of low_res, high_res, deeplab"):
        build_dense_encoder(keras.Sequential(), "highres")
