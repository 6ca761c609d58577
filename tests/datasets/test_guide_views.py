import numpy as np
import pytest

from config.errors import InputError
from datasets.guide_views import GuideView, draw_guide_view, show_guide
from datasets.square_views import SquareView


def paint(size):
    """A picture whose red tells the label: 10 times."""
    labels = np.arange(size[0] * size[1]).reshape(size) // 7 % 20
    return np.repeat(labels[..., None] * 10, 3, axis=2).astype(np.uint8), labels


@pytest.mark.parametrize("augment", ["none", "published", "general"])
def test_a_view_depends_on_its_seed_alone(augment):
    views = [draw_guide_view(np.random.default_rng(seed), augment) for seed in (3, 3, 4)]
    assert views[0] == views[1] and (views[0] == views[2]) == (augment == "none")


def test_draw_guide_view_stays_in_the_picture_and_in_bounds():
    for seed in range(200):
        view = draw_guide_view(np.random.default_rng(seed), "general")
        for start, stop in zip(view.part.start, view.part.stop, strict=True):
            assert 0 <= start < stop <= 1 and stop - start >= 0.6 * 0.85
        assert 0.75 <= view.scale <= 1.5 and 0.8 <= view.brightness <= 1.2


def test_draw_guide_view_refuses_another_recipe():
    with pytest.raises(InputError, match="`augment` must be one of none, published, general"):
        draw_guide_view(np.random.default_rng(0), "strong")


@pytest.mark.parametrize("mirrored", [False, True])
def test_show_guide_keeps_picture_and_labels_together(mirrored):
    image, labels = paint((40, 30))
    view = GuideView(SquareView(mirrored=mirrored), corner=(0.3, 0.9))
    shown, told = show_guide(image, labels, view, 25, resize="none")
    assert shown.shape == (25, 25, 3)
    np.testing.assert_array_equal(shown[..., 0], told * 10)
    # Rows .3 * (40 - 25) = 4.5, rounded to even: 4; columns .9 * (30 - 25) = 4.5: 4.
    expected = labels[4:29, 4:29]
    np.testing.assert_array_equal(told, expected[:, ::-1] if mirrored else expected)


def test_show_guide_mirrors_beyond_the_border_of_a_small_picture():
    image, labels = paint((3, 40))
    shown, told = show_guide(image, labels, GuideView(), 9, resize="none")
    # (9 - 3) / 2 = 3 rows above; reflect-101 of rows 0 1 2: 1 2 1 | 0 1 2 | 1 0 1.
    rows = [1, 2, 1, 0, 1, 2, 1, 0, 1]
    corner = round(0.5 * (40 - 9))
    np.testing.assert_array_equal(told, labels[rows, corner : corner + 9])
    np.testing.assert_array_equal(shown[..., 1], told * 10)


def test_show_guide_fits_and_takes_the_nearest_label():
    labels = np.repeat([[1, 1, 2, 2]], 2, axis=0)
    image = np.zeros((4, 8, 3), np.uint8)  # twice the labels' size
    _, told = show_guide(image, labels, GuideView(), 4, resize="tight")
    assert told.tolist() == [[1, 1, 2, 2]] * 4


def test_light_changes_the_picture_alone():
    image, labels = paint((9, 9))
    view = GuideView(brightness=1.2, contrast=0.8)
    shown, told = show_guide(image, labels, view, 9, resize="none")
    np.testing.assert_array_equal(told, labels)
    levels = image * np.float32(1.2)
    expected = (levels - levels.mean()) * 0.8 + levels.mean()
    np.testing.assert_allclose(shown, np.clip(expected, 0, 255), atol=0.51)
