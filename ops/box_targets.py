"""What a network learns from a box, and how its answer becomes a box again.

The encoders draw one box into a NumPy array. The decoders are `keras.ops` on a batch, in a graph
and with fixed shapes: sums, maxima and comparisons, all built into LiteRT.
"""

from __future__ import annotations

from typing import Literal

import keras
import numpy as np

from ops.box_forms import clip_boxes, cxcywh_to_xyxy, xyxy_to_cxcywh


def draw_box_mask(
    box_fraction: np.ndarray,
    size: tuple[int, int],
    *,
    rounding: Literal["published", "centres"] = "published",
) -> np.ndarray:
    """Draw a box as a mask of ones.

    "published" fills the cells from rint((n - 1) x0) up to, not including, rint((n - 1) x1), n
    cells wide: it shrinks the box by n - 1 over n and never reaches the last cell. "centres" fills
    the cells whose centre the box holds. Either may leave no cell of a box narrower than a cell.

    Args:
        box_fraction: (4,) xyxy, fractions of the picture's width and height.
        size: (height, width) of the mask, in cells.
        rounding: which cells belong to the box.

    Returns:
        (height, width, 1) float32, 1 in the box and 0 outside.

    Raises:
        ValueError: `box_fraction` is no box in [0, 1], or an unknown `rounding`.

    Example:
        >>> draw_box_mask([0.25, 0.0, 0.75, 1.0], (1, 4), rounding="centres")[0, :, 0].tolist()
        [0.0, 1.0, 1.0, 0.0]

    References:
        lars76/object-localization, variant 3, for "published".
    """
    box = _check_box(box_fraction)
    if rounding not in ("published", "centres"):
        raise ValueError(f'`rounding` must be "published" or "centres". Received {rounding!r}.')
    rows, columns = (
        _fill(n, *box[side::2], rounding) for n, side in zip(size, (1, 0), strict=True)
    )
    return (rows[:, None] & columns[None])[..., None].astype(np.float32)


def encode_grid(box_fraction: np.ndarray, grid_size: int) -> np.ndarray:
    """Write a box into the grid cell that holds its centre.

    Args:
        box_fraction: (4,) xyxy, fractions of the picture's width and height.
        grid_size: cells per side, g.

    Returns:
        (g, g, 5) float32: height and width as fractions of the picture, the centre's offset from
        the cell's upper left corner in cells (y, x), and 1 for the object; 0 in all other cells.

    Raises:
        ValueError: `box_fraction` is no box in [0, 1], or `grid_size` is not positive.

    Example:
        >>> encode_grid([0.5, 0.25, 1.0, 0.75], 2)[1, 1].tolist()
        [0.5, 0.5, 0.0, 0.5, 1.0]

    References:
        lars76/object-localization, variant 4, which fails on a centre at the very edge; here it
        goes to the last cell, with offset 1.
    """
    if grid_size < 1:
        raise ValueError(f"`grid_size` must be at least 1 cell. Received {grid_size}.")
    x, y, width, height = xyxy_to_cxcywh(_check_box(box_fraction))
    centre = np.array([y, x]) * grid_size
    row, column = cell = np.minimum(np.floor(centre), grid_size - 1).astype(int)
    grid = np.zeros((grid_size, grid_size, 5), np.float32)
    grid[row, column] = height, width, *(centre - cell), 1.0
    return grid


