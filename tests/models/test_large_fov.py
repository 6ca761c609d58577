import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.large_fov import build_large_fov


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)


@pytest.mark.parametrize("head", ["large_fov", "pyramid"])
def test_build_large_fov_scores_every_eighth_pixel(encoder, head):
    network = build_large_fov(encoder, num_classes=3, num_neurons=4, head=head)
    # (65 - 1) / 8 + 1 = 9 and (33 - 1) / 8 + 1 = 5; a batch of 1, not square.
    assert network(np.zeros((1, 65, 33, 3), np.float32)).shape == (1, 9, 5, 4)
    names = {layer.name for layer in network._flatten_layers()}
    assert "block_6_expand_relu" in names  # the encoder's layers keep their names


def test_build_large_fov_of_vgg_is_the_published_one():
    network = build_large_fov(build_encoder("vgg16", (33, 33, 3)), num_classes=20, num_neurons=8)
    layers = {layer.name: layer for layer in network._flatten_layers()}
    assert layers["block5_conv1"].dilation_rate == (2, 2)
    assert layers["block4_pool"].strides == (1, 1)
    assert layers["head_fc6"].dilation_rate == (12, 12)
    assert network(np.zeros((1, 33, 33, 3), np.float32)).shape == (1, 5, 5, 21)


def test_build_large_fov_keeps_the_encoders_weights(encoder):
    network = build_large_fov(encoder, num_classes=1, num_neurons=4, head="pyramid")
    kernel = network.get_layer("Conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, encoder.get_layer("Conv1").get_weights()[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "fcn"}, "`head` must be one of large_fov, pyramid. Received 'fcn'"),
        ({"num_classes": 0}, "`num_classes` must be at least 1"),
        ({"num_neurons": 0}, "`num_neurons` must be at least 1"),
    ],
)
def test_build_large_fov_refuses_other_arguments(encoder, options, message):
    with pytest.raises(InputError, match=message):
        build_large_fov(encoder, **{"num_classes": 2, **options})


def test_build_large_fov_refuses_even_sides():
    with pytest.raises(InputError, match="must be built for odd sides"):
        build_large_fov(build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35), num_classes=1)


def test_build_large_fov_refuses_a_pyramid_of_vgg():
    # Three 2 x 2 poolings without padding leave 33 // 2 // 2 // 2 = 4 of 5 cells.
    message = r"needs .* \(5, 5\) cells .* vgg16, whose map has \(4, 4\); choose `head` large_fov"
    with pytest.raises(InputError, match=message):
        build_large_fov(build_encoder("vgg16", (33, 33, 3)), num_classes=2, head="pyramid")
