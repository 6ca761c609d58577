import numpy as np
import pytest
import tensorflow as tf

from ops.resampling import aligned_weights, bilinear_weights, resample


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 40), (12, 80), (90, 5)])
def test_resample_equals_tensorflow(size, antialias):
    images = np.random.default_rng(0).integers(0, 256, (2, 33, 40, 3), np.uint8)
    weights = [
        bilinear_weights(n, m, antialias=antialias) for n, m in zip((33, 40), size, strict=True)
    ]
    expected = tf.image.resize(images, size, antialias=antialias)
    np.testing.assert_allclose(resample(images, *weights), expected, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 41), (65, 5)])
def test_aligned_weights_equal_tensorflow(size):
    images = np.random.default_rng(0).random((1, 9, 5, 2), np.float32)
    weights = [aligned_weights(n, m) for n, m in zip((9, 5), size, strict=True)]
    expected = tf.raw_ops.ResizeBilinear(images=images, size=size, align_corners=True)
    np.testing.assert_allclose(resample(images, *weights), expected, atol=1e-5)


def test_bilinear_weights_sum_to_one():
    for antialias in (False, True):
        weights = bilinear_weights(37, 11, antialias=antialias)
        assert weights.shape == (11, 37)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_bilinear_weights_of_an_average():
    # 6 to 2 with a triangle of half-width 3: 1, 2, 3 thirds on both sides of 1, of pixels 0 to 5.
    middle = np.array([2 / 3, 1, 2 / 3, 1 / 3, 0, 0])
    weights = bilinear_weights(6, 2, antialias=True)
    np.testing.assert_allclose(weights, [middle / middle.sum(), middle[::-1] / middle.sum()])


def test_resample_takes_one_pixel_and_free_batches():
    function = tf.function(
        lambda images: resample(images, np.ones((3, 1), "f"), np.eye(1, dtype="f")),
        input_signature=[tf.TensorSpec((None, 1, 1, 2), tf.uint8)],
    )
    assert function(tf.fill((4, 1, 1, 2), tf.constant(9, tf.uint8))).numpy().tolist() == (
        np.full((4, 3, 1, 2), 9).tolist()
    )


def test_resample_refuses_other_sizes():
    weights = bilinear_weights(4, 2)
    with pytest.raises(ValueError, match=r"weights of \(4, 5\) pixels .* Received 4 and 4"):
        resample(tf.zeros((1, 4, 5, 3)), weights, weights)
    for weights in (bilinear_weights, aligned_weights):
        with pytest.raises(ValueError, match="at least 1 pixel. Received 4, 0"):
            weights(4, 0)
