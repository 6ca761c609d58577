"""The losses that a localisation experiment's configuration names, one per output."""

from __future__ import annotations

import difflib
import math

import keras
from keras import ops

from config.errors import InputError
from losses.boxes import IoULoss, LogSquaredLoss, SmoothL1Loss
from losses.focal import CategoricalFocalLoss, PublishedFocalLoss, SigmoidFocalLoss
from losses.grid import GridLoss
from losses.mask import MaskLoss

OWN_LOSSES = {
    "LogSquaredLoss": LogSquaredLoss,
    "SmoothL1Loss": SmoothL1Loss,
    "IoULoss": IoULoss,
    "MaskLoss": MaskLoss,
    "GridLoss": GridLoss,
    "SigmoidFocalLoss": SigmoidFocalLoss,
    "CategoricalFocalLoss": CategoricalFocalLoss,
    "PublishedFocalLoss": PublishedFocalLoss,
}
# On logits or probabilities, which they cannot tell apart: the configuration has to say it.
ENTROPIES = {
    "BinaryCrossentropy": keras.losses.BinaryCrossentropy,
    "BinaryFocalCrossentropy": keras.losses.BinaryFocalCrossentropy,
    "CategoricalCrossentropy": keras.losses.CategoricalCrossentropy,
}
LOCALIZATION_LOSSES = {
    **OWN_LOSSES,
    **ENTROPIES,
    "MeanSquaredError": keras.losses.MeanSquaredError,
    "MeanAbsoluteError": keras.losses.MeanAbsoluteError,
    "Huber": keras.losses.Huber,
    "LogCosh": keras.losses.LogCosh,
}


def build_localization_losses(
    spec: dict[str, dict],
) -> tuple[dict[str, keras.losses.Loss], dict[str, float]]:
    """Build the losses and their weights that `compile` takes.

    Args:
        spec: for every output that learns {"class_name": name, "config": arguments, "weight":
            number}; the name is one of `LOCALIZATION_LOSSES`, "config" may be absent, and "weight"
            is 1 without it. A Keras cross-entropy has to say whether it is `from_logits`.

    Returns:
        Losses and weights, both by output name.

    Raises:
        InputError: no output, another shape of an entry, an unknown name, arguments that the loss
            does not take, or a weight that is not positive.

    Example:
        >>> losses, weights = build_localization_losses(
        ...     {"box": {"class_name": "IoULoss", "config": {"kind": "giou"}, "weight": 2.0}}
        ... )
        >>> losses["box"].kind, weights
        ('giou', {'box': 2.0})
    """
    if not isinstance(spec, dict) or not spec:
        raise InputError(
            '`loss` must be {output name: {"class_name": name, "config": {argument: value}, '
            f'"weight": number}}}}, with at least one output. Received {spec!r}.'
        )
    losses = {output: _build_loss(output, entry) for output, entry in spec.items()}
    return losses, {output: _read_weight(output, entry) for output, entry in spec.items()}


def _build_loss(output, entry):
    name, arguments = _read_entry(output, entry)
    if name in ENTROPIES and "from_logits" not in arguments:
        raise InputError(
            f"`loss` of {output!r}, {name}, must say whether its output is a logit: add "
            f'"from_logits": true or false to its "config". Received {arguments}.'
        )
    try:
        loss = LOCALIZATION_LOSSES[name](**arguments)
        if name not in OWN_LOSSES:  # Keras' check their arguments only when they are called.
            loss(ops.ones((1, 4)), ops.ones((1, 4)))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`loss` of {output!r}: {name} does not take {arguments}: {error}"
        ) from error
    return loss


def _read_entry(output, entry):
    known = isinstance(entry, dict) and set(entry) <= {"class_name", "config", "weight"}
    if not known or not isinstance(entry.get("config", {}), dict):
        raise InputError(
            f'`loss` of {output!r} must be {{"class_name": name, "config": {{argument: value}}, '
            f'"weight": number}}. Received {entry!r}.'
        )
    name = entry.get("class_name")
    if name not in list(LOCALIZATION_LOSSES):  # A list: the name may be anything, hashable or not.
        nearest = difflib.get_close_matches(str(name), LOCALIZATION_LOSSES, n=1, cutoff=0)[0]
        raise InputError(
            f"`loss` of {output!r} must name one of {', '.join(LOCALIZATION_LOSSES)}. "
            f"Received {name!r}; the nearest is {nearest!r}."
        )
    return name, entry.get("config", {})


def _read_weight(output, entry):
    weight = entry.get("weight", 1.0)
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not 0 < weight < math.inf:
        raise InputError(
            f"`loss` of {output!r} must have a positive number as weight. Received {weight!r}; "
            "leave the output out to switch its loss off."
        )
    return float(weight)
