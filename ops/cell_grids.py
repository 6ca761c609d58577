"""Grids of cells that are cut again: N x N, then every cell 2 x 2, as often as asked."""

from __future__ import annotations

import numpy as np

from ops.patches import patch_boxes


def list_grids(num_patches: int, max_depth: int) -> list[int]:
    """List the cells along each axis, depth by depth.

    The edges of a cell are edges of its four parts, see `ops.patches.patch_boxes`.

    Args:
        num_patches: N, cells along each axis at depth 0.
        max_depth: times that a cell is cut in 2 x 2.

    Returns:
        `max_depth + 1` numbers.

    Raises:
        ValueError: `num_patches` is below 1 or `max_depth` below 0.

    Example:
        >>> list_grids(3, 2)
        [3, 6, 12]
    """
    if num_patches < 1 or max_depth < 0:
        raise ValueError(
            "`num_patches` must be at least 1 and `max_depth` at least 0. "
            f"Received {num_patches} and {max_depth}."
        )
    return [num_patches * 2**depth for depth in range(max_depth + 1)]


def find_grids(num_cells: int, num_patches: int) -> list[int]:
    """Tell from the number of all cells how often they are cut.

    Args:
        num_cells: cells of all depths.
        num_patches: N, cells along each axis at depth 0.

    Returns:
        What `list_grids` gives for them.

    Raises:
        ValueError: no depth gives so many.

    Example:
        >>> find_grids(1 + 4 + 16, 1)
        [1, 2, 4]
    """
    grids = []
    while sum(grid**2 for grid in grids) < num_cells:
        grids = list_grids(num_patches, len(grids))
    if not grids or sum(grid**2 for grid in grids) != num_cells:
        raise ValueError(
            f"`num_cells` must be the cells of {num_patches} x {num_patches} and of finer grids. "
            f"Received {num_cells}."
        )
    return grids


def cell_boxes(height: int, width: int, grids: list[int]) -> np.ndarray:
    """Give the boxes of the cells of all depths, the coarsest first, row by row.

    Args:
        height: rows of the picture, in pixels.
        width: columns of the picture, in pixels.
        grids: what `list_grids` returned.

    Returns:
        (num_cells, 4) float32 boxes, xyxy in pixels, half-open.

    Raises:
        ValueError: the finest grid has more cells than the picture rows or columns.

    Example:
        >>> cell_boxes(4, 4, [1, 2])[:2].tolist()
        [[0.0, 0.0, 4.0, 4.0], [0.0, 0.0, 2.0, 2.0]]
    """
    return np.concatenate([patch_boxes(height, width, grid) for grid in grids])


def count_in_cells(points: np.ndarray, size: tuple[int, int], grid: int) -> np.ndarray:
    """Count the points in every cell of a grid.

    A point lies in the cell of its pixel, (floor(row), floor(column)); one outside the picture in
    the nearest.

    Args:
        points: (N, 2) float (row, column), in pixels.
        size: (height, width) of the picture, in pixels.
        grid: cells along each axis.

    Returns:
        (grid * grid,) int64 points, row by row; their sum is N.

    Raises:
        ValueError: `points` are not (N, 2) finite numbers, or the grid does not fit the picture.

    Example:
        >>> count_in_cells(np.array([[0.5, 3.9], [3.0, 0.0], [9.0, 0.0]]), (4, 4), 2).tolist()
        [0, 1, 2, 0]
    """
    points = np.asarray(points, np.float64)
    points = points.reshape(0, 2) if points.size == 0 else points
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(
            "`points` must be (N, 2) finite (row, column) pixels. "
            f"Received shape {points.shape}, {np.isfinite(points).sum()} finite values."
        )
    boxes = patch_boxes(*size, grid)
    # The first row of cells tells the columns' edges, the first column the rows'.
    lefts, tops = boxes[:grid, 0], boxes[::grid, 1]
    pixels = np.clip(np.floor(points), 0, np.array(size) - 1)
    rows = np.searchsorted(tops, pixels[:, 0], side="right") - 1
    columns = np.searchsorted(lefts, pixels[:, 1], side="right") - 1
    return np.bincount(rows * grid + columns, minlength=grid**2)


def group_by_patch(cells: np.ndarray, num_patches: int) -> np.ndarray:
    """Put the cells of a picture in the order of its patches.

    Args:
        cells: (..., M, M) values of the cells of a picture, M a multiple of N.
        num_patches: N, patches along each axis.

    Returns:
        (..., M * M) patch by patch, row by row, and within each patch row by row.

    Raises:
        ValueError: M is no multiple of N.

    Example:
        >>> group_by_patch(np.arange(16).reshape(4, 4), 2)[:8].tolist()
        [0, 1, 4, 5, 2, 3, 6, 7]
    """
    *lead, side, _ = cells.shape
    if side % num_patches:
        raise ValueError(
            f"`cells` along an axis must be a multiple of {num_patches}. Received {side}."
        )
    grid = side // num_patches
    parts = cells.reshape(*lead, num_patches, grid, num_patches, grid)
    return np.swapaxes(parts, -3, -2).reshape(*lead, side**2)
