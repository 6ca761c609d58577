import numpy as np
import pytest

from ops.sharpening import sharpen_probabilities


def halves(columns=24, edge=12, seen=10):
    """Draw a picture with an edge, and probabilities whose outline lies elsewhere."""
    image = np.zeros((12, columns, 3), np.uint8)
    image[:, edge:] = 255
    likely = np.broadcast_to(np.where(np.arange(columns) < seen, 0.2, 0.8), (12, columns))
    return image, np.stack([1 - likely, likely], axis=-1)


def test_sharpen_probabilities_moves_the_outline_to_the_edge():
    labels = sharpen_probabilities(*halves())
    assert labels.dtype == np.int32
    assert labels.tolist() == [[0] * 12 + [1] * 12] * 12


def test_sharpen_probabilities_gives_only_the_labels_allowed():
    image, probabilities = halves()
    third = np.concatenate([probabilities * [1, 0.9], 0.1 * probabilities[..., 1:]], axis=-1)
    labels = sharpen_probabilities(image, third, labels=(0, 2))
    assert set(np.unique(labels)) <= {0, 2}


@pytest.mark.parametrize("shape", [(1, 1), (1, 7)])
def test_sharpen_probabilities_of_few_pixels(shape):
    probabilities = np.broadcast_to([0.3, 0.7], (*shape, 2))
    labels = sharpen_probabilities(np.zeros((*shape, 3), np.uint8), probabilities)
    assert labels.tolist() == np.ones(shape).tolist()


def test_sharpen_probabilities_refuses_nan():
    with pytest.raises(ValueError, match="unary"):
        sharpen_probabilities(np.zeros((1, 1, 3), np.uint8), np.full((1, 1, 2), np.nan))
