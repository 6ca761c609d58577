"""The network of the point systems, and the counter that is saved of it."""

from __future__ import annotations

import keras

from config.errors import InputError
from config.schema import PointFitParams
from losses.lcfcn import build_point_loss
from metrics.blob_counts import BlobMAE
from models.encoders import set_batch_norm
from models.fcn8 import build_fcn8
from models.point_counter import build_point_counter
from models.point_pyramid import build_point_pyramid
from ops.class_blobs import BlobRule
from reporting.point_settings import PointSettings
from training.experiment import build_optimizer

HEADS = {"fcn8": build_fcn8, "pyramid": build_point_pyramid}
ENCODER_SHAPE = (224, 224, 3)  # any will do: the network takes pictures of every size


def build_network(encoder: keras.Model, params: PointFitParams, num_classes: int) -> keras.Model:
    """Build the network that scores every pixel.

    Args:
        encoder: what `build_encoder` or `load_encoder` returned; its layers are copied.
        params: resolved parameters.
        num_classes: number of classes, K.

    Returns:
        Model from (B, H, W, 3) float32 RGB in [0, 1] to logits (B, H, W, 1), or (B, H, W, K + 1)
        with the background first.

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `training.points.train`
    """
    set_batch_norm(encoder, params.batch_norm, params.batch_norm_momentum)
    return HEADS[params.head](
        encoder,
        num_classes=num_classes,
        finest_stride=params.finest_stride,
        num_neurons=params.num_neurons,
        dropout=params.dropout,
        score_bias=params.score_bias,
    )


def build_trained(
    network: keras.Model, params: PointFitParams, num_classes: int, *, num_steps: int
) -> keras.Model:
    """Build what is trained: the network with the loss on points and the error of its counts.

    The network itself stays uncompiled, so that the counter's file names no loss.

    Args:
        network: what `build_network` returned; shared, not copied.
        params: resolved parameters.
        num_classes: number of classes, K.
        num_steps: steps of the whole training, see `build_optimizer`.

    Returns:
        A compiled model of the network's layers.

    Raises:
        InputError: the optimizer or the loss cannot be built.

    Example:
        >>> # see `training.points.fitting`
    """
    optimizer = build_optimizer(
        params.optimizer,
        params.learning_rate,
        schedule=params.schedule,
        num_steps=num_steps,
        beta_1=params.beta_1,
        weight_decay=params.weight_decay,
    )
    # The maps have the network's scale, `min_area` counts pixels of the picture.
    rule = read_rule(params).scaled(params.scale)
    trained = keras.Model(network.input, network.output, name="trained")
    trained.compile(
        optimizer,
        build_point_loss(params.loss, num_classes),
        metrics=[BlobMAE(rule.threshold, rule.levels, rule.min_area)],
    )
    return trained


def read_rule(settings: PointFitParams | PointSettings) -> BlobRule:
    """Take what counts as a blob out of parameters, or out of a counter's settings.

    Args:
        settings: either.

    Returns:
        The rule, in pixels of the picture.

    Example:
        >>> read_rule(PointSettings(min_area=4))
        BlobRule(threshold=0.5, levels=1, min_area=4)
    """
    return BlobRule(settings.threshold, settings.levels, settings.min_area)


def build_counter(
    network: keras.Model, params: PointFitParams, rule: BlobRule, objects_per_blob: float
) -> keras.Model:
    """Build what is saved: from a picture to its blobs.

    Args:
        network: what `build_network` returned; shared, not copied.
        params: resolved parameters.
        rule: what counts as a blob, in pixels of the picture.
        objects_per_blob: counts are blobs times this.

    Returns:
        See `models.point_counter.build_point_counter`.

    Raises:
        InputError: a value is out of range.

    Example:
        >>> # see `training.points.fitting`
    """
    return build_point_counter(
        network,
        scale=params.scale,
        threshold=rule.threshold,
        levels=rule.levels,
        min_area=rule.min_area,
        objects_per_blob=objects_per_blob,
        max_points=params.max_points,
    )


def find_network(counter: keras.Model) -> keras.Model:
    """Take the network out of a counter.

    Args:
        counter: what `build_counter` returned, or its file.

    Returns:
        The network, shared.

    Raises:
        InputError: the model is no point counter.

    Example:
        >>> find_network(keras.Sequential([keras.layers.ReLU()], name="other"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must be a point counter. Received `other`; give the \
folder of a points run.
    """
    for layer in counter.layers:
        if isinstance(layer, keras.Model):
            return layer
    raise InputError(
        f"the model must be a point counter. Received `{counter.name}`; give the folder of a "
        "points run."
    )
