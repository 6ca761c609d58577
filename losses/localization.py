"""The losses that a localisation experiment's configuration names, one per output."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping

import keras
import tensorflow as tf
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
_DISTANCES = ("SmoothL1Loss", "LogSquaredLoss", "MeanSquaredError", "MeanAbsoluteError")
_DISTANCES += ("Huber", "LogCosh")
_PER_LOGIT = ("SigmoidFocalLoss", "BinaryCrossentropy", "BinaryFocalCrossentropy")
# What each output of a localizer can learn by. An IoU needs corners, which `raw_box` has not.
OUTPUT_LOSSES = {
    "box": ("IoULoss", *_DISTANCES),
    "raw_box": _DISTANCES,
    "mask": ("MaskLoss", *_PER_LOGIT),
    "grid": ("GridLoss",),
    "heat": _PER_LOGIT,
    "class_logits": (
        *("PublishedFocalLoss", "CategoricalFocalLoss", "CategoricalCrossentropy", *_PER_LOGIT),
    ),
}
# Whether they are logits; `grid` comes after its sigmoid.
FROM_LOGITS = {"mask": True, "grid": False, "heat": True, "class_logits": True}


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


def check_output_losses(
    losses: Mapping[str, keras.losses.Loss], shapes: Mapping[str, tuple[int | None, ...]]
) -> None:
    """Require losses that suit the outputs of a localizer, and train all of it.

    Each loss is called once on zeros of its output's shape, so that arguments which do not go
    with it are told before the training.

    Args:
        losses: by output, as `build_localization_losses` returned them.
        shapes: of all outputs of the localizer, the batch first.

    Raises:
        InputError: an output has no loss, takes no loss or another one; a loss takes its output for
            logits, or for probabilities, where it has the other; a call fails or gives no single
            number; or a part of the localizer would learn nothing.

    Example:
        >>> check_output_losses({"box": IoULoss()}, {"box": (None, 4), "score": (None,)})
    """
    for output, loss in losses.items():
        if output not in shapes or output not in OUTPUT_LOSSES:
            known = ", ".join(name for name in shapes if name in OUTPUT_LOSSES)
            raise InputError(
                f"`loss` must be on outputs of this localizer: {known}. Received `{output}`; null "
                "chooses those of the head."
            )
        _check_kind(output, loss)
        _try_loss(output, loss, (1, *shapes[output][1:]))
    _check_all_learn(set(losses), set(shapes))


def _check_kind(output, loss):
    name = type(loss).__name__
    if name not in OUTPUT_LOSSES[output]:
        raise InputError(
            f"`loss` of {output!r} must be one of {', '.join(OUTPUT_LOSSES[output])}. "
            f"Received {name}."
        )
    has_logits = FROM_LOGITS.get(output)
    if getattr(loss, "from_logits", has_logits) != has_logits:
        what = "logits" if has_logits else "probabilities"
        raise InputError(
            f"`loss` of {output!r}, {name}, must have `from_logits` {str(has_logits).lower()}: "
            f"the output is {what}. Received {str(loss.from_logits).lower()}."
        )


def _try_loss(output, loss, shape):
    name = type(loss).__name__
    try:
        value = loss(ops.zeros(shape), ops.zeros(shape))
    except (TypeError, ValueError, tf.errors.OpError) as error:
        raise InputError(
            f"`loss` of {output!r}: {name} cannot be taken of an output of shape {shape}: "
            f"{str(error)[:200]}"
        ) from error
    if value.shape != ():
        raise InputError(
            f"`loss` of {output!r}, {name}, must give one number a batch. Received shape "
            f"{tuple(value.shape)}; leave its `reduction` out."
        )


def _check_all_learn(learning, outputs):
    """Require that the box can learn, and the class where there is one."""
    if "mask" in outputs and "box" in learning:
        raise InputError(
            "`loss` of 'box' must be left out for the head mask, whose box is read off the mask "
            "without a gradient. Put it on `mask`."
        )
    boxes = [name for name in ("mask", "grid") if name in outputs]
    boxes = boxes or [name for name in ("raw_box", "box") if name in outputs]
    if not learning.intersection(boxes):
        raise InputError(
            f"`loss` must be on `{'` or `'.join(boxes)}`, without which the box is not learnt. "
            f"Received it on {', '.join(sorted(learning))}."
        )
    if "class_logits" in outputs - learning:
        raise InputError(
            "`loss` must be on `class_logits` too, without which the class is not learnt. Received "
            f"it on {', '.join(sorted(learning))}; add it, or train with `with_classes` false."
        )


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
