import keras
import numpy as np
import pytest
import tensorflow as tf

from config.cam_names import CAM_METHOD_NAMES, POOLING_NAMES
from config.errors import InputError
from models.cam import compute_cams, make_cam_function
from models.cam_classifier import build_cam_classifier
from models.cam_decoder import build_cam_decoder
from models.repeated_cams import CamSettings

IMAGES = np.random.default_rng(0).random((3, 8, 10, 3), np.float32)
CLASSES = [1, 0, 2]
QUICK = CamSettings(num_samples=2, chunk_size=3)
SHAPE = (3, 4, 5)


def draw_weights(model, seed=0):
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=weight.shape) / 3 for weight in model.get_weights()]
    model.set_weights(values)
    return model


def build_features(image):
    conv = keras.layers.Conv2D(6, 3, 2, padding="same", activation="relu", name="features")
    return conv(image)


@pytest.fixture(scope="module")
def deep():
    """A classifier whose gradients differ from place to place: features, two dense layers."""
    image = keras.Input((8, 10, 3))
    x = keras.layers.Flatten(name="flat")(build_features(image))
    x = keras.layers.Dense(16, activation="relu", name="hidden")(x)
    return draw_weights(keras.Model(image, keras.layers.Dense(3, name="logits")(x)))


@pytest.fixture(scope="module")
def linear():
    """A classifier that is linear in averaged features, with a softmax."""
    image = keras.Input((8, 10, 3))
    x = keras.layers.GlobalAveragePooling2D()(build_features(image))
    x = keras.layers.Dropout(0.5)(x)
    return draw_weights(keras.Model(image, keras.layers.Dense(3, activation="softmax")(x)))


def run_twin(model, images=IMAGES, classes=CLASSES):
    """Return features, scores and the gradients of `deep`, by NumPy from its weights."""
    features = keras.Model(model.input, model.get_layer("features").output)(images).numpy()
    w1, b1, w2, b2 = model.get_weights()[2:]
    hidden = features.reshape(len(images), -1) @ w1 + b1
    scores = np.maximum(hidden, 0) @ w2 + b2
    gradients = ((hidden > 0) * w2[:, classes].T) @ w1.T
    return features, scores, gradients.reshape(features.shape)


def stretch(maps):
    least = maps.min(axis=(1, 2), keepdims=True)
    span = maps.max(axis=(1, 2), keepdims=True) - least
    return np.where(span > 0, (maps - least) / np.where(span > 0, span, 1), 0)


def weigh(features, weights):
    return stretch(np.maximum(np.einsum("bhwc,bc->bhw", features, weights), 0))


def weigh_plus_plus(features, first, second, third):
    divisor = 2 * second + third * features.sum(axis=(1, 2), keepdims=True)
    alphas = np.where(second > 0, second / np.where(divisor == 0, np.inf, divisor), 0)
    return weigh(features, (alphas * np.maximum(first, 0)).sum(axis=(1, 2)))


def test_compute_cams_grad_cam_equals_its_twin(deep):
    features, _, gradients = run_twin(deep)
    maps = compute_cams(deep, IMAGES, CLASSES, method="grad_cam")
    np.testing.assert_allclose(maps, weigh(features, gradients.mean(axis=(1, 2))), atol=1e-5)
    assert maps.shape == SHAPE and maps.dtype == np.float32


def test_compute_cams_grad_cam_plus_plus_equals_its_twin(deep):
    features, _, g = run_twin(deep)
    maps = compute_cams(deep, IMAGES, CLASSES, method="grad_cam_plus_plus")
    np.testing.assert_allclose(maps, weigh_plus_plus(features, g, g**2, g**3), atol=1e-4)


def test_compute_cams_xgrad_cam_equals_its_twin(deep):
    features, _, gradients = run_twin(deep)
    total = features.sum(axis=(1, 2))
    weights = (features * gradients).sum(axis=(1, 2)) / np.where(total == 0, np.inf, total)
    maps = compute_cams(deep, IMAGES, CLASSES, method="xgrad_cam")
    np.testing.assert_allclose(maps, weigh(features, weights), atol=1e-5)


def test_compute_cams_layer_cam_equals_its_twin(deep):
    features, _, gradients = run_twin(deep)
    twin = stretch((np.maximum(gradients, 0) * features).sum(axis=-1))
    np.testing.assert_allclose(compute_cams(deep, IMAGES, CLASSES), twin, atol=1e-5)


def test_compute_cams_smooth_grad_cam_plus_plus_equals_its_twin(deep):
    features, _, _ = run_twin(deep)
    span = np.ptp(IMAGES, axis=(1, 2, 3), keepdims=True)
    sums = [0, 0, 0]
    for number in range(3):
        noise = tf.random.stateless_normal((1, 8, 10, 3), seed=[5, number]).numpy()
        _, _, g = run_twin(deep, IMAGES + 0.2 * span * noise)
        sums = [total + g**power / 3 for power, total in enumerate(sums, start=1)]
    settings = CamSettings(num_samples=3, noise=0.2, seed=5)
    method = "smooth_grad_cam_plus_plus"
    maps = compute_cams(deep, IMAGES, CLASSES, method=method, settings=settings)
    np.testing.assert_allclose(maps, weigh_plus_plus(features, *sums), atol=1e-4)


