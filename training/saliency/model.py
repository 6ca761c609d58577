"""The saliency network of a run: built, thawed as far as asked, compiled with its loss."""

from __future__ import annotations

import keras

from config.schema import SaliencyParams
from losses.partial_cross_entropy import build_partial_loss
from metrics.saliency_iou import SaliencyIoU
from models.encoders import build_encoder
from models.localizer import list_encoder_layers
from models.saliency_network import build_saliency_network
from training.experiment import build_optimizer
from training.thawing import thaw_layers

MONITOR = "val_iou"


def build_new_network(params: SaliencyParams) -> keras.Model:
    """Build the network that parameters describe, with the layers thawed that are trained.

    Args:
        params: resolved parameters.

    Returns:
        See `models.saliency_network.build_saliency_network`.

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `training.saliency.train`
    """
    shape = (params.image_size, params.image_size, 3)
    encoder = build_encoder(params.model_name, shape, weights=params.weights, alpha=params.alpha)
    network = build_saliency_network(
        encoder,
        num_neurons=params.num_neurons,
        finest_stride=params.finest_stride,
        dropout=params.dropout,
    )
    thaw_layers(
        list_encoder_layers(network),
        params.unfreeze,
        batch_norm=params.batch_norm,
        momentum=params.batch_norm_momentum,
    )
    return network


def build_trained(network: keras.Model, params: SaliencyParams, *, num_steps: int) -> keras.Model:
    """Build what is trained: the network with its loss and metric.

    The network itself stays uncompiled, so that its file names no loss.

    Args:
        network: shared, not copied.
        params: resolved parameters.
        num_steps: updates of the weights in the whole training, over all its parts.

    Returns:
        Compiled model from pictures to logits, with the metric `iou`.

    Raises:
        InputError: the optimizer or the loss cannot be built.

    Example:
        >>> # see `training.saliency.fitting`
    """
    optimizer = build_optimizer(
        params.optimizer,
        params.learning_rate,
        schedule=params.schedule,
        num_steps=num_steps,
        weight_decay=params.weight_decay,
    )
    trained = keras.Model(network.input, network.output, name="trained")
    trained.compile(optimizer, build_partial_loss(params.loss), metrics=[SaliencyIoU()])
    return trained
