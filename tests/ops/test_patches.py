import numpy as np
import pytest
import tensorflow as tf

from ops.patches import cut_patches, patch_boxes


def coordinates(height, width):
    """A picture whose channels are each pixel's own row, column and number."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows * width + columns], -1).astype(np.float32)


def test_patch_boxes_even_sizes_are_quarters():
    expected = [[0, 0, 3, 2], [3, 0, 6, 2], [0, 2, 3, 4], [3, 2, 6, 4]]
    assert patch_boxes(4, 6, 2).tolist() == expected


def test_patch_boxes_odd_sizes_round_to_the_nearest_pixel():
    # 10 rows / 3 = 3.33, 6.67 -> edges 0, 3, 7, 10; 7 columns / 3 = 2.33, 4.67 -> 0, 2, 5, 7.
    boxes = patch_boxes(10, 7, 3)
    assert boxes[::3, 1].tolist() == [0, 3, 7] and boxes[::3, 3].tolist() == [3, 7, 10]
    assert boxes[:3, 0].tolist() == [0, 2, 5] and boxes[:3, 2].tolist() == [2, 5, 7]


@pytest.mark.parametrize("height, width, n", [(1, 1, 1), (5, 7, 5), (101, 77, 4), (13, 29, 13)])
def test_patch_boxes_cover_every_pixel_once(height, width, n):
    covered = np.zeros((height, width), int)
    for left, top, right, bottom in patch_boxes(height, width, n).astype(int):
        assert bottom > top and right > left
        covered[top:bottom, left:right] += 1
    assert (covered == 1).all()


def test_patch_boxes_sizes_differ_by_one_pixel_at_most():
    boxes = patch_boxes(853, 641, 7)
    assert np.ptp(boxes[:, 2] - boxes[:, 0]) <= 1 and np.ptp(boxes[:, 3] - boxes[:, 1]) <= 1


def test_patch_boxes_is_float_xyxy():
    boxes = patch_boxes(8, 6, 2)
    assert boxes.dtype == np.float32 and boxes.shape == (4, 4)


def test_cut_patches_of_their_own_size_are_the_slices():
    image = coordinates(4, 6)
    patches = cut_patches(image[None], 2, (2, 3)).numpy()
    np.testing.assert_array_equal(patches[0, 0], image[:2, :3])
    np.testing.assert_array_equal(patches[0, 1], image[:2, 3:])
    np.testing.assert_array_equal(patches[0, 2], image[2:, :3])
    np.testing.assert_array_equal(patches[0, 3], image[2:, 3:])


def test_cut_patches_follow_patch_boxes_and_the_one_resizer():
    image = np.random.default_rng(0).integers(0, 256, (11, 8, 3), np.uint8)
    patches = cut_patches(image[None], 3, (5, 4)).numpy()
    for patch, (left, top, right, bottom) in zip(
        patches[0], patch_boxes(11, 8, 3).astype(int), strict=True
    ):
        expected = tf.image.resize(image[top:bottom, left:right], (5, 4))
        np.testing.assert_allclose(patch, expected, atol=1e-4)


def test_cut_patches_two_by_two_average_of_each_quarter():
    # Halving by bilinear sampling at pixel centres averages each 2 x 2 block.
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    patches = cut_patches(image, 2, (1, 1)).numpy()
    # (0+1+4+5)/4, (2+3+6+7)/4, (8+9+12+13)/4, (10+11+14+15)/4
    assert patches.ravel().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_cut_patches_one_patch_is_the_whole_picture():
    image = coordinates(5, 3)[None]
    np.testing.assert_array_equal(cut_patches(image, 1, (5, 3))[:, 0], image)


def test_cut_patches_one_pixel():
    assert cut_patches(np.full((1, 1, 1, 3), 7, np.uint8), 1, (2, 2)).numpy().tolist() == [
        [[[[7.0] * 3] * 2] * 2]
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.uint16])
def test_cut_patches_keep_values_and_return_float32(dtype):
    patches = cut_patches(np.full((2, 5, 7, 3), 200, dtype), 2, (3, 4))
    assert patches.dtype == tf.float32
    np.testing.assert_allclose(patches, 200, atol=1e-4)


def test_cut_patches_empty_batch():
    assert cut_patches(np.zeros((0, 6, 4, 3), np.uint8), 2, (3, 3)).shape == (0, 4, 3, 3, 3)


def test_cut_patches_nan_stays_in_its_patch():
    image = np.zeros((1, 4, 4, 1), np.float32)
    image[0, 0, 3] = np.nan
    patches = cut_patches(image, 2, (2, 2)).numpy()
    assert np.isnan(patches).any(axis=(0, 2, 3, 4)).tolist() == [False, True, False, False]


def test_cut_patches_in_a_graph_of_unknown_size_equals_eager():
    spec = tf.TensorSpec((None, None, None, 3), tf.uint8)
    graph = tf.function(lambda images: cut_patches(images, 3, (6, 5)), input_signature=[spec])
    for height, width in [(31, 17), (64, 3), (3, 3)]:
        images = np.random.default_rng(height).integers(0, 256, (2, height, width, 3), np.uint8)
        np.testing.assert_allclose(graph(images), cut_patches(images, 3, (6, 5)), atol=1e-4)


def test_cut_patches_in_tf_data():
    data = tf.data.Dataset.from_tensors(coordinates(7, 5)).map(
        lambda image: cut_patches(image[tf.newaxis], 2, (3, 4))[0]
    )
    assert data.element_spec.shape == (4, 3, 4, 3)
    np.testing.assert_allclose(next(iter(data)), cut_patches(coordinates(7, 5)[None], 2, (3, 4))[0])


def test_cut_patches_gradient_reaches_every_pixel():
    images = tf.ones((1, 6, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(cut_patches(images, 2, (6, 4)))
    assert (tape.gradient(total, images).numpy() > 0).all()


def test_cut_patches_more_than_pixels_names_both_sizes():
    with pytest.raises(ValueError, match=r"Received 5 for a picture of 4 x 9 pixels"):
        cut_patches(np.zeros((1, 4, 9, 3)), 5, (2, 2))


def test_cut_patches_more_than_pixels_in_a_graph():
    spec = tf.TensorSpec((None, None, None, 3), tf.uint8)
    graph = tf.function(lambda images: cut_patches(images, 5, (2, 2)), input_signature=[spec])
    with pytest.raises(tf.errors.InvalidArgumentError, match="`num_patches` must be at most"):
        graph(np.zeros((1, 4, 9, 3), np.uint8))


def test_zero_patches_is_an_error():
    with pytest.raises(ValueError, match="`num_patches` must be at least 1. Received 0"):
        patch_boxes(4, 4, 0)
    with pytest.raises(ValueError, match="`num_patches` must be at least 1. Received -1"):
        cut_patches(np.zeros((1, 4, 4, 3)), -1, (2, 2))


def test_patch_boxes_of_an_empty_picture_is_an_error():
    with pytest.raises(ValueError, match="picture of 0 x 4 pixels"):
        patch_boxes(0, 4, 1)


def test_cut_patches_of_one_picture_asks_for_a_batch():
    with pytest.raises(ValueError, match=r"Received shape \(4, 4, 3\); add a batch axis"):
        cut_patches(np.zeros((4, 4, 3)), 2, (2, 2))


@pytest.mark.parametrize("size", [(0, 4), (4,), (2, 2, 3)])
def test_cut_patches_bad_size(size):
    with pytest.raises(ValueError, match="`size` must be"):
        cut_patches(np.zeros((1, 4, 4, 3)), 2, size)
