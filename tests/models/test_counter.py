import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.counter import (
    CountWeights,
    FeatureGrid,
    build_counter,
    build_feature_extractor,
    build_patch_counter,
)
from models.encoders import build_encoder
from ops.patches import cut_patches


def tiny_encoder(height=4, width=6):
    """Three features: each channel's mean after clipping, so that counts can be derived."""
    image = keras.Input((height, width, 3), name="image")
    features = keras.layers.ReLU(max_value=1.0, name="clip")(image)
    return keras.Model(image, {"stride_32": features}, name="tiny")


def random_pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.fixture(scope="module")
def counter():
    encoder = build_encoder("mobilenet_v2", (32, 64, 3), alpha=0.35)
    weights = np.random.default_rng(1).random(1280)
    return build_counter(encoder, 2, weights=weights)


def test_build_counter_sums_the_patches():
    counter = build_counter(tiny_encoder(), 2, weights=np.array([10.0, 0.0, 1.0]))
    image = np.zeros((1, 8, 12, 3), np.uint8)
    image[0, :4, :6, 0] = 255  # Patch 0 has red 1: 10 objects.
    image[0, 4:, 6:, 2] = 51  # Patch 3 has blue 51 / 255 = 0.2: 0.2 objects.
    outputs = counter(image)
    np.testing.assert_allclose(outputs["patch_counts"], [[10, 0, 0, 0.2]], rtol=1e-6)
    np.testing.assert_allclose(outputs["count"], [10.2], rtol=1e-6)


def test_build_counter_takes_any_size(counter):
    for shape in [(1, 71, 53, 3), (3, 32, 64, 3), (2, 2, 2, 3)]:
        outputs = counter(random_pictures(*shape))
        assert outputs["count"].shape == shape[:1]
        assert outputs["patch_counts"].shape == (shape[0], 4)
        assert outputs["count"].dtype == outputs["patch_counts"].dtype == tf.float32
        assert np.min(outputs["patch_counts"]) >= 0


def test_build_counter_equals_its_patch_counter(counter):
    images = random_pictures(2, 71, 53, 3)
    patches = cut_patches(images, 2, (32, 64)) / 255
    expected = counter.get_layer("patch_counter")(patches)
    for name, value in counter(images).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5)


def test_build_counter_equals_feature_extractor_and_weights(counter):
    patch_counter = counter.get_layer("patch_counter")
    features = build_feature_extractor(patch_counter.get_layer("mobilenet_v2"))
    image = random_pictures(1, 40, 60, 3)
    patches = cut_patches(image, 2, (32, 64))[0] / 255
    weights = patch_counter.get_layer("patch_count").kernel.numpy()
    expected = features(patches).numpy() @ weights
    np.testing.assert_allclose(counter(image)["count"], [expected.sum()], rtol=1e-5)


def test_build_counter_predict_equals_call(counter):
    images = random_pictures(3, 50, 50, 3)
    predicted = counter.predict(images, batch_size=2, verbose=0)
    np.testing.assert_allclose(predicted["count"], counter(images)["count"], rtol=1e-5)


def test_build_counter_reloads_in_safe_mode(counter, tmp_path):
    counter.save(tmp_path / "counter.keras")
    loaded = keras.models.load_model(tmp_path / "counter.keras", safe_mode=True)
    images = random_pictures(2, 71, 53, 3)
    for name, value in counter(images).items():
        np.testing.assert_array_equal(loaded(images)[name], value)


def test_build_counter_gray_levels_beyond_a_patch_do_not_matter():
    counter = build_counter(tiny_encoder(), 3, weights=np.ones(3))
    images = np.zeros((2, 9, 9, 3), np.uint8)
    images[1, 3:6, 3:6] = 255
    counts = counter(images)["patch_counts"].numpy()
    assert np.flatnonzero(counts[1]).tolist() == [4] and not counts[0].any()


def test_build_counter_picture_smaller_than_the_grid():
    counter = build_counter(tiny_encoder(), 4)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="`num_patches` must be"):
        counter(np.zeros((1, 3, 9, 3), np.uint8))


def test_build_patch_counter_takes_any_number_of_patches():
    model = build_patch_counter(tiny_encoder(), weights=np.array([1.0, 1.0, 1.0]))
    for num_patches in (1, 4, 9):
        patches = np.full((2, num_patches, 4, 6, 3), 0.5, np.float32)
        # Every patch counts 3 * 0.5 = 1.5.
        np.testing.assert_allclose(model(patches)["count"], [1.5 * num_patches] * 2, rtol=1e-6)


def test_build_patch_counter_without_weights_counts_nothing():
    model = build_patch_counter(tiny_encoder())
    assert model(np.ones((1, 2, 4, 6, 3), np.float32))["count"].numpy().tolist() == [0.0]


