import numpy as np
import pytest
import tensorflow as tf

from losses.region_sizes import (
    absolute_size_loss,
    background_larger_loss,
    empty_outside_box_loss,
    region_sizes,
    temporal_size_loss,
)


def constant_maps(share, height=4, width=5, batch=1):
    """Return maps in which every pixel is the object's with probability `share`."""
    return np.tile(np.float32([1 - share, share]), (batch, height, width, 1))


def slopes_of(function, maps):
    maps = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        total = tf.reduce_sum(function(maps))
    return tape.gradient(total, maps).numpy()


def test_region_sizes_are_sums_in_pixels():
    np.testing.assert_allclose(region_sizes(constant_maps(0.25, batch=2)), [[15, 5]] * 2)


@pytest.mark.parametrize(("share", "expected"), [(0.5, -10.1301), (0.1, -9.6193), (0, -4.9116)])
def test_absolute_size_loss_of_the_specification(share, expected):
    loss = absolute_size_loss(constant_maps(share, 224, 224), sharpness=1.0)
    np.testing.assert_allclose(loss, [expected], atol=1e-4)


def test_absolute_size_loss_lets_the_smaller_region_grow_most():
    # d/da -log(a) / 2 = -1 / (2 a): of 15 and 5 pixels.
    slopes = slopes_of(lambda maps: absolute_size_loss(maps, sharpness=1.0), constant_maps(0.25))
    np.testing.assert_allclose(slopes[0, 0, 0], [-1 / 30, -1 / 10], rtol=1e-5)


def test_background_larger_loss_by_hand():
    # 20 pixels: 15 against 5 gives -log 10; 5 against 15 gives 10 + 1; even -log(.5) of 3 x .5.
    maps = np.concatenate([constant_maps(0.25), constant_maps(0.75), constant_maps(0.475)])
    loss = background_larger_loss(maps, sharpness=1.0)
    np.testing.assert_allclose(loss, [-np.log(10), 11, 0], atol=1e-5)


def test_background_larger_loss_counts_all_objects_together():
    maps = np.tile(np.float32([0.4, 0.3, 0.3]), (1, 2, 5, 1))
    np.testing.assert_allclose(background_larger_loss(maps, sharpness=1.0), [2 + 1], rtol=1e-6)


def test_empty_outside_box_loss_by_hand():
    # 12 of 20 pixels lie outside [1, 3) x [0, 4), each with .25: psi(3) = 4.
    boxes = np.array([[1, 0, 3, 4]])
    loss = empty_outside_box_loss(constant_maps(0.25), boxes, sharpness=1.0)
    np.testing.assert_allclose(loss, [4], rtol=1e-6)


def test_empty_outside_box_loss_has_a_gradient_outside_alone():
    boxes = np.array([[1, 0, 3, 4]])
    slopes = slopes_of(
        lambda maps: empty_outside_box_loss(maps, boxes, sharpness=2.0), constant_maps(0.25)
    )[0]
    assert slopes[0, :, 1].tolist() == [2, 0, 0, 2, 2] and not slopes[..., 0].any()


def test_empty_outside_box_loss_without_a_box_is_zero():
    boxes = np.array([[0, 0, 0, 0], [3, 1, 3, 4], [0, 0, 5, 4]])
    maps = constant_maps(0.25, batch=3)
    loss = empty_outside_box_loss(maps, boxes, sharpness=1.0)
    np.testing.assert_allclose(loss, [0, 0, 1])  # the last: psi(0), all is inside
    slopes = slopes_of(lambda maps: empty_outside_box_loss(maps, boxes, sharpness=1.0), maps)
    assert not slopes.any()


def test_temporal_size_loss_by_hand():
    # a = .25: z = .25 -> psi(-.001) twice; z = .75 -> psi(.499) and psi(-.501), t = 1: f + 1.
    maps = constant_maps(0.25, batch=2)
    loss = temporal_size_loss(maps, np.array([0.25, 0.75]), sharpness=1.0)
    np.testing.assert_allclose(loss, [0.999, (1.499 + 0.499) / 2], rtol=1e-5)


def test_temporal_size_loss_pulls_towards_the_target():
    # t = 10 joins at -.01: psi'(.499) = 10, psi'(-.501) = 1 / 5.01.
    slopes = slopes_of(
        lambda maps: temporal_size_loss(maps, np.array([0.75]), sharpness=10.0),
        constant_maps(0.25),
    )[0, 0, 0]
    assert slopes[1] < 0 < slopes[0]


def test_temporal_size_loss_of_unknown_shares_is_zero():
    maps, where = constant_maps(0.25, batch=2), np.array([False, True])

    def loss(maps):
        return temporal_size_loss(maps, np.array([np.nan, 0.25]), sharpness=1.0, where=where)

    np.testing.assert_allclose(loss(maps), [0, 0.999], rtol=1e-5)
    slopes = slopes_of(loss, maps)
    assert np.isfinite(slopes).all() and not slopes[0].any()


def test_sizes_show_a_nan():
    maps, boxes = constant_maps(0.25, batch=2), np.array([[0, 0, 2, 2]] * 2)
    maps[1, 3, 3] = np.nan
    for losses in (
        absolute_size_loss(maps, sharpness=1.0),
        background_larger_loss(maps, sharpness=1.0),
        empty_outside_box_loss(maps, boxes, sharpness=1.0),
        temporal_size_loss(maps, np.array([0.2, 0.2]), sharpness=1.0),
        empty_outside_box_loss(constant_maps(0.5, batch=2), boxes * [[1], [np.nan]], sharpness=1.0),
    ):
        assert np.isnan(losses).tolist() == [False, True]


def test_sizes_are_counted_in_float32_whatever_comes():
    # 70,000 pixels are more than float16 holds.
    maps = tf.cast(constant_maps(0.5, 350, 400), tf.float16)
    assert float(absolute_size_loss(maps, sharpness=1.0)[0]) == pytest.approx(-np.log(70_000))


def test_sizes_refuse_other_shapes():
    with pytest.raises(ValueError, match=r"`probabilities` must be \(B, H, W, K\)"):
        absolute_size_loss(np.zeros((4, 5, 2)), sharpness=1.0)
    with pytest.raises(ValueError, match="K at least 2"):
        background_larger_loss(np.zeros((1, 4, 5, 1)), sharpness=1.0)
    with pytest.raises(ValueError, match=r"`boxes` \(B, 4\)"):
        empty_outside_box_loss(np.zeros((1, 4, 5, 2)), np.zeros(4), sharpness=1.0)
