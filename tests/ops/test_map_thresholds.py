import numpy as np
import pytest
from skimage.filters import threshold_li

from ops.map_thresholds import choose_threshold_without_labels, cross_entropy_level


def slow_level(levels):
    """Minimise the cross-entropy by its definition."""
    best = None
    for cut in range(levels.min(), levels.max()):
        low, high = levels[levels <= cut].astype(float), levels[levels > cut].astype(float)
        cost = -high.sum() * np.log(high.mean())
        cost -= low.sum() * np.log(low.mean()) if low.sum() else 0
        if best is None or cost < best[0] - 1e-9:
            best = cost, cut
    return best[1]


def test_cross_entropy_level_is_the_smallest_by_definition():
    generator = np.random.default_rng(0)
    for shape in ((3, 4), (9, 7), (40, 30)):
        cam = generator.beta(0.6, 2, shape).astype(np.float32)
        assert cross_entropy_level(cam) == slow_level(np.floor(255 * cam).astype(int))


def test_cross_entropy_level_is_near_scikit_images():
    y, x = np.mgrid[:60, :80]
    cam = np.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 400)
    level = cross_entropy_level(cam)
    assert level == pytest.approx(threshold_li((255 * cam).astype(np.uint8)), abs=2)


@pytest.mark.parametrize(
    ("cam", "level"),
    [(np.zeros((2, 3)), 0), (np.ones((1, 1)), 255), ([[0.0, 1.0]], 0), ([[0.2, 0.9]], 51)],
)
def test_cross_entropy_level_of_one_and_of_two_levels(cam, level):
    assert cross_entropy_level(np.array(cam)) == level


def test_choose_threshold_without_labels_is_the_mean_share_of_the_maximum():
    # Halfway between levels 51 and 229 of 229, and between 0 and 127 of 127.
    cams = [np.array([[0.2, 0.9]]), np.array([[0.0, 0.5]]), np.full((2, 2), 0.4)]
    expected = ((51 + 229) / 2 / 229 + 0.5) / 2
    assert choose_threshold_without_labels(iter(cams)) == pytest.approx(expected)


def test_choose_threshold_without_labels_finds_the_object_of_a_clear_map():
    # Noise below .2, an object above .7: any share between them will do.
    cam = np.random.default_rng(0).uniform(0, 0.2, (30, 40))
    cam[8:20, 10:30] = np.random.default_rng(1).uniform(0.7, 1, (12, 20))
    assert 0.2 < choose_threshold_without_labels([cam]) < 0.7


def test_choose_threshold_without_labels_names_what_is_wrong():
    with pytest.raises(ValueError, match="`cams` must hold a map of at least two grey levels"):
        choose_threshold_without_labels([np.zeros((2, 3))])
    with pytest.raises(ValueError, match=r"`cam` must be in \[0, 1\]"):
        choose_threshold_without_labels([np.array([[0.0, np.nan]])])
