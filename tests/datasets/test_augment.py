import numpy as np
import pytest

from datasets.augment import augment_sample
from datasets.samples import Sample


def make_sample(height=6, width=9):
    """Bright pixels where the points are, and a region that ends at column 7."""
    image = np.zeros((height, width, 3), np.uint8)
    points = np.array([[0.0, 0.0], [2.9, 3.1], [height - 1.0, width - 2.5]])
    image[tuple(points.astype(int).T)] = 200
    where = np.ones((height, width), bool)
    where[:, 7:] = False
    return Sample(image, points, where)


@pytest.mark.parametrize("flip", ["horizontal", "both"])
def test_augment_sample_mirrors_all_labels_with_the_picture(flip):
    sample, seen = make_sample(), set()
    for seed in range(24):
        mirrored = augment_sample(sample, seed, flip=flip)
        rows, columns = mirrored.points.astype(int).T
        assert (mirrored.image[rows, columns] == 200).all()
        assert (mirrored.image > 0).sum() == 9
        upside_down = bool(mirrored.points[0, 0] > 3)
        mirrored_across = not mirrored.where[0, 0]
        assert mirrored_across == bool(mirrored.points[0, 1] > 4)
        seen.add((upside_down, mirrored_across))
    assert len(seen) == (4 if flip == "both" else 2)


def test_augment_sample_is_decided_by_the_seed_alone():
    sample = make_sample()
    first = augment_sample(sample, 5, flip="both", color=0.4)
    np.random.seed(99)
    again = augment_sample(sample, 5, flip="both", color=0.4)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.points, again.points)
    other = augment_sample(sample, 6, flip="both", color=0.4)
    assert (first.image != other.image).any()


def test_augment_sample_changes_colours_within_reach():
    image = np.full((4, 4, 3), 100, np.uint8)
    sample = Sample(image, np.zeros((0, 2)), np.ones((4, 4), bool))
    values = [int(augment_sample(sample, seed, color=0.2).image[0, 0, 0]) for seed in range(60)]
    # Brightness gives 80 to 120, contrast moves that away from 128 by a fifth: 70.4 to 126.4.
    assert 69 <= min(values) < 90 and 110 < max(values) <= 128


def test_augment_sample_without_steps_is_the_sample():
    sample = make_sample()
    assert augment_sample(sample, 3) is sample


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_augment_sample_takes_thin_pictures_without_points(size):
    sample = Sample(np.zeros((*size, 3), np.uint8), np.zeros((0, 2)), np.ones(size, bool))
    augmented = augment_sample(sample, 0, flip="both", color=0.5)
    assert augmented.size == size and augmented.points.shape == (0, 2)
