import numpy as np
import pytest

from ops.superpixels import cut_superpixels


def halves(height=40, width=60):
    """Black left half, white right half."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    return image


def test_cut_superpixels_follow_the_edge():
    patches = cut_superpixels(halves(), 20)
    left, right = (np.unique(half) for half in np.split(patches.labels, 2, axis=1))
    assert not set(left) & set(right)
    # Lab of black is (0, 0, 0), of white (100, 0, 0).
    np.testing.assert_allclose(patches.colours[left], 0, atol=0.1)
    np.testing.assert_allclose(patches.colours[right, 0], 100, atol=0.1)


def test_cut_superpixels_describe_their_labels():
    image = np.random.default_rng(0).integers(0, 255, (37, 53, 3)).astype(np.uint8)
    patches = cut_superpixels(image, 30)
    number = patches.labels.max() + 1
    assert np.unique(patches.labels).tolist() == list(range(number))
    for i in range(number):
        rows, columns = np.nonzero(patches.labels == i)
        np.testing.assert_allclose(patches.centres[i], [rows.mean() / 37, columns.mean() / 53])
        ends = (rows == 0) | (rows == 36) | (columns == 0) | (columns == 52)
        assert patches.on_border[i] == ends.any()


def test_cut_superpixels_touching_is_a_common_edge():
    labels = cut_superpixels(halves(37, 53), 12).labels
    touching = cut_superpixels(halves(37, 53), 12).touching
    expected = np.zeros_like(touching)
    for y, x in np.ndindex(36, 52):
        for other in (labels[y + 1, x], labels[y, x + 1]):
            expected[labels[y, x], other] = expected[other, labels[y, x]] = True
    for y in range(36):
        expected[labels[y, 52], labels[y + 1, 52]] = expected[labels[y + 1, 52], labels[y, 52]] = 1
    for x in range(52):
        expected[labels[36, x], labels[36, x + 1]] = expected[labels[36, x + 1], labels[36, x]] = 1
    np.fill_diagonal(expected, False)
    np.testing.assert_array_equal(touching, expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 15), (3, 5)])
def test_cut_superpixels_of_a_tiny_picture_are_one(size):
    image = np.arange(np.prod(size), dtype=np.uint8).reshape(*size, 1).repeat(3, axis=2)
    patches = cut_superpixels(image, 200)
    assert not patches.labels.any() and patches.on_border.tolist() == [True]


def test_cut_superpixels_of_one_colour_are_one():
    assert cut_superpixels(np.full((50, 50, 3), 77, np.uint8), 200).labels.max() == 0