def test_build_patch_counter_nan_stays_in_its_patch():
    patches = np.zeros((1, 2, 4, 6, 3), np.float32)
    patches[0, 1, 0, 0, 0] = np.nan
    outputs = build_patch_counter(tiny_encoder(), weights=np.ones(3))(patches)
    assert np.isnan(outputs["patch_counts"]).tolist() == [[False, True]]
    assert np.isnan(outputs["count"]).all()


def test_build_feature_extractor_averages_over_the_picture():
    image = np.zeros((1, 4, 6, 3), np.float32)
    image[0, :2, :, 1] = 1.0  # Half of the rows.
    features = build_feature_extractor(tiny_encoder())(image)
    np.testing.assert_allclose(features, [[0.0, 0.5, 0.0]])


def test_build_feature_extractor_shares_the_encoder():
    encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
    extractor = build_feature_extractor(encoder)
    assert extractor.get_layer("Conv1") is encoder.get_layer("Conv1")
    assert extractor.name == "feature_extractor"


@pytest.mark.parametrize(
    "weights, match",
    [
        (np.ones(4), r"`weights` must be \(3,\).* Received shape \(4,\)"),
        (np.ones((3, 1)), r"Received shape \(3, 1\)"),
        (np.array([1.0, -1.0, 0.0]), "finite and not negative.* from -1.0 to 1.0"),
        (np.array([1.0, np.nan, 0.0]), "finite and not negative"),
    ],
)
def test_build_patch_counter_bad_weights(weights, match):
    with pytest.raises(InputError, match=match):
        build_patch_counter(tiny_encoder(), weights=weights)


def test_build_counter_zero_patches():
    with pytest.raises(InputError, match="`N` must be at least 1. Received 0"):
        build_counter(tiny_encoder(), 0)


def test_build_counter_sums_cells_each_at_least_zero():
    weights = CountWeights(np.array([10.0, -4.0, 0.0]), 1.0)
    counter = build_counter(tiny_encoder(), 1, weights=weights, features=FeatureGrid(2))
    image = np.zeros((1, 4, 6, 3), np.uint8)
    image[0, :2, :3, 0] = 255  # Cell 0: red, 10 + 1 objects.
    image[0, :2, 3:, 1] = 255  # Cell 1: green, -4 + 1 and so none; cells 2 and 3: 1 each.
    outputs = counter(image)
    np.testing.assert_allclose(outputs["patch_counts"], [[13.0]], rtol=1e-6)
    assert counter(image[:, :, ::-1])["count"].numpy() == pytest.approx([13.0])


def test_feature_extractor_of_cells_joins_strides_at_the_same_places():
    encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
    extractor = build_feature_extractor(encoder, FeatureGrid(2, (8, 16)))
    image = random_pictures(1, 64, 96, 3) / np.float32(255)
    found = extractor(image).numpy()
    maps = encoder(image)
    fine, coarse = maps["stride_8"].numpy(), maps["stride_16"].numpy()
    assert found.shape == (1, 4, fine.shape[-1] + coarse.shape[-1])
    last = [fine[0, 4:, 6:].mean((0, 1)), coarse[0, 2:, 3:].mean((0, 1))]
    np.testing.assert_allclose(found[0, 3], np.concatenate(last), rtol=1e-4, atol=1e-5)


def test_build_counter_of_cells_equals_its_feature_extractor_and_reloads(tmp_path):
    encoder = build_encoder("mobilenet_v2", (32, 64, 3), alpha=0.35, deepest_stride=8)
    read = FeatureGrid(3, (4, 8))
    extractor = build_feature_extractor(encoder, read)
    kernel = np.random.default_rng(1).normal(size=extractor.output.shape[-1])
    weights = CountWeights(kernel, -0.25)
    counter = build_counter(encoder, 2, weights=weights, features=read)
    image = random_pictures(1, 40, 60, 3)
    cells = extractor(cut_patches(image, 2, (32, 64))[0] / 255).numpy() @ kernel - 0.25
    expected = np.maximum(cells, 0).sum(axis=1)
    np.testing.assert_allclose(counter(image)["patch_counts"][0], expected, rtol=1e-4)
    counter.save(tmp_path / "counter.keras")
    loaded = keras.models.load_model(tmp_path / "counter.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(image)["count"], counter(image)["count"])


@pytest.mark.parametrize(
    ("features", "match"),
    [
        (FeatureGrid(1, (8, 32)), "that the encoder gives: 4, 8. Received 32"),
        (FeatureGrid(1, (8, 8)), r"`strides` must be different. Received \[8, 8\]"),
        (FeatureGrid(0), "`grid` must be at least 1. Received 0"),
    ],
)
def test_build_feature_extractor_bad_features(features, match):
    encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35, deepest_stride=8)
    with pytest.raises(InputError, match=match):
        build_feature_extractor(encoder, features)


def test_build_patch_counter_refuses_a_bias_that_is_not_finite():
    with pytest.raises(InputError, match="must be finite. Received .* bias nan"):
        build_patch_counter(tiny_encoder(), weights=CountWeights(np.ones(3), np.nan))
