import numpy as np
import pytest

from ops.nested_crops import least_size, nested_windows

SHARES = {"first_area": (0.5, 1.0), "area_ratio": (0.3, 0.8)}


def draw(size=(768, 1024), length=4, smallest=(96, 128), seed=0, **shares):
    rng = np.random.default_rng(seed)
    return nested_windows(size, length, smallest=smallest, rng=rng, **{**SHARES, **shares})


def test_nested_windows_lie_inside_each_other():
    for seed in range(200):
        windows = draw(seed=seed)
        ends = windows[:, :2] + windows[:, 2:]
        assert (windows[0, :2] >= 0).all() and (ends[0] <= (768, 1024)).all()
        assert (np.diff(windows[:, :2], axis=0) >= 0).all()
        assert (np.diff(ends, axis=0) <= 0).all()
        assert (np.diff(windows[:, 2], axis=0) < 0).all()


def test_nested_windows_keep_the_pictures_shape_and_the_bounds():
    windows = np.stack([draw(seed=seed) for seed in range(200)])
    heights, widths = windows[..., 2], windows[..., 3]
    assert (heights >= 96).all() and (widths >= 128).all()
    assert np.abs(widths / heights - 1024 / 768).max() < 0.02  # half a pixel of 96
    areas = heights * widths / (768 * 1024)
    assert areas[:, 0].min() > 0.495 and areas[:, 0].max() > 0.9
    ratios = areas[:, 1:] / areas[:, :-1]
    assert ratios.min() > 0.28 and ratios.max() < 0.82


def test_nested_windows_lie_at_all_places():
    middles = np.stack([draw(seed=seed)[-1] for seed in range(300)])
    middles = (middles[:, :2] + middles[:, 2:] / 2) / (768, 1024)
    assert (middles.min(axis=0) < 0.3).all() and (middles.max(axis=0) > 0.7).all()
    np.testing.assert_allclose(middles.mean(axis=0), 0.5, atol=0.05)


def test_nested_windows_of_the_least_size_take_the_largest_shares():
    # sqrt(.64 x .64) = .64: sides of 100 and 200 leave a second window of 64 and 128.
    shares = {"first_area": (0.1, 0.64), "area_ratio": (0.1, 0.64)}
    assert least_size(2, smallest=(64, 128), **shares) == (100, 200)
    windows = draw((100, 200), 2, (64, 128), **shares)
    assert windows[:, 2:].tolist() == [[80, 160], [64, 128]]


def test_nested_windows_of_one_pixel():
    assert draw((1, 1), 1, (1, 1)).tolist() == [[0, 0, 1, 1]]


def test_nested_windows_are_the_same_for_the_same_generator():
    np.testing.assert_array_equal(draw(seed=3), draw(seed=3))
    assert (draw(seed=3) != draw(seed=4)).any()


@pytest.mark.parametrize("size", [(99, 200), (100, 199), (0, 0)])
def test_nested_windows_refuses_a_picture_that_is_too_small(size):
    shares = {"first_area": (0.1, 0.64), "area_ratio": (0.1, 0.64)}
    with pytest.raises(ValueError, match="`size` must be at least 100 x 200 pixels for 2 windows"):
        draw(size, 2, (64, 128), **shares)


@pytest.mark.parametrize("name", ["first_area", "area_ratio"])
@pytest.mark.parametrize("shares", [(0, 0.5), (0.6, 0.5), (0.5, 1.1), (float("nan"), 0.5)])
def test_nested_windows_refuses_shares_out_of_range(name, shares):
    with pytest.raises(ValueError, match=f"`{name}` must be two shares above 0"):
        draw(**{name: shares})
