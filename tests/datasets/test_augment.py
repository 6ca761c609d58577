from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from datasets.augment import augment_by_recipe, augment_sample
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


@pytest.mark.parametrize("flip", ["horizontal", "both"])
def test_augment_sample_mirrors_boxes_with_the_picture(flip):
    image = np.zeros((6, 9, 3), np.uint8)
    image[1:3, 2:6] = 200
    boxes = np.array([[2.0, 1.0, 6.0, 3.0]])
    sample = Sample(image, np.zeros((0, 2)), np.ones((6, 9), bool), boxes)
    for seed in range(12):
        mirrored = augment_sample(sample, seed, flip=flip)
        rows, columns = np.nonzero(mirrored.image[..., 0])
        expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(mirrored.boxes, [expected])


def make_boxed_sample(height=60, width=80):
    """A bright rectangle in a dark picture, its box, and a point in its middle."""
    image = np.full((height, width, 3), 20, np.uint8)
    image[15:45, 24:56] = 220
    boxes = np.array([[24.0, 15.0, 56.0, 45.0]])
    return Sample(image, np.array([[30.0, 40.0]]), np.ones((height, width), bool), boxes)


@pytest.mark.parametrize("recipe", ["published", "published_turns", "general"])
def test_augment_by_recipe_keeps_the_labels_on_the_object(recipe):
    sample = make_boxed_sample()
    for seed in range(40):
        seen = augment_by_recipe(sample, seed, recipe=recipe, size=(96, 96))
        bright = seen.image.max(axis=-1) > seen.image.max() / 2
        rows, columns = np.nonzero(bright)
        extent = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(seen.boxes[0], extent, atol=1.6)
        assert seen.image.shape == (96, 96, 3) and seen.where.shape == (96, 96)
        row, column = seen.points[0].astype(int)
        assert bright[row, column] and seen.where[row, column]


@pytest.mark.parametrize("recipe", ["published_turns", "general"])
def test_augment_by_recipe_is_decided_by_the_seed_alone(recipe):
    sample = make_boxed_sample()
    first = augment_by_recipe(sample, 5, recipe=recipe, size=(32, 32))
    np.random.seed(99)
    again = augment_by_recipe(sample, 5, recipe=recipe, size=(32, 32))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    other = augment_by_recipe(sample, 6, recipe=recipe, size=(32, 32))
    assert (first.image != other.image).any() and (first.boxes != other.boxes).any()


def test_augment_by_recipe_is_the_same_in_many_threads():
    sample = make_boxed_sample()

    def augment(seed):
        return augment_by_recipe(sample, seed, recipe="general").image

    alone = [augment(seed) for seed in range(60)]
    with ThreadPoolExecutor(8) as pool:
        for image, twin in zip(pool.map(augment, range(60)), alone, strict=True):
            np.testing.assert_array_equal(image, twin)


def test_augment_by_recipe_none_resizes_alone():
    sample = make_boxed_sample()
    assert augment_by_recipe(sample, 3, recipe="none") is sample
    halved = augment_by_recipe(sample, 3, recipe="none", size=(30, 160))
    assert halved.size == (30, 160) and halved.where.shape == (30, 160)
    np.testing.assert_allclose(halved.boxes, [[48, 7.5, 112, 22.5]])
    np.testing.assert_allclose(halved.points, [[15, 80]])


def test_augment_by_recipe_published_changes_colours_within_reach():
    grey = Sample(np.full((8, 8, 3), 100, np.uint8), np.zeros((0, 2)), np.ones((8, 8), bool))
    seen = [augment_by_recipe(grey, seed, recipe="published").image[0, 0] for seed in range(200)]
    # Grey has no colour to enhance: brightness .7 to 1.3 times .8 to 1.2 a channel, 56 to 156.
    assert 54 <= np.min(seen) < 66 and 140 < np.max(seen) <= 156
    assert np.ptp(seen, axis=1).max() > 20


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_augment_by_recipe_takes_thin_pictures_without_labels(size):
    sample = Sample(np.zeros((*size, 3), np.uint8), np.zeros((0, 2)), np.ones(size, bool))
    seen = augment_by_recipe(sample, 0, recipe="general", size=(32, 32))
    assert seen.size == (32, 32) and seen.boxes.shape == (0, 4)