def mask_twin(features):
    """Return (B, C, H, W, 1) masks: cells made twice as fine, bilinear, half-pixel centres."""

    def enlarge(maps, axis):
        cells = maps.shape[axis]
        places = np.clip((np.arange(2 * cells) + 0.5) / 2 - 0.5, 0, cells - 1)
        low = np.floor(places).astype(int)
        high, share = np.minimum(low + 1, cells - 1), places - low
        share = share.reshape([-1 if i == axis else 1 for i in range(maps.ndim)])
        return maps.take(low, axis) * (1 - share) + maps.take(high, axis) * share

    large = enlarge(enlarge(np.moveaxis(features, -1, 1), 2), 3)
    flat = large.reshape(-1, *large.shape[2:])
    return stretch(flat).reshape(large.shape)[..., np.newaxis]


@pytest.mark.parametrize("method", ["score_cam", "ss_cam", "is_cam"])
def test_compute_cams_of_masks_equal_their_twin(deep, method):
    features, _, _ = run_twin(deep)
    masks, num_samples = mask_twin(features), 1 if method == "score_cam" else 2
    scores = np.zeros((3, 6))
    for number in range(num_samples):
        noise = tf.random.stateless_normal((1, 8, 10, 3), seed=[0, number]).numpy()[..., :1]
        if method == "ss_cam":
            masked = masks + 0.5 * noise
        else:
            masked = masks * (number + 1) / num_samples
        for b, k in np.ndindex(3, 6):
            _, found, _ = run_twin(deep, IMAGES[b : b + 1] * masked[b, k], [0])
            scores[b, k] += found[0, CLASSES[b]] / num_samples
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    settings = CamSettings(num_samples=2, noise=0.5, chunk_size=5)
    maps = compute_cams(deep, IMAGES, CLASSES, method=method, settings=settings)
    np.testing.assert_allclose(maps, weigh(features, weights), atol=1e-4)


def test_compute_cams_of_masks_scores_the_channels_that_vary_most(deep):
    features, _, _ = run_twin(deep)
    kept = features.std(axis=(1, 2)) >= np.sort(features.std(axis=(1, 2)))[:, -2:-1]
    masks = mask_twin(features)
    scores = np.full((3, 6), -np.inf)
    for b, k in zip(*np.nonzero(kept), strict=True):
        _, found, _ = run_twin(deep, IMAGES[b : b + 1] * masks[b, k], [0])
        scores[b, k] = found[0, CLASSES[b]]
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    settings = CamSettings(num_channels=2, chunk_size=4)
    maps = compute_cams(deep, IMAGES, CLASSES, method="score_cam", settings=settings)
    np.testing.assert_allclose(maps, weigh(features, weights), atol=1e-4)


def test_compute_cams_cam_is_the_linear_layer_on_the_features(linear):
    features = keras.Model(linear.input, linear.get_layer("features").output)(IMAGES).numpy()
    kernel = linear.get_weights()[2]
    twin = stretch(np.einsum("bhwc,cb->bhw", features, kernel[:, CLASSES]))  # no ReLU
    np.testing.assert_allclose(compute_cams(linear, IMAGES, CLASSES, method="cam"), twin, atol=1e-5)


@pytest.mark.parametrize("method", ["grad_cam", "xgrad_cam"])
def test_compute_cams_of_a_linear_classifier_are_the_positive_part_of_its_cam(linear, method):
    features = keras.Model(linear.input, linear.get_layer("features").output)(IMAGES).numpy()
    twin = weigh(features, linear.get_weights()[2][:, CLASSES].T)
    maps = compute_cams(linear, IMAGES, CLASSES, method=method)
    np.testing.assert_allclose(maps, twin, atol=1e-5)


def test_compute_cams_differentiates_the_score_before_the_softmax(linear):
    # The other classes' weights do not matter, which they would after it.
    before = compute_cams(linear, IMAGES, CLASSES, method="layer_cam")
    twin = keras.models.clone_model(linear)
    weights = linear.get_weights()
    weights[3] = weights[3] + [50, 0, -50]  # biases
    twin.set_weights(weights)
    np.testing.assert_allclose(compute_cams(twin, IMAGES, CLASSES), before, atol=1e-6)
    assert linear.layers[-1].activation is keras.activations.softmax
    assert "call" not in vars(linear.layers[-3])


@pytest.mark.parametrize("method", CAM_METHOD_NAMES)
def test_compute_cams_of_a_picture_do_not_depend_on_others(linear, method):
    draw = make_cam_function(linear, method=method, settings=QUICK)
    both = draw(IMAGES, CLASSES)
    assert both.shape == SHAPE and both.min() == 0 and both.max() == 1
    for i in range(3):
        alone = draw(IMAGES[i : i + 1], CLASSES[i : i + 1])
        np.testing.assert_allclose(alone[0], both[i], atol=1e-4)
    np.testing.assert_allclose(draw(IMAGES[::-1], CLASSES[::-1])[::-1], both, atol=1e-4)