def draw_heat(box_fraction: np.ndarray, size: tuple[int, int], sigma: float) -> np.ndarray:
    """Draw a box's centre as a Gaussian bump.

    exp(-d^2 / (2 sigma^2)), d the distance of a cell's centre from the box's centre in cells.

    Args:
        box_fraction: (4,) xyxy, fractions of the picture's width and height.
        size: (height, width) of the map, in cells.
        sigma: the bump's width, in cells.

    Returns:
        (height, width, 1) float32 in [0, 1]; 1 only where a cell's centre is the box's.

    Raises:
        ValueError: `box_fraction` is no box in [0, 1], or `sigma` is not positive.

    Example:
        >>> draw_heat([0.0, 0.0, 1.0, 1.0], (1, 3), sigma=1.0)[0, :, 0]
        array([0.60653067, 1.        , 0.60653067], dtype=float32)
    """
    if not sigma > 0:
        raise ValueError(f"`sigma` must be a positive number of cells. Received {sigma}.")
    x, y, _, _ = xyxy_to_cxcywh(_check_box(box_fraction))
    down, across = (
        np.square(np.arange(n) + 0.5 - n * centre) for n, centre in zip(size, (y, x), strict=True)
    )
    return np.exp(-(down[:, None] + across) / (2 * sigma**2))[..., None].astype(np.float32)


def best_cell(grid):
    """Pick the cell of the highest objectness, the first in reading order of equal ones.

    The choice itself has no gradient; the cell's values have.

    Args:
        grid: (B, h, w, 5) height, width, offset y, offset x, objectness per cell; h and w fixed.

    Returns:
        (B,) row and (B,) column of the cell, as floats, and its (B, 5) values.

    Raises:
        ValueError: `grid` is not (B, h, w, 5).

    Example:
        >>> row, column, values = best_cell(encode_grid([0.5, 0.25, 1.0, 0.75], 2)[None])
        >>> int(row[0]), int(column[0]), values[0].numpy().tolist()
        (1, 1, [0.5, 0.5, 0.0, 0.5, 1.0])
    """
    grid = _check_maps("grid", grid, 5)
    _, height, width, _ = grid.shape
    num_cells = height * width
    cells = keras.ops.reshape(grid, (-1, num_cells, 5))
    objectness, places = cells[..., 4], np.arange(num_cells, dtype=np.float32)
    # Keras' argmax looks at the sign's bit, which LiteRT cannot: maxima find the first best cell.
    highest = keras.ops.cast(objectness >= _maximum(objectness)[:, None], "float32")
    first = num_cells - _maximum(highest * (num_cells - places))[:, None]
    chosen = keras.ops.cast(keras.ops.equal(places, first), "float32")  # (B, h w)
    values = keras.ops.sum(chosen[..., None] * cells, axis=1)
    rows, columns = np.divmod(places, width)
    row, column = (keras.ops.sum(chosen * each, axis=-1) for each in (rows, columns))
    return row, column, values


def decode_grid(grid):
    """Turn a grid into the box of its best cell: the inverse of `encode_grid`.

    Args:
        grid: (B, h, w, 5) height, width, offset y, offset x, objectness, all in [0, 1].

    Returns:
        (B, 4) xyxy in fractions of the picture, clipped to it, and (B,) objectness.

    Raises:
        ValueError: `grid` is not (B, h, w, 5).

    Example:
        >>> boxes, scores = decode_grid(encode_grid([0.5, 0.25, 1.0, 0.75], 2)[None])
        >>> boxes.numpy().tolist(), scores.numpy().tolist()
        ([[0.5, 0.25, 1.0, 0.75]], [1.0])
    """
    row, column, values = best_cell(grid)
    _, rows, columns, _ = grid.shape
    x, y = (column + values[:, 3]) / columns, (row + values[:, 2]) / rows
    boxes = cxcywh_to_xyxy(keras.ops.stack([x, y, values[:, 1], values[:, 0]], axis=-1))
    return clip_boxes(boxes, (1, 1)), values[:, 4]


