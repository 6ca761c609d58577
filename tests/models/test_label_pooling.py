import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from config.errors import InputError
from models.cam import make_cam_function
from models.cam_decoder import build_cam_decoder
from models.imagenet_head import ClassifierHead
from models.label_pooling import LabelPooling, build_mapped_classifier

GROUPS = [[1], [0, 3], [2, 3, 4]]


@pytest.fixture(scope="module")
def pooled():
    """Features, weights, and what the layer makes of them; the last tag takes one label's map."""
    generator = np.random.default_rng(0)
    features = generator.random((2, 3, 4, 6)).astype(np.float32)
    kernel, bias = generator.normal(size=(6, 5)), generator.normal(size=5)
    layer = LabelPooling(GROUPS, 5, single=[2])
    layer.build(features.shape)
    layer.set_weights([kernel, bias])
    found = {name: np.array(values) for name, values in layer(features).items()}
    return features, kernel, bias, found


def test_label_pooling_scores_by_the_sum_of_exponents_or_the_best_label(pooled):
    features, kernel, bias, found = pooled
    logits = features.mean(axis=(1, 2)) @ kernel + bias
    expected = [logsumexp(logits[:, group], axis=1) for group in GROUPS[:2]]
    expected = np.stack([*expected, logits[:, GROUPS[2]].max(axis=1)], axis=1)
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-5)


def test_label_pooling_draws_the_largest_or_the_best_label(pooled):
    features, kernel, bias, found = pooled
    maps = features @ kernel  # (2, 3, 4, 5)
    np.testing.assert_allclose(found["maps"][..., 0], maps[..., 1], rtol=1e-4, atol=1e-5)
    largest = maps[..., [0, 3]].max(axis=-1)
    np.testing.assert_allclose(found["maps"][..., 1], largest, rtol=1e-4, atol=1e-5)
    logits = features.mean(axis=(1, 2)) @ kernel + bias
    best = np.array(GROUPS[2])[logits[:, GROUPS[2]].argmax(axis=1)]
    expected = np.stack([maps[i, ..., label] for i, label in enumerate(best)])
    np.testing.assert_allclose(found["maps"][..., 2], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("groups", "single"), [([[0], []], []), ([[5]], []), ([[0]], [1])])
def test_label_pooling_refuses_what_is_not_there(groups, single):
    with pytest.raises(InputError, match="must be lists of numbers from 0 to 4"):
        LabelPooling(groups, 5, single)


def make_head(num_channels=8):
    kernel = np.random.default_rng(0).normal(size=(num_channels, 5)).astype(np.float32)
    return ClassifierHead(kernel, np.zeros(5, np.float32), tuple("abcde"))


def test_build_mapped_classifier_is_saved_whole_and_carries_a_decoder(small_cam_encoder, tmp_path):
    options = {"single": [2], "image_size": 32, "alpha": 0.35}
    model = build_mapped_classifier("mobilenet_v2", make_head(), GROUPS, **options)
    assert not model.trainable_weights
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras", safe_mode=True)
    images = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    for name in ("scores", "maps"):
        np.testing.assert_allclose(again(images)[name], model(images)[name], rtol=1e-5, atol=1e-5)
    decoder = build_cam_decoder(again, channels=(4,) * 5)
    assert tuple(decoder(images)["map_logits"].shape) == (1, 32, 32, 2)


def test_maps_of_a_mapped_classifier_are_those_of_the_method_cam(small_cam_encoder):
    options = {"image_size": 32, "alpha": 0.35}
    model = build_mapped_classifier("mobilenet_v2", make_head(), GROUPS, **options)
    images = np.random.default_rng(1).random((1, 32, 32, 3)).astype(np.float32)
    cam = make_cam_function(model, method="cam")(images, [1])[0]
    raw = np.array(model(images)["maps"])[0, ..., 1]
    np.testing.assert_allclose(cam, (raw - raw.min()) / np.ptp(raw), atol=1e-4)


def test_build_mapped_classifier_refuses_a_head_of_another_encoder(small_cam_encoder):
    with pytest.raises(InputError, match="on 8 channels. It is on 7"):
        build_mapped_classifier("mobilenet_v2", make_head(7), GROUPS, image_size=32, alpha=0.35)
