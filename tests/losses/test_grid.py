import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.grid import GridLoss, grid_loss
from ops.box_targets import encode_grid


def random_grids(number, *size, seed=0):
    return np.random.default_rng(seed).random((number, *size, 5)).astype(np.float32)


def random_targets(number, grid_size):
    corners = np.random.default_rng(5).random((number, 2, 2))
    boxes = np.sort(corners, axis=1).reshape(-1, 4)
    return np.stack([encode_grid(box, grid_size) for box in boxes])


def gradient(grid, true_grid, **options):
    grid = tf.constant(grid, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(grid)
        total = tf.reduce_sum(grid_loss(grid, true_grid, **options))
    return tape.gradient(total, grid).numpy()


def twin(grid, true_grid):
    """Sum cell by cell, in plain loops."""
    total = 0.0
    best = []
    for cells in (grid, true_grid):
        row, column = np.unravel_index(np.argmax(cells[..., 4]), cells.shape[:2])
        h, w, y, x, _ = cells[row, column].astype(float)
        best.append((row + y, column + x, cells.shape[0] * h, cells.shape[1] * w))
    for place in np.ndindex(*grid.shape[:2]):
        p, y = float(grid[place][4]), float(true_grid[place][4])
        total -= y * math.log(p) + (1 - y) * math.log(1 - p)
    return total + sum((a - b) ** 2 for a, b in zip(*best, strict=True))


def test_grid_loss_by_hand():
    # 2 x 2 cells, objectness .5 but .6 in (1, 0): BCE of the true cell (0, 1) log 2, of (1, 0)
    # -log .4, of the others log 2 each. Predicted box (1 + .5, 0 + .5, 2 * .5, 2 * .5), true
    # (0 + .25, 1 + .5, 2 * .5, 2 * .25): 1.25^2 + 1 + 0 + .5^2 = 2.8125.
    grid = np.full((1, 2, 2, 5), 0.5)
    grid[0, 1, 0, 4] = 0.6
    true = np.zeros((1, 2, 2, 5))
    true[0, 0, 1] = 0.5, 0.25, 0.25, 0.5, 1
    expected = 3 * math.log(2) - math.log(0.4) + 2.8125
    np.testing.assert_allclose(grid_loss(grid, true), [expected], rtol=1e-6)


@pytest.mark.parametrize("grid_size", [1, 3, 7])
def test_grid_loss_equals_its_twin(grid_size):
    grids, true = random_grids(6, grid_size, grid_size), random_targets(6, grid_size)
    expected = [twin(a, b) for a, b in zip(grids, true, strict=True)]
    np.testing.assert_allclose(grid_loss(grids, true), expected, rtol=1e-4)


def test_grid_loss_on_a_grid_that_is_not_square():
    grids, true = random_grids(4, 3, 5), np.zeros((4, 3, 5, 5), np.float32)
    true[:, 2, 1] = 0.4, 0.6, 0.3, 0.9, 1
    expected = [twin(a, b) for a, b in zip(grids, true, strict=True)]
    np.testing.assert_allclose(grid_loss(grids, true), expected, rtol=1e-4)


def test_grid_loss_objectness_is_keras_cross_entropy():
    # The same box on both sides: only objectness is left, a mean over the last axis of 1 in Keras.
    true = random_targets(4, 7)
    grid = true.copy()
    grid[..., 4] = np.clip(grid[..., 4], 0.2, 0.7)
    entropy = keras.losses.binary_crossentropy(true[..., 4:], grid[..., 4:])
    expected = np.sum(entropy, axis=(1, 2))
    np.testing.assert_allclose(grid_loss(grid, true), expected, rtol=1e-5)


def test_grid_loss_from_logits_is_the_same_of_the_sigmoid():
    logits, true = 6 * random_grids(5, 7, 7) - 3, random_targets(5, 7)
    probs = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(
        grid_loss(logits, true, from_logits=True), grid_loss(probs, true), rtol=1e-4
    )


def test_grid_loss_of_a_perfect_grid_is_next_to_nothing():
    # 49 cells, each clipped at 1e-7.
    true = random_targets(3, 7)
    np.testing.assert_allclose(grid_loss(true, true), 49e-7, atol=2e-6)


def test_grid_loss_without_an_object_counts_objectness_alone():
    # 4 cells at .5: 4 log 2, whatever the box.
    grid = np.full((1, 2, 2, 5), 0.5)
    np.testing.assert_allclose(grid_loss(grid, np.zeros((1, 2, 2, 5))), [4 * math.log(2)])


def test_grid_loss_gradient_reaches_the_surest_box_only():
    grid, true = random_grids(1, 3, 3), random_targets(1, 3)
    slopes = gradient(grid, true)[0].reshape(9, 5)
    best = grid.reshape(9, 5)[:, 4].argmax()
    assert slopes[best, :4].all() and not np.delete(slopes, best, 0)[:, :4].any()
    assert slopes[:, 4].all()


def test_grid_loss_gradient_has_the_right_sign():
    # One cell, box too large and too far up: sizes fall, offset y grows, objectness grows.
    grid, true = [[[[0.9, 0.9, 0.2, 0.5, 0.5]]]], [[[[0.4, 0.4, 0.6, 0.5, 1.0]]]]
    slopes = gradient(grid, true).ravel()
    # 2 (.9 - .4) = 1 twice, 2 (.2 - .6) = -.8, 0, -1 / .5.
    np.testing.assert_allclose(slopes, [1, 1, -0.8, 0, -2], atol=1e-5)


@pytest.mark.parametrize("objectness", [0.0, 1e-30, 1e-7, 1.0 - 1e-7, 1.0])
def test_grid_loss_is_finite_at_the_ends(objectness):
    grid, true = np.full((1, 2, 2, 5), objectness, np.float32), random_targets(1, 2)
    assert np.isfinite(grid_loss(grid, true)).all() and np.isfinite(gradient(grid, true)).all()


@pytest.mark.parametrize("logit", [-1e4, -90.0, 0.0, 90.0, 1e4])
def test_grid_loss_from_logits_is_finite_far_out(logit):
    logits, true = np.full((1, 2, 2, 5), logit, np.float32), random_targets(1, 2)
    assert np.isfinite(grid_loss(logits, true, from_logits=True)).all()
    slopes = gradient(logits, true, from_logits=True)
    assert np.isfinite(slopes).all()
    # Unlike on clipped probabilities, a cell that is wrong keeps its pull.
    assert (np.abs(slopes[..., 4]).max() > 0.9) == (abs(logit) > 1)


def test_grid_loss_nan_stays_in_its_picture():
    grids = random_grids(2, 3, 3)
    grids[1, 0, 0] = np.nan
    assert np.isnan(grid_loss(grids, random_targets(2, 3))).tolist() == [False, True]


def test_grid_loss_of_no_picture_and_of_one():
    assert grid_loss(np.zeros((0, 7, 7, 5)), np.zeros((0, 7, 7, 5))).shape == (0,)
    assert grid_loss(random_grids(1, 7, 7), random_targets(1, 7)).shape == (1,)


def test_grid_loss_class_sums_the_batch():
    grids, true = random_grids(5, 7, 7), random_targets(5, 7)
    values = grid_loss(grids, true).numpy()
    np.testing.assert_allclose(GridLoss()(true, grids), values.sum(), rtol=1e-5)
    averaged = GridLoss(reduction="sum_over_batch_size")
    np.testing.assert_allclose(averaged(true, grids), values.mean(), rtol=1e-5)


def test_grid_loss_class_comes_back_from_its_config():
    loss = GridLoss(from_logits=True, reduction="sum_over_batch_size")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is GridLoss and copy.get_config() == loss.get_config()
    assert copy.from_logits and copy.reduction == "sum_over_batch_size"


def test_grid_loss_class_trains_a_model():
    model = keras.Sequential(
        [keras.Input((2, 2, 3)), keras.layers.Conv2D(5, 1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.05), GridLoss())
    pictures, true = np.random.default_rng(0).random((4, 2, 2, 3)), random_targets(4, 2)
    history = model.fit(pictures, true, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize(
    "shape, true_shape, match",
    [
        ((1, 7, 7, 5), (1, 6, 7, 5), "of one size"),
        ((1, 7, 7, 4), (1, 7, 7, 4), r"must be \(B, h, w, 5\).* Received \(1, 7, 7, 4\)"),
        ((7, 7, 5), (7, 7, 5), r"must be \(B, h, w, 5\)"),
    ],
)
def test_grid_loss_bad_shapes(shape, true_shape, match):
    with pytest.raises(ValueError, match=match):
        grid_loss(np.zeros(shape), np.zeros(true_shape))
