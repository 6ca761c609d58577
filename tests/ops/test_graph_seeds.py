import numpy as np
import pytest
import tensorflow as tf

from ops.graph_seeds import (
    box_of_region,
    place_seeds_in_graph,
    region_of_interest_in_graph,
    sample_seeds_in_graph,
)
from ops.seed_sampling import SeedSettings, place_seeds
from ops.seeds import IGNORE, region_of_interest


def draw_cam(seed, size=(17, 23)):
    """Draw a map with large areas of 0 and 1, as a clipped heat map has."""
    cam = np.random.default_rng(seed).normal(0.3, 0.4, size)
    return np.clip(cam, 0, 1).astype(np.float32)


@pytest.mark.parametrize("method", ["all", "largest", "high_density"])
@pytest.mark.parametrize("threshold", [None, 120])
def test_region_of_interest_in_graph_is_numpys(method, threshold):
    for seed in range(5):
        cam = draw_cam(seed)
        expected = region_of_interest(cam, method=method, threshold=threshold)
        found = region_of_interest_in_graph(cam, method=method, threshold=threshold)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_region_of_interest_in_graph_of_a_constant_map_is_empty(value):
    assert not region_of_interest_in_graph(tf.fill((3, 4), value)).numpy().any()


@pytest.mark.parametrize(
    "settings",
    [
        SeedSettings(),
        SeedSettings(7, 9, 0.5, 0.3, seed_size=1),
        SeedSettings(20, 20, 1.0, 0.5, sampling="uniform", erosion_size=3, erosion_steps=1),
        SeedSettings(0, 0),
    ],
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_place_seeds_in_graph_is_numpys(settings, everywhere):
    for seed in range(5):
        cam = draw_cam(seed)
        roi = None if everywhere else region_of_interest(cam)
        draws = np.random.default_rng(seed).random((3, *cam.shape))
        expected = place_seeds(cam, roi, draws, settings=settings)
        found = place_seeds_in_graph(tf.constant(cam), roi, draws, settings=settings)
        np.testing.assert_array_equal(found, expected)


def test_place_seeds_in_graph_lets_a_tensor_say_uniform():
    cam = draw_cam(0)
    draws = np.random.default_rng(1).random((3, *cam.shape))
    for uniform, sampling in ((True, "uniform"), (False, "weighted")):
        found = place_seeds_in_graph(
            cam, None, draws, settings=SeedSettings(9), uniform=tf.constant(uniform)
        )
        expected = place_seeds(cam, None, draws, settings=SeedSettings(9, sampling=sampling))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("cam", [np.zeros((3, 4)), np.ones((1, 1)), np.full((2, 2), 0.3)])
def test_sample_seeds_in_graph_of_a_constant_map_are_none(cam):
    labels = sample_seeds_in_graph(cam, None, settings=SeedSettings(), seed=[0, 1])
    assert (labels.numpy() == IGNORE).all()


def test_sample_seeds_in_graph_run_in_a_pipeline_by_their_seed():
    cams = np.stack([draw_cam(seed) for seed in range(3)])

    def load(number):
        cam = tf.gather(tf.constant(cams), number)
        roi = region_of_interest_in_graph(cam)
        return sample_seeds_in_graph(cam, roi, settings=SeedSettings(), seed=[5, number])

    numbers = tf.data.Dataset.range(3, output_type=tf.int32)
    first, again = (list(numbers.map(load).as_numpy_iterator()) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first[0].shape == cams.shape[1:] and numbers.map(load).element_spec.shape == (17, 23)
    assert {tuple(np.unique(labels)) for labels in first} == {(0, 1, IGNORE)}


def test_graph_seeds_refuse_maps_out_of_range():
    cam = tf.constant([[0.5, np.nan]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`cam` must be in \[0, 1\]"):
        tf.function(region_of_interest_in_graph)(cam)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`cam` must be in \[0, 1\]"):
        sample_seeds_in_graph(2 * tf.eye(2), None, settings=SeedSettings(), seed=[0, 0])
    with pytest.raises(ValueError, match="`method` must be one of"):
        region_of_interest_in_graph(cam, method="roi")


def test_box_of_region_by_hand():
    roi = np.zeros((6, 8), bool)
    roi[2, 3] = roi[4, 6] = True
    assert box_of_region(roi).numpy().tolist() == [3, 2, 7, 5]
    assert box_of_region(np.zeros((6, 8), bool)).numpy().tolist() == [0, 0, 0, 0]
