import numpy as np
import pytest

from models.cell_layers import (
    ChooseCells,
    CountLeaves,
    JudgeCells,
    MarkParts,
    PlaceCells,
    SumParts,
)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_chosen_cells_are_placed_where_they_were(share):
    generator = np.random.default_rng(0)
    cells = generator.random((2, 4, 3, 5, 1)).astype(np.float32)
    chosen = generator.random((2, 4)) < share
    read = ChooseCells()([cells, chosen])
    assert len(read) == max(1, chosen.sum())
    placed = PlaceCells()([read[:, 0, 0], chosen]).numpy()
    np.testing.assert_array_equal(placed[..., 0], np.where(chosen, cells[..., 0, 0, 0], 0))


def test_judge_cells_tells_cut_from_dense_and_leaves_unseen_ones():
    shares = np.array([[[0.6, 0.3, 0.1], [0.1, 0.6, 0.3], [0, 0.1, 0.9], [0, 0, 1]]])
    seen = np.array([[True, True, True, False]])
    assert JudgeCells(True)([shares, seen]).numpy().tolist() == [[1, 2, 3, 0]]
    assert JudgeCells(False)([shares, seen]).numpy().tolist() == [[1, 2, 4, 0]]


def test_mark_parts_marks_two_by_two():
    states = np.zeros((2, 4), np.float32)
    states[1, 1] = 3  # Upper right of 2 x 2: rows 0 and 1, columns 2 and 3 of 4 x 4.
    marked = MarkParts(2)(states).numpy()
    assert not marked[0].any()
    assert np.flatnonzero(marked[1]).tolist() == [2, 3, 6, 7]
    states[1, 1] = 4
    assert not MarkParts(2)(states).numpy().any()


def test_sum_parts_adds_each_coarse_cell_up():
    counts = np.arange(16, dtype=np.float32)[None]
    # Upper left of 2 x 2 holds 0, 1, 4, 5 of 4 x 4.
    assert SumParts(2)(counts).numpy().tolist() == [[10, 18, 42, 50]]
    assert SumParts(4)(counts).numpy().tolist() == counts.tolist()
    assert SumParts(1)(counts).numpy().tolist() == [[120]]


def test_count_leaves_keeps_nan_visible():
    counts = np.array([[5.0, np.nan]], np.float32)
    kept = CountLeaves()([counts, np.array([[1.0, 1.0]], np.float32)]).numpy()
    assert kept[0, 0] == 0 and np.isnan(kept[0, 1])
