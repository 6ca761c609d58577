import numpy as np
import pytest
from PIL import Image

from reporting.seed_figures import draw_seed_curves

CONFUSIONS = np.array([[[3, 1, 0], [0, 1, 1], [0, 0, 0]], [[4, 0, 0], [0, 1, 1], [0, 0, 0]]])


def test_draw_seed_curves_draws_classes_with_and_without_pixels(tmp_path):
    path = draw_seed_curves(CONFUSIONS, ["cat", "$_^"], tmp_path / "figures" / "a.png")
    assert len(np.unique(np.asarray(Image.open(path)))) > 10


def test_draw_seed_curves_needs_a_name_per_class(tmp_path):
    with pytest.raises(ValueError, match="for 1 classes"):
        draw_seed_curves(CONFUSIONS, ["cat"], tmp_path / "a.png")
