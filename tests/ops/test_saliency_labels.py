import numpy as np
import pytest

from ops.saliency_labels import saliency_labels


def test_saliency_labels_find_a_disc():
    generator = np.random.default_rng(0)
    image = generator.integers(90, 110, (60, 80, 3)).astype(np.uint8)
    rows, columns = np.indices((60, 80))
    distance = np.hypot(rows - 30, columns - 45)
    image[distance <= 15] = (200, 60, 40)
    labels = saliency_labels(image, band=2)
    assert labels.dtype == np.uint8
    assert (labels[distance <= 11] == 1).all() and (labels[distance >= 19] == 0).all()
    assert (labels[np.abs(distance - 15) < 0.5] == 255).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (12, 20), (12, 20, 1)])
def test_saliency_labels_say_nothing_of_one_colour(shape):
    labels = saliency_labels(np.full(shape, 9, np.uint8))
    assert labels.shape == shape[:2] and (labels == 255).all()