def decode_mask(mask_probabilities, threshold: float = 0.5):
    """Turn a mask into the box around all its pixels above a threshold.

    No gradient reaches the box. A stray pixel widens it: `boxes_from_mask` and
    `boxes_from_contours` look at connected areas, but not in a graph.

    Args:
        mask_probabilities: (B, h, w, 1) in [0, 1]; h and w fixed.
        threshold: a pixel of the object is above it.

    Returns:
        (B, 4) xyxy in fractions of the picture and (B,) scores, the mean probability of the
        object's pixels. Without such a pixel: the whole picture, with score 0.

    Raises:
        ValueError: `mask_probabilities` is not (B, h, w, 1).

    Example:
        >>> boxes, scores = decode_mask(np.array([[0.0, 0.75, 0.75, 0.0]])[None, ..., None])
        >>> boxes.numpy().tolist(), scores.numpy().tolist()
        ([[0.25, 0.0, 0.75, 1.0]], [0.75])
    """
    probs = _check_maps("mask_probabilities", mask_probabilities, 1)[..., 0]  # (B, h, w)
    inside = keras.ops.cast(probs > threshold, "float32")
    x0, x1 = _find_ends(_maximum(inside, axis=1))
    y0, y1 = _find_ends(_maximum(inside, axis=2))
    area = keras.ops.sum(inside, axis=(1, 2))
    scores = keras.ops.sum(inside * probs, axis=(1, 2)) / keras.ops.maximum(area, 1.0)
    return keras.ops.stack([x0, y0, x1, y1], axis=-1), scores


def decode_heat(heat_logits):
    """Find the mean position of a heat map's softmax (soft-argmax).

    Args:
        heat_logits: (B, h, w, 1); h and w fixed.

    Returns:
        (B, 2) x and y in fractions of the picture, within its cells' centres.

    Raises:
        ValueError: `heat_logits` is not (B, h, w, 1).

    Example:
        >>> decode_heat(np.array([[0.0, 0.0, 100.0, 0.0]])[None, ..., None]).numpy().tolist()
        [[0.625, 0.5]]
    """
    heat = _check_maps("heat_logits", heat_logits, 1)
    _, height, width, _ = heat.shape
    weights = keras.ops.softmax(keras.ops.reshape(heat, (-1, height * width)), axis=-1)
    rows, columns = np.indices((height, width), np.float32).reshape(2, -1) + 0.5
    x = keras.ops.sum(weights * (columns / width), axis=-1)
    y = keras.ops.sum(weights * (rows / height), axis=-1)
    return keras.ops.stack([x, y], axis=-1)


def _check_box(box):
    box = np.asarray(box, np.float64)
    if box.shape != (4,) or not ((box >= 0) & (box <= 1)).all() or (box[2:] < box[:2]).any():
        raise ValueError(
            "`box_fraction` must be (4,) x0, y0, x1, y1 in [0, 1] with x0 <= x1 and y0 <= y1. "
            f"Received {box.tolist()}; divide pixels by the picture's width and height."
        )
    return box


def _check_maps(name, maps, num_channels):
    if len(maps.shape) != 4 or maps.shape[3] != num_channels or None in maps.shape[1:]:
        raise ValueError(
            f"`{name}` must be (B, h, w, {num_channels}) with fixed h and w. "
            f"Received shape {tuple(maps.shape)}."
        )
    return keras.ops.cast(maps, "float32")


def _fill(num_cells, start, stop, rounding):
    cells = np.arange(num_cells)
    if rounding == "centres":
        cells = (cells + 0.5) / num_cells
    else:
        start, stop = np.rint((num_cells - 1) * np.array([start, stop]))
    return (cells >= start) & (cells < stop)


def _find_ends(hit):
    """Return where the ones of (B, n) begin and end, as fractions; 0 and 1 without any."""
    num_cells = hit.shape[1]
    cells = np.arange(num_cells, dtype=np.float32)
    # Maxima of positions: no reversal and no search, which LiteRT may not have.
    start = num_cells - _maximum(hit * (num_cells - cells))
    stop = _maximum(hit * (cells + 1))
    found = _maximum(hit)
    return start * found / num_cells, (stop + num_cells * (1 - found)) / num_cells


def _maximum(values, axis=-1):
    # Without `initial` Keras refuses a batch of no picture.
    return keras.ops.max(values, axis=axis, initial=-float("inf"))
