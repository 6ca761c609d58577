import numpy as np
import pytest

from ops.cell_grids import cell_boxes, count_in_cells, find_grids, group_by_patch, list_grids


def test_list_grids_doubles_at_each_depth():
    assert list_grids(1, 0) == [1] and list_grids(3, 2) == [3, 6, 12]
    for arguments in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match="`num_patches` must be at least 1 and `max_depth`"):
            list_grids(*arguments)


@pytest.mark.parametrize(("num_patches", "depth"), [(1, 0), (1, 3), (3, 1)])
def test_find_grids_reads_the_depth_off_the_number(num_patches, depth):
    number = sum((num_patches * 2**i) ** 2 for i in range(depth + 1))
    assert find_grids(number, num_patches) == list_grids(num_patches, depth)


@pytest.mark.parametrize("number", [0, 2, 6])
def test_find_grids_refuses_other_numbers(number):
    with pytest.raises(ValueError, match=f"finer grids. Received {number}"):
        find_grids(number, 1)


@pytest.mark.parametrize("size", [(8, 8), (7, 11), (4, 5)])
def test_cell_boxes_of_a_cell_are_those_of_its_parts(size):
    boxes = cell_boxes(*size, [2, 4])
    assert boxes.shape == (20, 4)
    # Cell (row i, column j) of 2 x 2 is made of rows 2 i, 2 i + 1 and columns 2 j, 2 j + 1.
    fine = boxes[4:].reshape(2, 2, 2, 2, 4)
    np.testing.assert_array_equal(fine[..., :2].min(axis=(1, 3)).reshape(4, 2), boxes[:4, :2])
    np.testing.assert_array_equal(fine[..., 2:].max(axis=(1, 3)).reshape(4, 2), boxes[:4, 2:])


def test_count_in_cells_equals_a_search_through_the_boxes():
    generator = np.random.default_rng(0)
    for size, grid in (((13, 7), 4), ((5, 9), 1), ((6, 6), 6)):
        points = generator.uniform(0, size, (40, 2))
        rows, columns = np.floor(points).T
        expected = [
            ((y0 <= rows) & (rows < y1) & (x0 <= columns) & (columns < x1)).sum()
            for x0, y0, x1, y1 in cell_boxes(*size, [grid])
        ]
        assert count_in_cells(points, size, grid).tolist() == expected


def test_count_in_cells_takes_no_point_and_points_outside():
    assert count_in_cells(np.zeros((0, 2)), (4, 4), 2).tolist() == [0, 0, 0, 0]
    assert count_in_cells(np.array([[-3.0, 9.0], [4.0, 0.0]]), (4, 4), 2).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("points", [[[1.0, 2.0, 3.0]], [[np.nan, 1.0]], [1.0]])
def test_count_in_cells_refuses_what_is_no_point(points):
    with pytest.raises(ValueError, match=r"`points` must be \(N, 2\) finite"):
        count_in_cells(np.array(points), (4, 4), 2)


def test_group_by_patch_puts_cells_patch_by_patch():
    cells = np.arange(72).reshape(2, 6, 6)
    grouped = group_by_patch(cells, 3)
    assert grouped.shape == (2, 36)
    assert grouped[1, :4].tolist() == cells[1, :2, :2].ravel().tolist()
    assert grouped[0, 16:20].tolist() == cells[0, 2:4, 2:4].ravel().tolist()  # patch 4, the middle
    with pytest.raises(ValueError, match="multiple of 4. Received 6"):
        group_by_patch(cells, 4)
