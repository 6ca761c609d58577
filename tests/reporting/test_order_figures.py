import numpy as np
import pytest
from PIL import Image

from reporting.order_figures import draw_pair_differences, draw_score_scatter


@pytest.mark.parametrize("differences", [[0.5], [0.3, -2.0, 1.0], [0.0, 0.0]])
def test_draw_pair_differences_writes_a_picture(tmp_path, differences):
    path = draw_pair_differences(differences, tmp_path / "figures" / "a.png", margin=0.25)
    with Image.open(path) as image:
        assert image.size == (720, 480)  # 6 x 4 inches of 120 dots


@pytest.mark.parametrize("differences", [[], [np.nan], [[1.0]]])
def test_draw_pair_differences_refuses_what_cannot_be_drawn(tmp_path, differences):
    with pytest.raises(ValueError, match="`differences` must be .P,. finite"):
        draw_pair_differences(differences, tmp_path / "a.png", margin=0)


def test_draw_score_scatter_writes_a_picture(tmp_path):
    path = draw_score_scatter([0, 3, 9], [0.1, 0.1, 4.0], tmp_path / "new" / "a.png")
    assert path.stat().st_size > 1000
