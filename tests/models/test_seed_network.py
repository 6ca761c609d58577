import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.seed_network import build_seed_network, check_side, list_encoder_layers
from models.seeder import build_seeder, find_tag_names
from ops.cam import class_activation_maps


@pytest.fixture(scope="module")
def encoder():
    keras.utils.set_random_seed(0)
    return build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)


IMAGES = np.random.default_rng(0).random((2, 65, 97, 3), np.float32)


@pytest.mark.parametrize(
    ("variant", "num_neurons", "shape"),
    [("low_res", 8, (5, 7, 8)), ("high_res", 8, (9, 13, 8)), ("deeplab", 8, (9, 13, 8)),
     ("low_res", 0, (5, 7, 1280))],
)  # fmt: skip
def test_build_seed_network_scores_are_the_means_of_its_maps(encoder, variant, num_neurons, shape):
    network = build_seed_network(encoder, num_classes=3, variant=variant, num_neurons=num_neurons)
    layer = network.get_layer("class_scores")
    layer.set_weights([np.random.default_rng(1).normal(size=layer.kernel.shape)])
    found = {name: value.numpy() for name, value in network(IMAGES).items()}
    assert found["features"].shape == (2, *shape) and found["features"].min() >= 0
    for scores, features in zip(found["scores"], found["features"], strict=True):
        maps = class_activation_maps(features, layer.kernel, [1, 2, 3])
        np.testing.assert_allclose(maps.mean(axis=(1, 2)), scores, rtol=1e-3, atol=1e-5)


def test_build_seed_network_starts_with_the_weights_of_the_encoder(encoder):
    network = build_seed_network(encoder, num_classes=2, num_neurons=4)
    mine, theirs = (model.get_layer("block_16_project").kernel for model in (network, encoder))
    np.testing.assert_array_equal(mine, theirs)
    assert mine is not theirs
    assert {layer.name for layer in network.layers} - {
        layer.name for layer in list_encoder_layers(network)
    } == {"head_features_1", "head_dropout_1", "head_mean", "class_scores"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 0}, "`num_classes` must be at least 1"),
        ({"num_neurons": -1}, "`num_neurons` must be at least 0"),
        ({"dropout": 1.0}, "`dropout` must be at least 0 and below 1"),
        ({"variant": "hires"}, "the nearest is 'high_res'"),
    ],
)
def test_build_seed_network_says_what_is_wrong(changes, message):
    with pytest.raises(InputError, match=message):
        build_seed_network(keras.Sequential(), **{"num_classes": 2, **changes})


@pytest.mark.parametrize(("side", "variant"), [(225, "low_res"), (33, "deeplab"), (41, "high_res")])
def test_check_side_lets_pass(side, variant):
    check_side(side, variant)


def test_check_side_names_the_nearest():
    with pytest.raises(InputError, match="the nearest is 17"):
        check_side(16, "low_res")


def test_build_seeder_gives_maps_in_the_order_of_all_tags(encoder, tmp_path):
    network = build_seed_network(encoder, num_classes=2, num_neurons=4)
    seeder = build_seeder(class_names=["ant", "bee"], network=network, learnt=[2, 1])
    found = {name: value.numpy() for name, value in seeder(IMAGES).items()}
    scores = network(IMAGES)["scores"].numpy()
    np.testing.assert_allclose(found["scores"], scores[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(found["cams"].mean(axis=(1, 2)), found["scores"], atol=1e-5)
    seeder.save(tmp_path / "seeds.keras")
    again = keras.saving.load_model(tmp_path / "seeds.keras")
    np.testing.assert_allclose(again(IMAGES)["cams"], found["cams"], atol=1e-6)
    assert find_tag_names(again) == ("ant", "bee") and find_tag_names(network) is None


@pytest.mark.parametrize("learnt", [[1], [1, 1], [1, 3], [1, 2, 3]])
def test_build_seeder_refuses_other_tags_than_all(learnt):
    with pytest.raises(InputError, match="must be ids 1 to 2, each once"):
        build_seeder(class_names=["ant", "bee"], learnt=learnt)
