"""The segmenter of a run: built, started from weights, compiled with its loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from config.errors import InputError
from config.schema import GuidedSegmentationParams
from losses.partial_cross_entropy import build_partial_loss
from models.encoders import build_encoder, set_batch_norm
from models.large_fov import build_large_fov
from models.picture_squares import GRID
from models.segmenter import build_segmenter
from reporting.model_files import load_keras_model
from training.experiment import build_optimizer, build_stepped_rate

IGNORE = 255
MONITOR = "val_mean_iou"


def build_models(
    params: GuidedSegmentationParams,
    class_names: Sequence[str],
    seeds: Path,
    *,
    num_steps: int,
    accumulate: int = 1,
    class_weights: Sequence[float] | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build what is saved and what is trained, of the same layers.

    Args:
        params: resolved parameters.
        class_names: the names of classes 1 to K.
        seeds: `seeds.keras`, whose encoder the network may start from.
        num_steps: updates of the weights in the whole training, over all its parts.
        accumulate: parts of a step, which the optimizer counts.
        class_weights: of the loss, see `losses.partial_cross_entropy.balance_classes`.

    Returns:
        (what `models.segmenter.build_segmenter` gives, what `build_trained` gives).

    Raises:
        InputError: a parameter or a file cannot be used.

    Example:
        >>> # see `finetuning.guided_segmentation.fitting`
    """
    if params.image_size % GRID != 1:
        nearest = GRID * max(1, round((params.image_size - 1) / GRID)) + 1
        raise InputError(
            f"`image_size` must be {GRID} k + 1 pixels, so that all maps line up. Received "
            f"{params.image_size}; the nearest is {nearest}."
        )
    network = build_network(params, len(class_names), seeds)
    segmenter = build_segmenter(
        network,
        params.image_size if params.resize == "tight" else None,
        class_names,
        scales=params.test_scales,
        mirror=params.test_mirror,
    )
    trained = build_trained(
        network, params, num_steps=num_steps, accumulate=accumulate, class_weights=class_weights
    )
    return segmenter, trained


def build_network(params: GuidedSegmentationParams, num_classes: int, seeds: Path) -> keras.Model:
    """Build the network that parameters describe, with the weights that it starts from.

    Args:
        params: resolved parameters.
        num_classes: number of classes, K.
        seeds: `seeds.keras`, whose encoder it may start from.

    Returns:
        See `models.large_fov.build_large_fov`.

    Raises:
        InputError: a parameter or a file cannot be used.

    Example:
        >>> # see `finetuning.guided_segmentation.fitting`
    """
    shape = (params.image_size, params.image_size, 3)
    encoder = build_encoder(params.model_name, shape, weights=params.weights, alpha=params.alpha)
    if params.start == "seeds":
        copy_weights(load_keras_model(seeds), encoder, where=str(seeds))
    set_batch_norm(encoder, params.batch_norm, params.batch_norm_momentum)
    return build_large_fov(
        encoder,
        num_classes=num_classes,
        num_neurons=params.num_neurons,
        dropout=params.dropout,
        head=params.head,
    )


def copy_weights(source: keras.Model, encoder: keras.Model, *, where: str) -> None:
    """Copy the weights of an encoder's layers out of a model that holds layers of their names.

    Layers beyond the last map that the model uses are absent there, and keep what they have.

    Args:
        source: the model, at any depth.
        encoder: changed in place.
        where: the source's file, for messages.

    Raises:
        InputError: a layer is of another shape there, or none is there.

    Example:
        >>> source = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="a")])
        >>> twin = keras.models.clone_model(source)
        >>> copy_weights(source, twin, where="source.keras")
        >>> bool(twin.get_weights()[0] == source.get_weights()[0])
        True
    """
    found = {layer.name: layer for layer in source._flatten_layers() if layer.weights}
    own = [layer for layer in encoder.layers if layer.weights and layer.name in found]
    for layer in own:
        twin = found[layer.name]
        if [tuple(each.shape) for each in twin.weights] != [tuple(w.shape) for w in layer.weights]:
            own = []
            break
        layer.set_weights(twin.get_weights())
    if not own:
        raise InputError(
            f"`start` seeds needs the encoder of {where}. Received {encoder.name}, whose layers it "
            "lacks, or has in another size; choose its `model_name` and `alpha`, or `start` "
            "weights."
        )


def build_trained(
    network: keras.Model,
    params: GuidedSegmentationParams,
    *,
    num_steps: int,
    accumulate: int = 1,
    class_weights: Sequence[float] | None = None,
) -> keras.Model:
    """Build what is trained: the network with its loss and the agreement with the guide labels.

    The network itself stays uncompiled, so that the segmenter's file names no loss.

    Args:
        network: shared, not copied.
        params: resolved parameters.
        num_steps: updates of the weights in the whole training, over all its parts.
        accumulate: parts of a step, which the optimizer counts.
        class_weights: of the loss, unless its configuration gives others.

    Returns:
        Compiled model with the metric `mean_iou`, over the cells that have a label.

    Raises:
        InputError: the optimizer or the loss cannot be built.

    Example:
        >>> # see `finetuning.guided_segmentation.fitting`
    """
    optimizer = build_optimizer(
        params.optimizer,
        _build_rate(params, num_steps, accumulate),
        schedule="cosine" if params.schedule == "cosine" else "constant",
        num_steps=num_steps,
        momentum=params.momentum,
        weight_decay=params.weight_decay or None,
    )
    if params.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    num_labels = network.output.shape[-1]
    agreement = keras.metrics.MeanIoU(
        num_labels, ignore_class=IGNORE, sparse_y_pred=False, name=MONITOR.removeprefix("val_")
    )
    trained = keras.Model(network.input, network.output, name="trained")
    loss = build_partial_loss(params.loss)
    if class_weights is not None and loss.class_weights is None:
        loss = type(loss).from_config({**loss.get_config(), "class_weights": class_weights})
    trained.compile(optimizer, loss, metrics=[agreement])
    return trained


def _build_rate(params: GuidedSegmentationParams, num_steps: int, accumulate: int):
    if params.schedule != "steps":
        return params.learning_rate
    steps = {"num_steps": num_steps, "accumulate": accumulate}
    return build_stepped_rate(params.learning_rate, params.steps_per_drop, **steps)
