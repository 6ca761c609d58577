import numpy as np
import pytest
import tensorflow as tf

from ops.mask_cams import make_masks, perturb_masks, score_cam


def test_make_masks_enlarges_then_stretches():
    # 1 x 2 cells on 4 pixels: 0, .25, .75, 1 of the way; a row more changes nothing.
    masks = make_masks(np.array([[[2.0, 6.0]], [[6.0, 2.0]]]), (3, 4)).numpy()
    assert masks.shape == (2, 3, 4, 1) and masks.dtype == np.float32
    np.testing.assert_allclose(masks[0, :, :, 0], [[0, 0.25, 0.75, 1]] * 3)
    np.testing.assert_allclose(masks[1], masks[0][:, ::-1])


def test_make_masks_of_a_constant_map_is_zero():
    np.testing.assert_array_equal(
        make_masks(np.full((1, 2, 2), 7.0), (4, 4)), np.zeros((1, 4, 4, 1))
    )


@pytest.mark.parametrize("count", [0, 1])
def test_make_masks_takes_one_cell_and_none(count):
    assert make_masks(np.ones((count, 1, 1)), (2, 5)).shape == (count, 2, 5, 1)


def test_make_masks_refuses_other_axes():
    with pytest.raises(ValueError, match=r"`maps` must be \(N, h, w\). Received shape \(2, 2\)"):
        make_masks(np.ones((2, 2)), (4, 4))


def test_perturb_masks_follows_the_method():
    masks, options = (
        tf.fill((2, 1, 1, 1), 0.5),
        {"num_samples": 5, "noise": tf.fill((1, 1, 1, 1), 3.0)},
    )
    found = {
        method: float(perturb_masks(masks, 1, method=method, **options)[1, 0, 0, 0])
        for method in ("score_cam", "ss_cam", "is_cam")
    }
    # .5; .5 + 3; .5 x 2 / 5
    assert found == pytest.approx({"score_cam": 0.5, "ss_cam": 3.5, "is_cam": 0.2})


def test_perturb_masks_refuses_another_method():
    with pytest.raises(ValueError, match="must be score_cam, ss_cam or is_cam. Received 'cam'"):
        perturb_masks(np.ones((1, 1, 1, 1)), 0, method="cam", num_samples=1, noise=0)


def test_score_cam_equals_its_twin():
    rng = np.random.default_rng(0)
    features, scores = rng.random((2, 3, 4, 5)), rng.normal(size=(2, 5))
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    twin = np.einsum("bhwc,bc->bhw", features, weights)
    np.testing.assert_allclose(score_cam(features, scores), twin, rtol=1e-5)


def test_score_cam_does_not_need_the_score_of_an_empty_picture():
    rng = np.random.default_rng(0)
    features, scores = rng.random((2, 3, 4, 5)), rng.normal(size=(2, 5))
    shifted = scores - np.array([[3.0], [-1.0]])
    np.testing.assert_allclose(score_cam(features, shifted), score_cam(features, scores), rtol=1e-5)
