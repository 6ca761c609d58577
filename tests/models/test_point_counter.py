import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from config.errors import InputError
from models.point_counter import (
    ClassProbabilities,
    CountBlobs,
    RestoreSize,
    ScaleImages,
    build_point_counter,
)
from ops.blobs import blob_points, label_blobs


def build_pixelwise(num_channels=1):
    """A network whose logits are weighted sums of the pixel's own colours."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(num_channels, 1)
    network = keras.Model(image, layer(image))
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 8, (1, 1, 3, num_channels))
    layer.set_weights([weights, -weights.sum(axis=(0, 1, 2)) / 2])
    return network


def run(model, pictures):
    return {name: value.numpy() for name, value in model(pictures).items()}


def random_pictures(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def count_twin(probs, threshold, min_area):
    """Count and locate one class of one picture with `ops.blobs`, in the same order."""
    labels = label_blobs(probs, threshold=threshold, min_area=min_area)
    _, first = np.unique(labels[labels > 0], return_index=True)
    return blob_points(labels)[np.argsort(first)]


@pytest.mark.parametrize("shape", [(2, 40, 53, 3), (1, 1, 60, 3), (1, 33, 1, 3), (1, 1, 1, 3)])
def test_build_point_counter_one_class_equals_numpy(shape):
    network, pictures = build_pixelwise(), random_pictures(*shape)
    found = run(build_point_counter(network, threshold=0.6, min_area=2), pictures)
    kernel, bias = network.get_weights()
    logits = pictures / 255 @ kernel[0, 0] + bias
    np.testing.assert_allclose(found["probabilities"], expit(logits), atol=1e-5)
    for i, probs in enumerate(found["probabilities"]):
        points = count_twin(probs[..., 0], 0.6, 2)
        assert found["count"][i] == found["num_points"][i] == len(points)
        np.testing.assert_array_equal(found["points"][i, : len(points)], points)
        assert (found["points"][i, len(points) :] == -1).all()
        assert found["point_classes"][i].sum() == len(points)


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_build_point_counter_classes_need_to_be_the_likeliest(threshold):
    network, pictures = build_pixelwise(4), random_pictures(2, 32, 41, 3)
    found = run(build_point_counter(network, threshold=threshold), pictures)
    kernel, bias = network.get_weights()
    probs = softmax(pictures / 255 @ kernel[0, 0] + bias, axis=-1)
    np.testing.assert_allclose(found["probabilities"], probs[..., 1:], atol=1e-5)
    for i in range(2):
        expected = [
            count_twin(np.where(probs[i].argmax(-1) == c, probs[i, ..., c], 0), threshold, 1)
            for c in (1, 2, 3)
        ]
        counts = [len(points) for points in expected]
        assert found["class_counts"][i].tolist() == counts
        assert found["count"][i] == sum(counts) > 10
        classes = np.repeat([1, 2, 3], counts)
        assert found["point_classes"][i, : len(classes)].tolist() == classes.tolist()
        np.testing.assert_array_equal(found["points"][i, : len(classes)], np.concatenate(expected))


def test_count_blobs_counts_more_than_it_lists():
    probs = np.zeros((2, 1, 9, 1), np.float32)
    probs[0, 0, ::2] = 1  # 5 blobs
    found = CountBlobs(max_points=3)(probs)
    assert found["count"].numpy().tolist() == [5, 0]
    assert found["num_points"].numpy().tolist() == [3, 0]
    assert found["points"].numpy().tolist() == [[[0, 0], [0, 2], [0, 4]], [[-1, -1]] * 3]
    assert found["point_classes"].numpy().tolist() == [[1, 1, 1], [0, 0, 0]]


def test_count_blobs_leaves_out_nan():
    probs = np.array([[[[0.9], [np.nan], [0.9]]]], np.float32)
    assert CountBlobs()(probs)["count"].numpy().tolist() == [2]
    both = np.array([[[[0.4, 0.3], [np.nan, np.nan], [0.2, 0.7]]]], np.float32)
    assert CountBlobs(0.25)(both)["class_counts"].numpy().tolist() == [[1, 1]]


def test_build_point_counter_nan_logits_are_no_blob():
    network = build_pixelwise(3)
    network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    found = build_point_counter(network)(random_pictures(1, 8, 9, 3))
    assert found["count"].numpy().tolist() == [0] and np.isnan(found["probabilities"]).all()


def test_scale_images_halves_by_averaging():
    # Antialiased halving weighs pixels by a triangle of 4 pixels, cut at the border and scaled to
    # sum 1: the first of two gets (3 a + 3 b + c) / 7 of a, b, c, d.
    picture = np.array([70, 0, 0, 210], np.uint8).reshape(1, 1, 4, 1).repeat(64, axis=1)
    row = ScaleImages(0.5)(picture)[0, 0, :, 0].numpy()
    np.testing.assert_allclose(row[:2] * 255, [30, 90], rtol=1e-6)


def test_scale_images_repeats_the_border_of_small_ones():
    picture = np.array([[51, 102], [153, 204]], np.uint8).reshape(1, 2, 2, 1)
    grown = ScaleImages()(picture).numpy()[0, ..., 0]
    assert grown.shape == (32, 32)
    np.testing.assert_allclose(grown[[0, 0, 31, 31], [0, 31, 0, 31]], [0.2, 0.4, 0.6, 0.8])


def test_restore_size_cuts_and_resizes():
    images = np.zeros((1, 1, 4, 3), np.uint8)
    logits = np.zeros((1, 32, 32, 1), np.float32)
    logits[0, :, 1] = 4.0  # Doubling [0, 4] at pixel centres: 0, 1, 3, 4.
    restored = RestoreSize(0.5)([logits, images])
    assert restored.numpy().ravel().tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_build_point_counter_scales_inside(scale):
    image = keras.Input((None, None, 3))
    total = keras.layers.Conv2D(1, 1, kernel_initializer="ones")(image)
    model = build_point_counter(keras.Model(image, total), scale=scale)
    grey = np.full((1, 71, 50, 3), 51, np.uint8)  # Logit 3 x 0.2 everywhere.
    np.testing.assert_allclose(
        model(grey)["probabilities"], np.full((1, 71, 50, 1), expit(0.6)), 1e-6
    )


def test_class_probabilities_of_one_and_of_two_classes():
    assert ClassProbabilities()(np.zeros((1, 1, 1, 1))).numpy().tolist() == [[[[0.5]]]]
    logits = np.log([[[[2.0, 1.0, 5.0]]]])
    np.testing.assert_allclose(ClassProbabilities()(logits)[0, 0, 0], [1 / 8, 5 / 8], rtol=1e-6)


def test_build_point_counter_reloads_in_safe_mode(tmp_path):
    model = build_point_counter(build_pixelwise(3), scale=0.5, threshold=0.4, min_area=3)
    model.save(tmp_path / "points.keras")
    loaded = keras.models.load_model(tmp_path / "points.keras", compile=False, safe_mode=True)
    assert loaded.get_layer("count_blobs").threshold == 0.4
    pictures = random_pictures(1, 41, 30, 3)
    for name, value in model.predict(pictures, verbose=0).items():
        np.testing.assert_allclose(loaded.predict(pictures, verbose=0)[name], value, atol=1e-6)


def test_build_point_counter_takes_any_size_in_one_trace():
    model = build_point_counter(build_pixelwise(3), max_points=7)
    shapes = {name: tuple(item.shape) for name, item in model.output.items()}
    assert shapes == {
        "probabilities": (None, None, None, 2),
        "count": (None,),
        "class_counts": (None, 2),
        "points": (None, 7, 2),
        "point_classes": (None, 7),
        "num_points": (None,),
    }
    dtypes = {name: item.dtype for name, item in model.output.items() if item.dtype != "float32"}
    assert dtypes == {"point_classes": "int32", "num_points": "int32"}


@pytest.mark.parametrize(
    "options, match",
    [
        ({"scale": 0}, "`scale` must be a positive number. Received 0"),
        ({"scale": float("nan")}, "`scale` must be a positive number"),
        ({"threshold": 1.0}, "`threshold` must be at least 0 and below 1. Received 1.0"),
        ({"min_area": 0}, "`min_area` must be at least 1 pixel"),
        ({"max_points": 0}, "`max_points` must be at least 1"),
    ],
)
def test_build_point_counter_refuses(options, match):
    with pytest.raises(InputError, match=match):
        build_point_counter(build_pixelwise(), **options)
