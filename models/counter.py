"""The counter, one model from a uint8 picture to a count: patches, encoder, linear, sum."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from config.errors import InputError
from models.count_interval import make_count_interval
from models.encoders import STRIDES, find_deepest
from models.layers import CutPatches, FoldLists, PoolCells, SumCounts, UnfoldLists
from ops.count_calibration import CountCalibration


class FeatureGrid(NamedTuple):
    """Which features of a patch are counted from.

    Attributes:
        grid: cells along each axis of a patch, G; features are pooled in each.
        strides: of the feature maps that are joined; () for the encoder's coarsest alone.

    Example:
        >>> FeatureGrid()
        FeatureGrid(grid=1, strides=())
    """

    grid: int = 1
    strides: tuple[int, ...] = ()


POOLED = FeatureGrid()  # the coarsest map's, over the whole patch


class CountWeights(NamedTuple):
    """What turns the features of a cell into its count.

    Attributes:
        kernel: (C,) objects per unit of each feature.
        bias: objects, added to each cell, whose count is then cut off at 0; None for weights that
            are not negative, which need neither.

    Example:
        >>> CountWeights(np.ones(2)).bias is None
        True
    """

    kernel: np.ndarray
    bias: float | None = None


def build_feature_extractor(encoder: keras.Model, features: FeatureGrid = POOLED) -> keras.Model:
    """Build the model whose pooled features the counter combines.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        features: which; by default the coarsest map's, pooled over the whole picture.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to `features` (B, G * G, C), >= 0,
        cells row by row; (B, C) for a grid of 1.

    Raises:
        InputError: the encoder has no map of one of the strides, or the grid is below 1.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> tuple(build_feature_extractor(encoder).output.shape)
        (None, 1280)
        >>> tuple(build_feature_extractor(encoder, FeatureGrid(2, (8, 16))).output.shape)
        (None, 4, 288)
    """
    pooled = _pool(encoder, encoder.output, features, name="features")
    return keras.Model(encoder.input, pooled, name="feature_extractor")


def build_patch_counter(
    encoder: keras.Model,
    *,
    weights: CountWeights | np.ndarray | None = None,
    features: FeatureGrid = POOLED,
    calibration: CountCalibration | None = None,
) -> keras.Model:
    """Build the part of the counter that takes patches already cut.

    Evaluation uses it when `tf.data` cuts the patches; all of a batch go through the encoder in
    one pass. count = sum over the patches p of w . f(p), w >= 0; with a bias the sum over the
    cells of all patches of max(0, w . f + b).

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        weights: of the features, an array for those without a bias; None for zeros, to be set
            later with `get_layer("patch_count")`.
        features: which the weights belong to.
        calibration: of the counter; None for counts alone.

    Returns:
        Model from `patches` (B, P, h, w, 3), float32 RGB in [0, 1], any P, to a dict of `count`
        (B,) and `patch_counts` (B, P), both float32 and >= 0; with a calibration also `count_low`,
        `count_high` and `none_probability` (B,), see `models.count_interval`.

    Raises:
        InputError: the encoder does not give the features; the weights are not as many, not
            finite, or negative without a bias.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> counter = build_patch_counter(encoder, weights=np.ones(1280))
        >>> {name: tuple(output.shape) for name, output in counter.output.items()}
        {'count': (None,), 'patch_counts': (None, None)}
    """
    patches = keras.Input((None, *encoder.input_shape[1:]), name="patches")
    x = FoldLists(name="fold_patches")(patches)  # (B * P, h, w, 3)
    x = _pool(encoder, encoder(x), features, name="pool")  # (B * P, C) or (B * P, G * G, C)
    if weights is not None and not isinstance(weights, CountWeights):
        weights = CountWeights(weights)
    signed = weights is not None and weights.bias is not None
    linear = keras.layers.Dense(
        1,
        activation="relu" if signed else None,
        use_bias=signed,
        kernel_initializer="zeros",
        kernel_constraint=None if signed else keras.constraints.NonNeg(),
        dtype="float32",
        name="patch_count",
    )
    x = linear(x)  # (B * P, 1) or (B * P, G * G, 1)
    if weights is not None:
        linear.set_weights(_check_weights(weights, linear.kernel.shape[0]))
    if features.grid > 1:
        x = keras.layers.Reshape((features.grid**2,), dtype="float32", name="cells")(x)
        x = SumCounts(dtype="float32", name="cell_sum")(x)  # (B * P,)
    patch_counts = UnfoldLists(dtype="float32", name="patch_counts")([x, patches])  # (B, P)
    count = SumCounts(dtype="float32", name="count")(patch_counts)  # (B,)
    outputs = {"count": count, "patch_counts": patch_counts}
    if calibration is not None:
        outputs |= make_count_interval(calibration)(count)
    return keras.Model(patches, outputs, name="patch_counter")


def build_counter(
    encoder: keras.Model,
    num_patches: int,
    *,
    weights: CountWeights | np.ndarray | None = None,
    features: FeatureGrid = POOLED,
    calibration: CountCalibration | None = None,
) -> keras.Model:
    """Build the whole counter: a picture of any size in, how many objects it holds out.

    Cuts N x N patches, resizes each to the encoder's input and sums their counts; the model from
    patches to counts is `get_layer("patch_counter")`.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        num_patches: patches along each axis, N, at least 1.
        weights: of the features, an array for those without a bias; None for zeros.
        features: which the weights belong to.
        calibration: of this counter at this `num_patches`; None for counts alone.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W of at least N pixels, to a dict
        of `count` (B,) and `patch_counts` (B, N * N), row by row, both float32 and >= 0; with a
        calibration also `count_low`, `count_high` and `none_probability` (B,).

    Raises:
        InputError: `num_patches` below 1, or features or weights that do not fit.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> counter = build_counter(encoder, 2, weights=np.ones(1280))
        >>> tuple(counter(np.zeros((1, 71, 53, 3), np.uint8))["patch_counts"].shape)
        (1, 4)
    """
    if num_patches < 1:
        raise InputError(f"`N` must be at least 1. Received {num_patches}.")
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    patches = CutPatches(num_patches, encoder.input_shape[1:3], name="cut_patches")(images)
    patches = keras.layers.Rescaling(1 / 255, name="to_unit_range")(patches)
    patch_counter = build_patch_counter(
        encoder, weights=weights, features=features, calibration=calibration
    )
    return keras.Model(images, patch_counter(patches), name="counter")


def _pool(encoder, maps, features, *, name):
    grid, strides = features
    missing = [stride for stride in strides if f"stride_{stride}" not in maps]
    if missing:
        given = [key.removeprefix("stride_") for key in STRIDES if key in maps]
        raise InputError(
            f"`strides` must be of feature maps that the encoder gives: {', '.join(given)}. "
            f"Received {missing[0]}."
        )
    if len(set(strides)) < len(strides):
        raise InputError(f"`strides` must be different. Received {list(strides)}.")
    if grid < 1:
        raise InputError(f"`grid` must be at least 1. Received {grid}.")
    names = [f"stride_{stride}" for stride in strides] or [find_deepest(encoder)]
    joined = len(names) > 1
    pooled = []
    for key in names:
        own = f"{name}_{key}" if joined else name
        pool = PoolCells(grid, name=own) if grid > 1 else None
        pooled.append((pool or keras.layers.GlobalAveragePooling2D(name=own))(maps[key]))
    return keras.layers.Concatenate(name=name)(pooled) if joined else pooled[0]


def _check_weights(weights, num_features):
    kernel, bias = np.asarray(weights.kernel, np.float32), weights.bias
    if kernel.shape != (num_features,):
        raise InputError(
            f"`weights` must be ({num_features},), one per pooled feature of the encoder. "
            f"Received shape {kernel.shape}."
        )
    finite = np.isfinite(kernel).all() and np.isfinite(bias or 0.0)
    if not finite or (bias is None and (kernel < 0).any()):
        wanted, cure = "finite", ""
        if bias is None:
            wanted = "finite and not negative"
            cure = "; fit them with non-negative least squares"
        raise InputError(
            f"`weights` must be {wanted}{cure}. Received values from {kernel.min()} to "
            f"{kernel.max()}, bias {bias}."
        )
    return [kernel[:, np.newaxis]] + ([] if bias is None else [np.array([bias], np.float32)])
