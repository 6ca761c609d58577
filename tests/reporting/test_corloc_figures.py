import numpy as np
import pytest
from PIL import Image

from reporting.corloc_figures import MOST_ROWS, draw_corloc_table


def test_draw_corloc_table_is_darker_where_more_is_right(tmp_path):
    columns = {"decoder": {"a": 1.0, "b": 0.0}, "cam": {"a": 0.0, "b": None}}
    image = np.asarray(Image.open(draw_corloc_table(columns, tmp_path / "deep" / "a.png")))
    assert image.ndim == 3
    # The darkest blue of the colour map is there, for the one share of 1.
    assert (np.abs(image[..., :3].astype(int) - [8, 48, 107]).max(axis=2) <= 2).sum() > 100


def test_draw_corloc_table_takes_names_that_are_no_formula(tmp_path):
    columns = {"layer_cam": {"$x_1": 0.5, "b$": float("nan")}}
    assert draw_corloc_table(columns, tmp_path / "a.png", title="CorLoc, %").is_file()


def test_draw_corloc_table_draws_many_rows_up_to_a_bound(tmp_path):
    sizes = []
    for num in (MOST_ROWS, MOST_ROWS + 40):
        columns = {"decoder": {str(i): 0.5 for i in range(num)}}
        sizes.append(Image.open(draw_corloc_table(columns, tmp_path / f"{num}.png")).size)
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("columns", [{}, {"decoder": {}}])
def test_draw_corloc_table_needs_a_row(columns, tmp_path):
    with pytest.raises(ValueError, match="at least one method with one row"):
        draw_corloc_table(columns, tmp_path / "a.png")
