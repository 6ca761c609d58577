"""What a decoder is asked for: seeds, edges, sizes; each term by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from config.schema import TemporalCamParams
from finetuning.temporal_cam.seeding import (
    CRF,
    JOINT_CRF,
    LABELS,
    REGION_BOX,
    REGION_SHARE,
    join_frames,
)
from losses.dense_crf import dense_crf_loss
from losses.entropy import pixel_entropy_loss
from losses.joint_color_crf import joint_color_crf_loss, mean_or_zero
from losses.partial_cross_entropy import partial_cross_entropy
from losses.region_sizes import (
    absolute_size_loss,
    background_larger_loss,
    empty_outside_box_loss,
    temporal_size_loss,
)
from ops.lattice_rows import LatticeRows, join_groups, join_lattice_rows
from ops.seeds import IGNORE

# Term -> the parameter that weighs it.
TERMS = {
    "seeds": "seed_weight",
    "crf": "crf_weight",
    "joint_crf": "joint_crf_weight",
    "size": "size_weight",
    "background_larger": "background_larger_weight",
    "empty_outside": "empty_outside_weight",
    "temporal_size": "temporal_size_weight",
    "entropy": "entropy_weight",
    "l2": "l2",
}


def list_weights(params: TemporalCamParams) -> dict[str, float]:
    """List the factors of the terms that are asked for.

    Args:
        params: resolved parameters.

    Returns:
        {term: factor}, none 0.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> params = load_params(Path("config"), "finetuning/temporal_cam")
        >>> list_weights(params)
        {'seeds': 1.0, 'crf': 2e-09, 'size': 0.01, 'l2': 0.0001}
    """
    weights = {term: getattr(params, name) for term, name in TERMS.items()}
    return {term: weight for term, weight in weights.items() if weight > 0}


def compute_terms(
    logits: tf.Tensor,
    targets: Mapping[str, Any],
    params: TemporalCamParams,
    *,
    sharpness: keras.Variable | float,
) -> dict[str, tf.Tensor]:
    """Compute the terms of the loss on maps, unweighted, each a mean over the batch's frames.

    All is in float32. The mean of `seeds` is over the labelled pixels of the batch, 0 where there
    is none, as published.

    Args:
        logits: (B * M, S, S, 2) float32, background first; M frames of each of B records.
        targets: of `finetuning.temporal_cam.seeding`, batched; without `joint_crf` that term is
            left out.
        params: resolved parameters.
        sharpness: of the barriers.

    Returns:
        {term: scalar} of those that are weighed, but for `l2`.

    Example:
        >>> # see `finetuning.temporal_cam.model`
    """
    weights = list_weights(params)
    logits = ops.cast(logits, "float32")
    maps = ops.softmax(logits, axis=-1)
    barrier = {"sharpness": sharpness}
    crf = {"scale": params.crf_scale, "normalised": params.crf_normalised}
    terms = {}
    if "seeds" in weights:
        terms["seeds"] = _mean_over_seeds(logits, _flatten(targets[LABELS], 2))
    if "crf" in weights:
        lattice = join_lattice_rows(join_frames(targets[CRF]))
        terms["crf"] = ops.mean(dense_crf_loss(maps, lattice, **crf))
    if "joint_crf" in weights and JOINT_CRF in targets:
        joint = join_groups(LatticeRows(**targets[JOINT_CRF]), targets[LABELS].shape[1])
        terms["joint_crf"] = mean_or_zero(joint_color_crf_loss(maps, joint, **crf))
    if "size" in weights:
        terms["size"] = ops.mean(absolute_size_loss(maps, **barrier))
    if "background_larger" in weights:
        terms["background_larger"] = ops.mean(background_larger_loss(maps, **barrier))
    if "empty_outside" in weights:
        boxes = _flatten(targets[REGION_BOX], 1)
        terms["empty_outside"] = ops.mean(empty_outside_box_loss(maps, boxes, **barrier))
    if "temporal_size" in weights:
        shares = _flatten(targets[REGION_SHARE], 0)
        tolerance = params.temporal_size_tolerance
        known = {"tolerance": tolerance, "where": shares >= 0, **barrier}
        terms["temporal_size"] = ops.mean(temporal_size_loss(maps, shares, **known))
    if "entropy" in weights:
        terms["entropy"] = ops.mean(pixel_entropy_loss(logits))
    return terms


def penalise_kernels(model: keras.Model) -> tf.Tensor:
    """Compute half of the sum of squares of the kernels that a model trains.

    With a factor it is what other frameworks call weight decay, of kernels alone.

    Args:
        model: the decoder.

    Returns:
        Scalar float32.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.layers[0].set_weights([ops.ones((2, 1)), ops.ones(1)])
        >>> float(penalise_kernels(model))
        1.0
    """
    kernels = [weight for weight in model.trainable_variables if weight.name == "kernel"]
    return 0.5 * sum(ops.sum(ops.square(ops.cast(kernel, "float32"))) for kernel in kernels)


def _mean_over_seeds(logits, labels):
    losses = partial_cross_entropy(logits, labels)
    num_seeds = ops.sum(ops.cast(ops.not_equal(labels, IGNORE), "float32"))
    return ops.sum(losses) / ops.maximum(num_seeds, 1.0)


def _flatten(values, num_axes):
    """Return (B * M, ...) of (B, M, ...) with `num_axes` more axes, their lengths known."""
    values = tf.convert_to_tensor(values)
    return ops.reshape(values, (-1, *values.shape[values.shape.rank - num_axes :]))
