"""The density-guided counter: dense cells of a picture are cut again and read at higher scale."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from config.errors import InputError
from models.cell_layers import (
    AllCells,
    ChooseCells,
    CountLeaves,
    JudgeCells,
    MarkParts,
    PlaceCells,
    SumParts,
)
from models.count_interval import make_count_interval
from models.encoders import find_deepest
from models.layers import CutPatches, SumCounts
from ops.cell_grids import list_grids
from ops.count_calibration import CountCalibration

CELL_CLASSES = ("none", "sparse", "dense")


class CellWeights(NamedTuple):
    """What reads a cell's pooled features.

    Attributes:
        counts: (C,) weights of the count, >= 0, in objects per unit.
        class_kernel: (C, 3) weights of the logits of `CELL_CLASSES`.
        class_bias: (3,) what is added to them.

    Example:
        >>> CellWeights(np.ones(2), np.zeros((2, 3)), np.zeros(3)).class_bias.shape
        (3,)
    """

    counts: np.ndarray
    class_kernel: np.ndarray
    class_bias: np.ndarray


def build_cell_reader(encoder: keras.Model, weights: CellWeights) -> keras.Model:
    """Build the model that reads one cell: what it is, and how many objects it holds.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        weights: of the cell's pooled features.

    Returns:
        Model from `cell` (M, h, w, 3), float32 RGB in [0, 1], to a dict of `probabilities` (M, 3)
        of `CELL_CLASSES` and `count` (M, 1), >= 0.

    Raises:
        InputError: the weights do not fit the encoder, are not finite, or count negatively.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        >>> weights = CellWeights(np.ones(1280), np.zeros((1280, 3)), np.zeros(3))
        >>> sorted(build_cell_reader(encoder, weights).output)
        ['count', 'probabilities']
    """
    cell = keras.Input(encoder.input_shape[1:], name="cell")
    features = keras.layers.GlobalAveragePooling2D(name="pool")(
        encoder(cell)[find_deepest(encoder)]
    )
    _check_weights(weights, features.shape[-1])
    judge = keras.layers.Dense(3, activation="softmax", dtype="float32", name="probabilities")
    count = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_constraint=keras.constraints.NonNeg(),
        dtype="float32",
        name="cell_count",
    )
    outputs = {"probabilities": judge(features), "count": count(features)}
    judge.set_weights([weights.class_kernel, weights.class_bias])
    count.set_weights([np.reshape(weights.counts, (-1, 1))])
    return keras.Model(cell, outputs, name="cell_reader")


def build_density_counter(
    encoder: keras.Model,
    weights: CellWeights,
    *,
    num_patches: int,
    max_depth: int,
    calibration: CountCalibration | None = None,
) -> keras.Model:
    """Build the counter that looks again, and closer, where there is much to see.

    The picture is cut in N x N cells. A cell of class none counts 0, a sparse one what its
    features say; a dense one is cut in 2 x 2 from the picture's own pixels, and its parts are read
    alike, up to `max_depth` times. Only those parts go through the encoder.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        weights: of a cell's pooled features.
        num_patches: N, at least 1.
        max_depth: at least 0; 0 never cuts again.
        calibration: of this counter; None for counts alone.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W of at least N 2^max_depth
        pixels, to a dict of `count` (B,) and `patch_counts` (B, N * N), float32 and >= 0; with a
        calibration also `count_low`, `count_high` and `none_probability` (B,); `cells` (B, P, 2),
        the count and the state (`models.cell_layers`) of the cells of all depths, in the order of
        `ops.cell_grids.cell_boxes`; and `cell_probabilities` (B, P, 3), 0 for cells not read.

    Raises:
        InputError: a number is out of range, or the weights do not fit.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        >>> weights = CellWeights(np.ones(1280), np.zeros((1280, 3)), np.array([0.0, 0.0, 9.0]))
        >>> counter = build_density_counter(encoder, weights, num_patches=1, max_depth=1)
        >>> counter(np.zeros((1, 40, 50, 3), np.uint8))["cells"][0, :, 1].numpy().tolist()
        [3.0, 4.0, 4.0, 4.0, 4.0]

    References:
        D'Alessandro et al., "AFreeCA: Annotation-Free Counting for All", arXiv 2403.04943, for
        the classes and the second look; there once, with a trained classifier, here up to a depth.
    """
    if num_patches < 1 or max_depth < 0:
        raise InputError(
            f"`N` must be at least 1 and `max_depth` at least 0. Received {num_patches} and "
            f"{max_depth}."
        )
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    reader = build_cell_reader(encoder, weights)
    counts, states, shares, patch_counts = [], [], [], []
    for depth, grid in enumerate(list_grids(num_patches, max_depth)):
        name = f"depth_{depth}"
        cells = CutPatches(grid, encoder.input_shape[1:3], name=f"{name}_cut")(images)
        if depth == 0:
            seen = AllCells(name=f"{name}_seen")(cells)
        else:
            seen = MarkParts(grid // 2, name=f"{name}_seen")(states[-1])
        chosen = ChooseCells(name=f"{name}_chosen")([cells, seen])  # (M, h, w, 3)
        read = reader(keras.layers.Rescaling(1 / 255, name=f"{name}_to_unit_range")(chosen))
        share = PlaceCells(dtype="float32", name=f"{name}_classes")([read["probabilities"], seen])
        count = PlaceCells(dtype="float32", name=f"{name}_counts")([read["count"], seen])
        state = JudgeCells(depth < max_depth, dtype="float32", name=f"{name}_states")([share, seen])
        leaves = CountLeaves(dtype="float32", name=f"{name}_leaves")([count[..., 0], state])
        shares.append(share)
        states.append(state)
        counts.append(leaves)
        patch_counts.append(SumParts(num_patches, dtype="float32", name=f"{name}_sums")(leaves))
    outputs = _gather_outputs(counts, states, shares, patch_counts)
    if calibration is not None:
        outputs |= make_count_interval(calibration)(outputs["count"])
    return keras.Model(images, outputs, name="density_counter")


def _gather_outputs(counts, states, shares, patch_counts):
    total = patch_counts[0]
    for part in patch_counts[1:]:
        total = keras.layers.Add(dtype="float32")([total, part])
    cells = keras.ops.stack([_join(counts), _join(states)], axis=-1)  # (B, P, 2)
    return {
        "count": SumCounts(dtype="float32", name="count")(total),
        "patch_counts": total,
        "cells": cells,
        "cell_probabilities": _join(shares),
    }


def _join(parts):
    return parts[0] if len(parts) == 1 else keras.ops.concatenate(parts, axis=1)


def _check_weights(weights, num_features):
    wanted = ((num_features,), (num_features, 3), (3,))
    received = tuple(np.shape(part) for part in weights)
    if received != wanted:
        raise InputError(
            f"`weights` must have the shapes {wanted}, for the encoder's pooled features. "
            f"Received {received}."
        )
    if not all(np.isfinite(part).all() for part in weights) or np.min(weights.counts) < 0:
        raise InputError(
            "`weights` must be finite, those of the count not negative; fit them on features that "
            "are finite."
        )
