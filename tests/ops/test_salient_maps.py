import numpy as np
import pytest

from ops.salient_maps import weigh_by_saliency


def test_weigh_by_saliency_multiplies_and_stretches():
    maps = np.array([[[0.2, 0.4], [0.6, 1.0]]])
    saliency = np.array([[[1.0, 1.0], [0.5, 0.1]]])
    # Products .2, .4, .3, .1: less .1 and by .3.
    expected = [[[1 / 3, 1.0], [2 / 3, 0.0]]]
    np.testing.assert_allclose(weigh_by_saliency(maps, saliency), expected, rtol=1e-5)


def test_weigh_by_saliency_shrinks_saliency_by_areas():
    saliency = np.zeros((1, 4, 6))
    saliency[0, :2, :3] = [[1.0, 0, 1], [0, 1, 1]]  # mean 4 / 6 in the first quarter
    saliency[0, 2:, 3:] = 1 / 3
    found = weigh_by_saliency(np.ones((1, 2, 2)), saliency)
    np.testing.assert_allclose(found, [[[1, 0], [0, 0.5]]], atol=1e-6)


def test_weigh_by_saliency_takes_frames_apart():
    maps = np.array([[[0.0, 1.0]], [[1.0, 0.5]]])
    found = weigh_by_saliency(maps, np.ones((2, 1, 2)))
    np.testing.assert_allclose(found, [[[0, 1]], [[1, 0]]])


@pytest.mark.parametrize("maps", [np.zeros((1, 1, 2)), np.full((1, 1, 1), 0.4)])
def test_weigh_by_saliency_leaves_nothing_of_a_constant(maps):
    assert not weigh_by_saliency(maps, np.ones((1, 3, 3))).any()


def test_weigh_by_saliency_shows_nan():
    found = weigh_by_saliency(np.array([[[np.nan, 1.0]]]), np.ones((1, 1, 2)))
    assert np.isnan(found).any()


def test_weigh_by_saliency_takes_no_frame():
    assert weigh_by_saliency(np.zeros((0, 2, 3)), np.zeros((0, 8, 8))).shape == (0, 2, 3)


def test_weigh_by_saliency_refuses_other_frames():
    with pytest.raises(ValueError, match="same frames"):
        weigh_by_saliency(np.zeros((2, 2, 3)), np.zeros((1, 8, 8)))
