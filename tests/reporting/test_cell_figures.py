import numpy as np
import pytest

from reporting.cell_figures import draw_cells
from reporting.prediction import Prediction
from reporting.prediction_writers import draw_prediction

# A whole that is cut in an empty, a sparse and two dense cells.
CELLS = np.array([[0.0, 3.0], [0.0, 1.0], [2.0, 2.0], [9.0, 4.0], [8.5, 4.0]])


@pytest.mark.parametrize("size", [(2, 2), (9, 31), (1400, 20)])
def test_draw_cells_takes_any_picture(size, tmp_path):
    image = np.zeros((*size, 3), np.uint8)
    path = draw_cells(image, CELLS, 1, tmp_path / "a.png", caption="Count 19.5")
    assert path.stat().st_size > 1000


def test_draw_cells_refuses_a_picture_smaller_than_its_grid(tmp_path):
    with pytest.raises(ValueError, match="`num_patches` must be at most"):
        draw_cells(np.zeros((1, 9, 3), np.uint8), CELLS, 1, tmp_path / "a.png", caption="")


def test_draw_prediction_shows_the_cells(tmp_path):
    outputs = {"count": 19.5, "patch_counts": np.array([19.5]), "cells": CELLS}
    image = np.zeros((20, 30, 3), np.uint8)
    path = draw_prediction(Prediction("a.jpg", outputs), image, tmp_path)
    assert path == tmp_path / "a.jpg.png" and path.is_file()
