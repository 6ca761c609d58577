import numpy as np
import pytest

from ops.salient_components import label_components, oracle_saliency, salient_mask


def test_salient_mask_is_a_share_of_the_maximum():
    # Half of .6 is .3, which counts.
    assert salient_mask(np.array([[0.6, 0.3, 0.29]])).tolist() == [[True, True, False]]


def test_salient_mask_scale_does_not_matter():
    saliency = np.random.default_rng(0).random((7, 5))
    np.testing.assert_array_equal(salient_mask(saliency), salient_mask(255 * saliency))


def test_salient_mask_of_zeros_is_empty():
    assert not salient_mask(np.zeros((2, 3))).any()


def test_salient_mask_floor_leaves_an_empty_scene_empty():
    assert not salient_mask(np.array([[0.1, 0.05]]), floor=0.2).any()
    assert salient_mask(np.array([[0.9, 0.1]]), floor=0.2).tolist() == [[True, False]]


@pytest.mark.parametrize("saliency", [[[-1.0, 2.0]], [[np.nan, 1.0]], [[np.inf, 1.0]]])
def test_salient_mask_refuses_other_values(saliency):
    with pytest.raises(ValueError, match="finite and not negative"):
        salient_mask(np.array(saliency))


def test_salient_mask_refuses_another_shape():
    with pytest.raises(ValueError, match=r"`saliency` must be a map \(H, W\)"):
        salient_mask(np.zeros((2, 3, 1)))


def test_label_components_join_over_corners():
    mask = np.array([[1, 0], [0, 1]], bool)
    assert label_components(mask, min_area=2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("min_area, number", [(4, 1), (4.1, 0), (5, 0)])
def test_label_components_drop_small_areas(min_area, number):
    mask = np.zeros((5, 6), bool)
    mask[1:3, 2:4] = True
    assert label_components(mask, min_area=min_area).max() == number


@pytest.mark.parametrize("shape", [(1, 40), (40, 1)])
def test_label_components_drop_lines_of_one_pixel(shape):
    mask = np.zeros((50, 60), bool)
    mask[2 : 2 + shape[0], 3 : 3 + shape[1]] = True
    assert not label_components(mask, min_area=1).any()


def test_label_components_drop_a_single_pixel_picture():
    assert label_components(np.ones((1, 1), bool), min_area=0).tolist() == [[0]]


def test_label_components_are_numbered_by_their_first_pixel():
    draws = np.random.default_rng(1)
    for _ in range(20):
        labels = label_components(draws.random((23, 31)) < 0.3, min_area=3)
        numbers, firsts = np.unique(labels, return_index=True)
        firsts = firsts[numbers > 0]
        assert (np.diff(firsts) > 0).all() and len(firsts) == labels.max()


def test_oracle_saliency_leaves_void_out():
    truth = np.array([[0, 1, 20, 255]], np.uint8)
    assert oracle_saliency(truth).tolist() == [[0, 1, 1, 0]]
