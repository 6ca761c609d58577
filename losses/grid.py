"""Loss on a grid of cells of which one holds the object."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

from ops.box_targets import best_cell

# Keras' epsilon: probabilities are clipped by it before their logarithm.
EPSILON = 1e-7


def grid_loss(grid, true_grid, *, from_logits: bool = False):
    """Cross-entropy of every cell's objectness plus the squared error of the surest box.

    sum over cells of BCE(objectness) + |b - b'|^2, where b = (row + offset y, column + offset x,
    g h, g w), in cells, is the box of the cell with the highest objectness and b' the one of the
    true grid. The choice of the cell has no gradient. Without an object the second term is 0.

    Args:
        grid: (B, h, w, 5) height, width, offset y, offset x, objectness, after the sigmoid, or
            before it with `from_logits`.
        true_grid: (B, h, w, 5) as `ops.box_targets.encode_grid` writes it.
        from_logits: whether `grid` is before the sigmoid; then nothing is clipped. A probability
            is clipped to [1e-7, 1 - 1e-7], and has no gradient beyond.

    Returns:
        (B,) losses. Upstream sums them over a batch.

    Raises:
        ValueError: a grid is not (B, h, w, 5), or the two differ in size.

    Example:
        >>> grid = ops.array([[[[0.5, 0.5, 0.5, 0.5, 0.5]]]])
        >>> true = ops.array([[[[0.5, 0.5, 0.5, 0.0, 1.0]]]])
        >>> round(float(grid_loss(grid, true)[0]), 4)  # log 2 + .5^2
        0.9431

    References:
        lars76/object-localization, variant 4.
    """
    grid, true_grid = ops.cast(grid, "float32"), ops.cast(true_grid, "float32")
    shape = tuple(grid.shape)
    if len(shape) != 4 or shape[3] != 5 or shape[1:] != tuple(true_grid.shape)[1:]:
        raise ValueError(
            "`grid` and `true_grid` must be (B, h, w, 5) of one size. "
            f"Received {shape} and {tuple(true_grid.shape)}."
        )
    entropy = _cross_entropy(grid[..., 4], true_grid[..., 4], from_logits)  # (B, h, w)
    errors = _box_in_cells(ops.sigmoid(grid) if from_logits else grid) - _box_in_cells(true_grid)
    has_object = ops.any(true_grid[..., 4] > 0, axis=(1, 2))
    box_loss = ops.where(has_object, ops.sum(ops.square(errors), axis=-1), 0.0)
    return ops.sum(entropy, axis=(1, 2)) + box_loss


@keras.saving.register_keras_serializable("inkling")
class GridLoss(keras.losses.Loss):
    """`grid_loss` for `compile`, summed over the batch as upstream does.

    So the step of a given learning rate grows with the batch; `reduction` "sum_over_batch_size"
    ends that.

    Args:
        from_logits: whether the grid is before the sigmoid.
        reduction: "sum", or any other of `keras.losses.Loss`.

    Example:
        >>> grid, true = ops.zeros((2, 1, 1, 5)), ops.zeros((2, 1, 1, 5))
        >>> round(float(GridLoss(from_logits=True)(true, grid)), 4)  # 2 log 2
        1.3863
    """

    def __init__(self, from_logits=False, reduction="sum", name="grid_loss", **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        return grid_loss(y_pred, y_true, from_logits=self.from_logits)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}


def _cross_entropy(predicted, labels, from_logits):
    if from_logits:
        return labels * ops.softplus(-predicted) + (1 - labels) * ops.softplus(predicted)
    probs = ops.clip(predicted, EPSILON, 1 - EPSILON)
    return -(labels * ops.log(probs) + (1 - labels) * ops.log(1 - probs))


def _box_in_cells(grid):
    """Return (B, 4): y and x of the centre, height and width, all in cells."""
    row, column, values = best_cell(grid)
    _, num_rows, num_columns, _ = grid.shape
    y, x = row + values[:, 2], column + values[:, 3]
    return ops.stack([y, x, num_rows * values[:, 0], num_columns * values[:, 1]], axis=-1)
