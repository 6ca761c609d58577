import numpy as np
import pytest

from benchmarks.map_boxes import KINDS, count_differences, draw_map


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_are_those_of_the_protocols_loop(kind):
    for seed in range(3):
        assert count_differences(draw_map(kind, seed, size=40), np.arange(0, 1, 0.001)) == 0


def test_boxes_are_those_of_the_protocols_loop_on_noise_and_steps():
    generator = np.random.default_rng(0)
    thresholds = np.arange(0, 1, 0.004)
    assert count_differences(generator.random((23, 31)), thresholds) == 0
    for levels in (2, 3, 5):
        steps = generator.integers(0, levels, (12, 9)) / (levels - 0.5)
        assert count_differences(steps, thresholds) == 0
    assert count_differences(np.zeros((5, 4)), thresholds) == 0