@pytest.mark.parametrize("method", CAM_METHOD_NAMES)
def test_compute_cams_of_nothing_are_none(linear, method):
    maps = compute_cams(linear, IMAGES[:0], [], method=method, settings=QUICK)
    assert maps.shape == (0, *SHAPE[1:])


@pytest.mark.parametrize("method", CAM_METHOD_NAMES)
def test_compute_cams_that_are_constant_are_zero(method):
    image = keras.Input((8, 10, 3))
    x = keras.layers.Conv2D(4, 1, activation="relu", name="features")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = draw_weights(keras.Model(image, keras.layers.Dense(3)(x)))
    grey = np.full((2, 8, 10, 3), 0.3, np.float32)
    maps = compute_cams(model, grey, [0, 1], method=method, settings=QUICK)
    np.testing.assert_array_equal(maps, np.zeros((2, 8, 10)))


def test_make_cam_function_sees_weights_that_change(linear):
    model = keras.models.clone_model(linear)
    draw = make_cam_function(draw_weights(model, 1), method="grad_cam")
    first = draw(IMAGES, CLASSES)
    model.set_weights(linear.get_weights())
    np.testing.assert_allclose(
        draw(IMAGES, CLASSES),
        make_cam_function(linear, method="grad_cam")(IMAGES, CLASSES),
        atol=1e-6,
    )
    assert np.abs(draw(IMAGES, CLASSES) - first).max() > 0.1


@pytest.mark.parametrize("pooling", POOLING_NAMES)
def test_compute_cams_reads_the_maps_of_the_head(pooling):
    options = {"num_classes": 3, "image_size": 32, "alpha": 0.35, "pooling": pooling}
    model = build_cam_classifier("mobilenet_v2", **options)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    maps = model(images)["maps"].numpy()
    twin = stretch(np.stack([maps[0, ..., 2], maps[1, ..., 0]]))
    np.testing.assert_allclose(compute_cams(model, images, [2, 0], method="cam"), twin, atol=1e-5)
    assert compute_cams(model, images, [2, 0], method="layer_cam").shape == (2, 4, 4)


def test_compute_cams_looks_into_a_decoder():
    classifier = build_cam_classifier("mobilenet_v2", num_classes=3, image_size=32, alpha=0.35)
    decoder = build_cam_decoder(classifier, channels=(2, 2, 2, 2, 2))
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    for method in ("cam", "grad_cam"):
        expected = compute_cams(classifier, images, [2, 0], method=method)
        found = compute_cams(decoder, images, [2, 0], method=method)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_compute_cams_reads_maps_that_the_model_returns():
    image = keras.Input((None, None, 3))
    cams = keras.layers.Conv2D(2, 1, name="maps")(image)
    scores = keras.layers.GlobalAveragePooling2D()(cams)
    model = draw_weights(keras.Model(image, {"scores": scores, "cams": cams}))
    twin = stretch(model(IMAGES)["cams"].numpy()[..., 1])
    np.testing.assert_allclose(
        compute_cams(model, IMAGES, [1, 1, 1], method="cam"), twin, atol=1e-5
    )


def test_compute_cams_takes_bytes_at_any_size(linear):
    picture = keras.Input((None, None, 3), dtype="uint8")
    resized = keras.layers.Resizing(8, 10, dtype="float32")(picture)
    x = keras.layers.Rescaling(1 / 255, dtype="float32")(resized)
    model = keras.Model(picture, {"class_logits": linear(x)})
    pictures = np.random.default_rng(0).integers(0, 256, (2, 31, 17, 3), np.uint8)
    for method in CAM_METHOD_NAMES[3:]:
        assert compute_cams(model, pictures, [0, 2], method=method, settings=QUICK).shape == (
            2,
            4,
            5,
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "gradcam"}, "Received 'gradcam'; the nearest is 'grad_cam'"),
        ({"layer": "featurs"}, "Received 'featurs', of which there are 0; near are features"),
        ({"layer": "hidden"}, r"must make feature maps .* `hidden` gave shape \(.*, 16\)"),
        ({"method": "cam", "layer": "features"}, "must be left out with method cam"),
        ({"method": "cam"}, "linear in averaged features: .* take grad_cam"),
        ({"classes": [1, 0]}, "`classes` must be 3 whole numbers from 0 to 2"),
        ({"classes": [1, 0, 3]}, "`classes` must be 3 whole numbers"),
        ({"classes": [1, 0, -1]}, "`classes` must be 3 whole numbers"),
        ({"classes": [1.0, 0.0, 2.0]}, "`classes` must be 3 whole numbers"),
    ],
)
def test_compute_cams_says_what_is_wrong(deep, options, message):
    options = {"classes": CLASSES, **options}
    with pytest.raises(InputError, match=message):
        compute_cams(deep, IMAGES, options.pop("classes"), **options)
