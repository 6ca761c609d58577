"""The localizer of a run: built, thawed as far as asked, compiled with its losses."""

from __future__ import annotations

import keras

from config.errors import InputError
from config.schema import LocalizationFitParams, LocalizationParams
from losses.localization import build_localization_losses, check_output_losses
from metrics.boxes import BoxIoU, SummedBoxIoU
from models.encoders import build_encoder
from models.localizer import build_localizer, list_encoder_layers
from models.named_metrics import NamedMetricsModel
from training.experiment import build_optimizer
from training.plateau import LoweredRate, ReduceOnPlateau
from training.thawing import thaw_layers

MONITOR = "val_iou"
_METRIC_NAMES = {
    "box_iou": "iou",
    "box_summed_iou": "summed_iou",
    "class_logits_class_accuracy": "class_accuracy",
}


def build_new_localizer(params: LocalizationParams, num_classes: int) -> keras.Model:
    """Build the localizer that parameters describe.

    Args:
        params: resolved parameters.
        num_classes: number of classes, K; 0 where the class is not learnt.

    Returns:
        See `models.localizer.build_localizer`.

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `training.localization.train`
    """
    shape = (params.image_size, params.image_size, 3)
    encoder = build_encoder(params.model_name, shape, weights=params.weights, alpha=params.alpha)
    return build_localizer(
        encoder,
        head=params.head,
        num_classes=num_classes,
        box_form=params.box_form,
        num_neurons=params.num_neurons,
        dropout=params.dropout,
        mask_rounding=params.mask_rounding,
    )


def thaw_encoder(localizer: keras.Model, params: LocalizationFitParams) -> int:
    """Choose which layers of the encoder are trained; the head's always are.

    "last:N" counts the layers that can learn: those with weights, batch normalisation among them
    only where `batch_norm` is "train". Frozen layers keep their weights, and their batch
    normalisation its statistics. Call it before `compile`.

    Args:
        localizer: what `models.localizer.build_localizer` returned; changed in place.
        params: resolved parameters, with `unfreeze`, `batch_norm` and `batch_norm_momentum`.

    Returns:
        Number of the encoder's layers that are trained.

    Raises:
        InputError: `unfreeze` cannot be understood, or asks for more layers than there are, or
            for some where there are none.

    Example:
        >>> # see `training.localization.fitting`
    """
    return thaw_layers(
        list_encoder_layers(localizer),
        params.unfreeze,
        batch_norm=params.batch_norm,
        momentum=params.batch_norm_momentum,
    )


def build_trained(
    localizer: keras.Model, params: LocalizationFitParams, *, num_steps: int
) -> tuple[keras.Model, list[keras.callbacks.Callback]]:
    """Build what is trained: the localizer with its losses and metrics.

    The localizer itself stays uncompiled, so that its file names no loss.

    Args:
        localizer: shared, not copied; its layers are thawed.
        params: resolved parameters.
        num_steps: updates of the weights in the whole training, over all its parts.

    Returns:
        (compiled model, from a picture to the outputs that losses and metrics look at, with the
        metrics `iou`, `summed_iou` and perhaps `class_accuracy`; callbacks of its schedule).

    Raises:
        InputError: the optimizer or a loss cannot be built, or a loss does not suit its output.

    Example:
        >>> # see `training.localization.fitting`
    """
    losses, weights = build_localization_losses(params.loss)
    shapes = {name: tuple(output.shape) for name, output in localizer.output.items()}
    check_output_losses(losses, shapes)
    metrics = {"box": [BoxIoU(name="iou"), SummedBoxIoU(name="summed_iou")]}
    if "class_logits" in localizer.output:
        metrics["class_logits"] = [keras.metrics.CategoricalAccuracy(name="class_accuracy")]
    rate, callbacks = _build_rate(params)
    optimizer = build_optimizer(
        params.optimizer,
        rate,
        schedule="cosine" if params.schedule == "cosine" else "constant",
        num_steps=num_steps,
        momentum=params.momentum,
        weight_decay=params.weight_decay or None,
    )
    outputs = {name: localizer.output[name] for name in (*metrics, *losses)}
    trained = NamedMetricsModel(
        localizer.input, outputs, metric_names=_METRIC_NAMES, name="trained"
    )
    for weight in trained.trainable_variables if params.l2 else ():
        weight.regularizer = keras.regularizers.L2(params.l2)
    trained.compile(optimizer, losses, loss_weights=weights, metrics=metrics)
    return trained, callbacks


def _build_rate(
    params: LocalizationFitParams,
) -> tuple[float | LoweredRate, list[keras.callbacks.Callback]]:
    if params.schedule == "cosine":
        if params.learning_rate_decay:
            raise InputError(
                "`learning_rate_decay` must be 0 where `schedule` is cosine, which falls by "
                f"itself. Received {params.learning_rate_decay}."
            )
        return params.learning_rate, []
    rate = LoweredRate(params.learning_rate, decay=params.learning_rate_decay)
    if params.schedule == "constant":
        return rate, []
    plateau = ReduceOnPlateau(
        rate,
        MONITOR,
        factor=params.plateau_factor,
        patience=params.plateau_patience,
        floor=params.learning_rate_floor,
    )
    return rate, [plateau]
