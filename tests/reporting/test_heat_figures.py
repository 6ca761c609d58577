import numpy as np
import pytest

from reporting.heat_figures import overlay_heat


def test_overlay_heat_leaves_what_is_cold():
    image = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    heat = np.zeros((4, 5))
    heat[1, 2] = 1
    shown = overlay_heat(image, heat)
    changed = np.any(shown != image, axis=-1)
    assert shown.dtype == np.uint8 and changed.sum() == 1 and changed[1, 2]


def test_overlay_heat_goes_from_blue_to_red():
    shown = overlay_heat(np.zeros((1, 2, 3), np.uint8), np.array([[0.15, 1.0]])).astype(int)
    assert shown[0, 0].argmax() == 2 and shown[0, 1].argmax() == 0


@pytest.mark.parametrize("shape", [(1, 1), (0, 3)])
def test_overlay_heat_takes_every_size(shape):
    assert overlay_heat(np.zeros((*shape, 3), np.uint8), np.ones(shape)).shape == (*shape, 3)


def test_overlay_heat_refuses_another_size():
    with pytest.raises(ValueError, match=r"must be of the picture's \(2, 3\) pixels"):
        overlay_heat(np.zeros((2, 3, 3), np.uint8), np.ones((3, 2)))
