import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from config.errors import InputError
from metrics.pixel_average_precision import PixelAveragePrecision


def measure(*pictures, step=0.001):
    precision = PixelAveragePrecision(step)
    for score_map, mask, *ignore in pictures:
        precision.update(score_map, mask, ignore=ignore[0] if ignore else None)
    return precision.result()


def test_pixel_average_precision_of_the_specification():
    value = measure(([[0.92, 0.62], [0.32, 0.12]], [[1, 0], [1, 0]]), step=0.05)
    assert value == pytest.approx(0.83333, abs=1e-5)


def test_pixel_average_precision_is_scikit_learns_over_all_pictures():
    generator = np.random.default_rng(0)
    maps = generator.integers(0, 40, (3, 7, 9)) / 40 + 0.001  # in bins of .025
    masks = generator.random(maps.shape) < maps
    expected = average_precision_score(masks.ravel(), maps.ravel())
    assert measure(*zip(maps, masks, strict=True), step=0.025) == pytest.approx(expected)


@pytest.mark.parametrize(("right", "expected"), [(True, 1.0), (False, 0.5)])
def test_pixel_average_precision_at_the_ends_of_the_range(right, expected):
    # All wrong: both pixels are claimed before the object's is among them.
    mask = np.array([[right, not right]])
    assert measure(([[1.0, 0.0]], mask)) == expected


def test_pixel_average_precision_ignores_pixels_but_not_the_objects():
    ignore = [[False, True, True]]
    assert measure(([[0.5, 0.9, 0.9]], [[1, 0, 0]], ignore)) == 1
    assert measure(([[0.5, 0.9, 0.9]], [[1, 0, 1]], ignore)) == 1
    assert measure(([[0.5, 0.9, 0.9]], [[1, 0, 0]])) == pytest.approx(1 / 3)


def test_pixel_average_precision_of_one_pixel():
    assert measure(([[0.0]], [[1]])) == 1


def test_pixel_average_precision_names_what_is_wrong():
    with pytest.raises(InputError, match="PxAP needs an object's pixel"):
        measure(([[0.5]], [[0]]))
    with pytest.raises(InputError, match="`step` must be in"):
        PixelAveragePrecision(0)
    with pytest.raises(ValueError, match="`score_map` must be in"):
        measure(([[np.nan]], [[1]]))
    with pytest.raises(ValueError, match="`mask` must be a map .* of 1 x 1 pixels"):
        measure(([[0.5]], [[1, 0]]))
    with pytest.raises(ValueError, match="`ignore` must be a map"):
        measure(([[0.5]], [[1]], [1]))
