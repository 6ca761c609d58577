import keras
import numpy as np
import pytest

from config.cam_names import POOLING_NAMES
from config.errors import InputError
from models.cam_classifier import build_cam_classifier

IMAGES = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)


def build(**options):
    defaults = {"num_classes": 3, "image_size": 32, "alpha": 0.35}
    return build_cam_classifier("mobilenet_v2", **{**defaults, **options})


@pytest.mark.parametrize("pooling", POOLING_NAMES)
def test_build_cam_classifier_gives_scores_features_and_maps(pooling):
    found = build(pooling=pooling)(IMAGES)
    shapes = {name: tuple(value.shape) for name, value in found.items()}
    assert shapes == {"scores": (2, 3), "features": (2, 4, 4, 1280), "maps": (2, 4, 4, 3)}


def test_build_cam_classifier_is_saved_and_opened(tmp_path):
    model = build(pooling="wildcat", stride=16)
    model.save(tmp_path / "a.keras")
    again = keras.saving.load_model(tmp_path / "a.keras", safe_mode=True)
    found, expected = again(IMAGES), model(IMAGES)
    assert expected["maps"].shape == (2, 2, 2, 3) and again.name == "mobilenet_v2_cam_classifier"
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_build_cam_classifier_scores_stay_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = build()(IMAGES)
    finally:
        keras.config.set_dtype_policy("float32")
    assert found["scores"].dtype == "float32" and found["features"].dtype == "bfloat16"


def test_build_cam_classifier_learns():
    model = build()
    loss = {"scores": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    model.compile(loss=loss, run_eagerly=True)
    before = model.get_layer("head_classes").kernel.numpy()
    history = model.fit(IMAGES, {"scores": np.array([0, 2])}, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert np.abs(model.get_layer("head_classes").kernel.numpy() - before).max() > 0


def test_build_cam_classifier_names_the_nearest_pooling():
    with pytest.raises(InputError, match="Received 'wildkat'; the nearest is 'wildcat'"):
        build(pooling="wildkat")
    with pytest.raises(InputError, match="`num_classes` must be at least 1"):
        build(num_classes=0)


def test_build_cam_classifier_names_an_unknown_option_of_the_encoder():
    with pytest.raises(TypeError, match="width"):
        build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32, width=0.5)
