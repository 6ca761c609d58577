import numpy as np
import pytest

from datasets.patterned_shapes import (
    SHAPES,
    PatternedShape,
    draw_contrasting_colour,
    draw_ground,
    draw_pattern,
    fill_shape,
    measure_shape,
    sample_colour,
)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("angle", [0.0, 1.1])
def test_the_area_of_a_shape_is_the_number_of_its_pixels(kind, angle):
    shape = PatternedShape(kind, 50.2, 60.7, 30.0, angle, 9.0)
    inside = fill_shape(shape, (100, 120))
    assert inside.sum() == pytest.approx(measure_shape(shape), rel=0.02)
    rows, columns = np.nonzero(inside)
    assert np.hypot(rows - 50.2, columns - 60.7).max() <= 1.25 * 30


def test_a_pattern_moves_with_its_shape():
    for kind in range(len(SHAPES)):
        first = draw_pattern(PatternedShape(kind, 20.0, 20.0, 9.0, 0.4, 7.0), (40, 50))
        second = draw_pattern(PatternedShape(kind, 23.0, 25.0, 9.0, 0.4, 7.0), (40, 50))
        same = np.isclose(first[:-3, :-5], second[3:, 5:], atol=1e-4)
        assert same.mean() > 0.99  # the checks' edges may round to either side
        assert abs(first).max() <= 1


def test_grounds_and_colours_are_functions_of_the_generator():
    base = np.array([120.0, 100, 80], np.float32)
    first, second = (draw_ground(np.random.default_rng(1), base, (20, 30)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (20, 30, 3) and first.std() > 1


def test_colours_keep_their_hue_and_stand_out():
    for seed in range(20):
        base = sample_colour(np.random.default_rng(seed), 0.5, (0.0, 0.3), (0.25, 0.8))
        for kind in range(3):
            generator = np.random.default_rng([seed, kind])
            colour = draw_contrasting_colour(generator, kind, base, spread=0.0)
            assert np.argmax(colour) == kind  # red, green, blue
            assert np.linalg.norm(colour - base) > 40
