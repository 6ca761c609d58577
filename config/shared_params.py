"""What experiments share: how a value is described, and the values of several of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ENCODER_NAMES = ("mobilenet_v2", "resnet50", "resnet50_v2", "vgg16")


def param(meaning: str, *, unit: str = "", minimum=None, maximum=None, choices=None) -> Any:
    """Describe one value of an experiment.

    Args:
        meaning: one line that says what the value does.
        unit: unit of the value; "" when it has none.
        minimum: smallest value allowed, or None.
        maximum: largest value allowed, or None.
        choices: the values allowed, or None for all.

    Returns:
        A dataclass field without a default: a config file writes every value out.

    Example:
        >>> param("images per step", minimum=1).metadata["minimum"]
        1
    """
    return field(
        metadata={
            "meaning": meaning,
            "unit": unit,
            "minimum": minimum,
            "maximum": maximum,
            "choices": choices,
        }
    )


@dataclass(frozen=True, kw_only=True)
class ImageParams:
    """What every experiment that reads pictures shares.

    Attributes: see each field's `meaning`.
    """

    batch_size: int = param("records per step", minimum=1, maximum=65_536)
    max_pixels: int = param(
        "larger pictures are refused before decoding", unit="pixels", minimum=10_000
    )
    max_bad_fraction: float = param(
        "share of pictures skipped as they or their own annotation files cannot be read; more stop "
        "the run",
        minimum=0,
        maximum=1,
    )


@dataclass(frozen=True, kw_only=True)
class SteppedParams(ImageParams):
    """What every experiment that trains by steps shares.

    Attributes: see each field's `meaning`.
    """

    epochs: int = param(
        "passes over the training data, or over what is drawn of it", minimum=1, maximum=100_000
    )
    optimizer: str = param("Keras optimizer")
    learning_rate: float = param("step size of the optimizer", minimum=0)
    schedule: Literal["constant", "cosine"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs"
    )
    validation_fraction: float = param(
        "share of the training pictures held out when a format has no validation split",
        minimum=0,
        maximum=0.9,
    )


@dataclass(frozen=True, kw_only=True)
class TrainingParams(SteppedParams):
    """What those of them share that train an encoder with one loss.

    Attributes: see each field's `meaning`.
    """

    batch_norm: Literal["train", "frozen"] = param(
        "train: batch statistics and affine weights learn; frozen: inference mode throughout"
    )
    batch_norm_momentum: float = param(
        "momentum of the encoder's moving statistics", minimum=0, maximum=1
    )
    loss: dict = param("Keras loss as {class_name, config}")


@dataclass(frozen=True, kw_only=True)
class EncoderParams(ImageParams):
    """What every experiment that builds an encoder shares.

    Attributes: see each field's `meaning`.
    """

    model_name: str = param("encoder", choices=ENCODER_NAMES)
    alpha: float = param("width multiplier; MobileNetV2 only", minimum=0.1, maximum=2.0)
    weights: str | None = param('"imagenet", null for random ones, or a weights file')
