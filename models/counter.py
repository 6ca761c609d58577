"""The counter, one model from a uint8 picture to a count: patches, encoder, linear, sum."""

from __future__ import annotations

import keras
import numpy as np

from config.errors import InputError
from models.count_interval import make_count_interval
from models.encoders import find_deepest
from models.layers import CutPatches, FoldLists, SumCounts, UnfoldLists
from ops.count_calibration import CountCalibration


def build_feature_extractor(encoder: keras.Model) -> keras.Model:
    """Build the model whose pooled features the counter combines.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to `features` (B, C), >= 0.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> tuple(build_feature_extractor(encoder).output.shape)
        (None, 1280)
    """
    pool = keras.layers.GlobalAveragePooling2D(name="features")
    return keras.Model(
        encoder.input, pool(encoder.output[find_deepest(encoder)]), name="feature_extractor"
    )


def build_patch_counter(
    encoder: keras.Model,
    *,
    weights: np.ndarray | None = None,
    calibration: CountCalibration | None = None,
) -> keras.Model:
    """Build the part of the counter that takes patches already cut.

    Evaluation uses it when `tf.data` cuts the patches; all of a batch go through the encoder in
    one pass. count = sum over the patches p of w . f(p), w >= 0.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        weights: (C,) non-negative weights of the pooled features, in objects per unit; None for
            zeros, to be set later with `get_layer("patch_count")`.
        calibration: of the counter; None for counts alone.

    Returns:
        Model from `patches` (B, P, h, w, 3), float32 RGB in [0, 1], any P, to a dict of `count`
        (B,) and `patch_counts` (B, P), both float32 and >= 0; with a calibration also `count_low`,
        `count_high` and `none_probability` (B,), see `models.count_interval`.

    Raises:
        InputError: `weights` of another length than the encoder's features, negative or not finite.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> counter = build_patch_counter(encoder, weights=np.ones(1280))
        >>> {name: tuple(output.shape) for name, output in counter.output.items()}
        {'count': (None,), 'patch_counts': (None, None)}
    """
    patches = keras.Input((None, *encoder.input_shape[1:]), name="patches")
    x = FoldLists(name="fold_patches")(patches)  # (B * P, h, w, 3)
    x = encoder(x)[find_deepest(encoder)]
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)  # (B * P, C)
    linear = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_constraint=keras.constraints.NonNeg(),
        dtype="float32",
        name="patch_count",
    )
    x = linear(x)  # (B * P, 1)
    if weights is not None:
        linear.kernel.assign(_check_weights(weights, linear.kernel.shape[0])[:, np.newaxis])
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
    weights: np.ndarray | None = None,
    calibration: CountCalibration | None = None,
) -> keras.Model:
    """Build the whole counter: a picture of any size in, how many objects it holds out.

    Cuts N x N patches, resizes each to the encoder's input and sums their counts; the model from
    patches to counts is `get_layer("patch_counter")`.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        num_patches: patches along each axis, N, at least 1.
        weights: (C,) non-negative weights of the pooled features; None for zeros.
        calibration: of this counter at this `num_patches`; None for counts alone.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W of at least N pixels, to a dict
        of `count` (B,) and `patch_counts` (B, N * N), row by row, both float32 and >= 0; with a
        calibration also `count_low`, `count_high` and `none_probability` (B,).

    Raises:
        InputError: `num_patches` below 1, or `weights` that do not fit.

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
    outputs = build_patch_counter(encoder, weights=weights, calibration=calibration)(patches)
    return keras.Model(images, outputs, name="counter")


def _check_weights(weights, num_features):
    weights = np.asarray(weights, np.float32)
    if weights.shape != (num_features,):
        raise InputError(
            f"`weights` must be ({num_features},), one per pooled feature of the encoder. "
            f"Received shape {weights.shape}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InputError(
            "`weights` must be finite and not negative; fit them with non-negative least squares. "
            f"Received values from {weights.min()} to {weights.max()}."
        )
    return weights
