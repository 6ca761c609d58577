import keras
import numpy as np
import pytest

from config.errors import InputError
from models.saliency_network import SaliencyMap, build_saliency_model, build_saliency_network
from reporting.model_files import load_keras_model


@pytest.fixture(scope="module")
def encoder():
    """An encoder of five convolutions, 32 x 64 pixels."""
    image = x = keras.Input((32, 64, 3))
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        x = keras.layers.Conv2D(3, 3, strides=2, padding="same", activation="relu")(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


@pytest.mark.parametrize(("stride", "size"), [(4, (8, 16)), (8, (4, 8)), (16, (2, 4))])
def test_network_answers_at_its_finest_stride(encoder, stride, size):
    network = build_saliency_network(encoder, num_neurons=4, finest_stride=stride, dropout=0.1)
    assert network.output.shape == (None, *size, 2)
    assert network.output.dtype == "float32"


def test_network_names_the_layers_of_its_decoder(encoder):
    network = build_saliency_network(encoder, num_neurons=4)
    mine = [layer.name for layer in network.layers if layer not in encoder.layers]
    assert all(name.startswith("head_") for name in mine) and "head_logits" in mine


def test_network_refuses_what_does_not_fit(encoder):
    with pytest.raises(InputError, match="`finest_stride` must be one of 4, 8, 16. Received 2"):
        build_saliency_network(encoder, finest_stride=2)
    with pytest.raises(InputError, match="`num_neurons` must be at least 1"):
        build_saliency_network(encoder, num_neurons=0)
    image = keras.Input((40, 64, 3))
    odd = keras.Model(image, {"stride_32": image})
    with pytest.raises(InputError, match=r"multiple of 32. Received \(40, 64\); .* \(64, 64\)"):
        build_saliency_network(odd)


def test_saliency_map_is_the_objects_probability():
    logits = np.zeros((1, 1, 1, 2), np.float32)
    logits[..., 1] = np.log(3)  # 3 / (1 + 3)
    saliency = SaliencyMap()([logits, np.zeros((1, 3, 5, 3), np.uint8)])
    np.testing.assert_allclose(saliency, np.full((1, 3, 5), 0.75), rtol=1e-6)


def test_saliency_map_enlarges_logits():
    # Centres at columns 0.5 and 2.5 of 4 pixels: logits -4, -2, 2, 4.
    logits = np.stack([np.zeros((1, 2)), [[-4.0, 4.0]]], axis=-1)[np.newaxis].astype(np.float32)
    saliency = SaliencyMap()([logits, np.zeros((1, 1, 4, 3), np.uint8)])
    expected = 1 / (1 + np.exp([4.0, 2.0, -2.0, -4.0]))
    np.testing.assert_allclose(saliency[0, 0], expected, rtol=1e-5)


def test_saliency_model_takes_any_size_and_is_saved(encoder, tmp_path):
    model = build_saliency_model(build_saliency_network(encoder, num_neurons=4))
    path = tmp_path / "saliency.keras"
    model.save(path)
    loaded = load_keras_model(path)
    for size in ((1, 1), (33, 20)):
        images = np.full((2, *size, 3), 90, np.uint8)
        saliency = loaded(images)["saliency"]
        assert saliency.shape == (2, *size) and saliency.dtype == "float32"
        np.testing.assert_allclose(saliency, model(images)["saliency"], atol=1e-6)
    assert loaded.output["saliency"].shape == (None, None, None)


def test_saliency_model_refuses_another_network(encoder):
    with pytest.raises(InputError, match="`network` must give logits"):
        build_saliency_model(encoder)
