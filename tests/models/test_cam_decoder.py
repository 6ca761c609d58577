import keras
import numpy as np
import pytest

from config.errors import InputError
from models.cam_classifier import build_cam_classifier
from models.cam_decoder import Frozen, build_cam_decoder, find_classifier

IMAGES = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
CHANNELS = (6, 5, 4, 3, 2)


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    options = {"num_classes": 3, "image_size": 32, "alpha": 0.35}
    return build_cam_classifier("mobilenet_v2", **options)


def test_build_cam_decoder_draws_at_the_size_of_the_picture(classifier):
    model = build_cam_decoder(classifier, channels=CHANNELS)
    found = model(IMAGES)
    assert {name: tuple(x.shape) for name, x in found.items()} == {
        "scores": (2, 3),
        "map_logits": (2, 32, 32, 2),
    }
    np.testing.assert_allclose(found["scores"], classifier(IMAGES)["scores"], atol=1e-5)


def test_build_cam_decoder_joins_every_map(classifier):
    model = build_cam_decoder(classifier, channels=CHANNELS)
    # The map before, and that of the encoder: 1280 + 192, 6 + 96, 5 + 48, 4 + 48; then none.
    widths = [model.get_layer(f"decoder_{i}_join").output.shape[-1] for i in range(1, 5)]
    assert widths == [1472, 102, 53, 52]
    # 4 -> 4 -> 8 -> 16 -> 32: two blocks stay at the size that no stage halves
    sides = [model.get_layer(f"decoder_{i}b_relu").output.shape[1] for i in range(1, 6)]
    assert sides == [4, 4, 8, 16, 32]


def test_build_cam_decoder_meets_sizes_that_are_not_doubled(classifier):
    options = {"num_classes": 2, "image_size": 37, "alpha": 0.35}
    model = build_cam_decoder(build_cam_classifier("mobilenet_v2", **options), channels=CHANNELS)
    assert model(np.zeros((1, 37, 37, 3)))["map_logits"].shape == (1, 37, 37, 2)


def test_build_cam_decoder_leaves_the_classifier_as_it_is_in_training(classifier):
    model = build_cam_decoder(classifier, channels=CHANNELS)
    before = [weight.copy() for weight in classifier.get_weights()]
    names = {variable.path.split("/")[0] for variable in model.trainable_variables}
    assert all(name.startswith("decoder_") for name in names) and "decoder_map" in names
    loss = {"map_logits": keras.losses.MeanSquaredError()}
    model.compile("sgd", loss, run_eagerly=True)
    model.fit(IMAGES, {"map_logits": np.ones((2, 32, 32, 2))}, verbose=0)
    for mine, theirs in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_build_cam_decoder_on_vgg_has_a_centre_and_three_blocks():
    classifier = build_cam_classifier("vgg16", num_classes=2, image_size=32)
    model = build_cam_decoder(classifier, channels=(4, 3, 2))
    assert model.get_layer("decoder_centrea").output.shape[-1] == 1024
    assert model.output["map_logits"].shape == (None, 32, 32, 2)
    with pytest.raises(InputError, match="`channels` must be 3 whole numbers from 1"):
        build_cam_decoder(classifier, channels=CHANNELS)


def test_build_cam_decoder_has_the_published_channels_by_default(classifier):
    model = build_cam_decoder(classifier)
    widths = [model.get_layer(f"decoder_{i}a").filters for i in range(1, 6)]
    assert widths == [256, 128, 64, 32, 16]


def test_build_cam_decoder_is_saved_and_opened(classifier, tmp_path):
    model = build_cam_decoder(classifier, channels=CHANNELS)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras", safe_mode=True)
    found, expected = again(IMAGES), model(IMAGES)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
    assert len(again.trainable_variables) == len(model.trainable_variables)
    inner = find_classifier(again)
    np.testing.assert_allclose(inner(IMAGES)["maps"], classifier(IMAGES)["maps"], atol=1e-4)


def test_frozen_drops_nothing_in_training(tmp_path):
    image = keras.Input((4,))
    inner = keras.Model(image, keras.layers.Dropout(0.9)(image))
    outer = keras.Input((4,))
    model = keras.Model(outer, Frozen(inner)(outer))
    model.save(tmp_path / "a.keras")
    for each in (model, keras.saving.load_model(tmp_path / "a.keras", safe_mode=True)):
        np.testing.assert_array_equal(each(np.ones((3, 4)), training=True), np.ones((3, 4)))


@pytest.mark.parametrize("channels", [(8, 8), (8, 8, 8, 8, 0), ()])
def test_build_cam_decoder_refuses_other_channels(classifier, channels):
    with pytest.raises(InputError, match="`channels` must be 5 whole numbers from 1"):
        build_cam_decoder(classifier, channels=channels)


def test_build_cam_decoder_refuses_another_model():
    with pytest.raises(InputError, match="`classifier`: `model` must hold the layers of"):
        build_cam_decoder(keras.Sequential([keras.layers.ReLU()]))
