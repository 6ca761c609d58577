import numpy as np
import pytest

from datasets.scene_shapes import capsules, cloth_colours, ellipses


def test_ellipses_have_the_asked_radii_around_the_asked_centre():
    polygon = ellipses(np.array([[5.0, 7.0]]), 2.0, 3.0)[0]
    assert polygon.min(axis=0) == pytest.approx([3, 4])
    assert polygon.max(axis=0) == pytest.approx([7, 10])


def test_capsules_keep_their_radius_away_from_the_axis():
    # A limb along x from 0 to 4: its sides lie at y = +-1 at the first end, +-0.5 at the other.
    polygon = capsules(np.zeros((1, 2)), np.array([[4.0, 0.0]]), 1.0, np.array([0.5]))[0]
    assert np.abs(polygon[:6, 1]).max() == pytest.approx(1)
    assert np.abs(polygon[6:, 1]).max() == pytest.approx(0.5)
    assert polygon[:6, 0].max() == pytest.approx(0, abs=1e-6)


def test_shapes_take_no_object():
    assert ellipses(np.zeros((0, 2)), 1, 1).shape == (0, 12, 2)
    assert capsules(np.zeros((0, 2)), np.zeros((0, 2)), 1, 1).shape == (0, 12, 2)
    assert cloth_colours(np.random.default_rng(0), 0).shape == (0, 3)


def test_cloth_colours_lie_in_range_and_vary():
    colours = cloth_colours(np.random.default_rng(0), 200)
    assert colours.min() >= 0 and colours.max() <= 255
    assert (colours.std(axis=0) > 40).all()
