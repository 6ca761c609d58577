"""What every experiment may be told: one frozen dataclass each, a line of meaning per value."""

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
class BaselineParams(ImageParams):
    """`training/baseline`: pre-train an encoder by ranking (SYRAC stage 2).

    Attributes: see each field's `meaning`.
    """

    input_shape: tuple[int, int, int] = param(
        "height, width, channels of the network's input", unit="pixels", minimum=1
    )
    epochs: int = param("passes over the training lists", minimum=1, maximum=100_000)
    model_name: str = param("encoder", choices=ENCODER_NAMES)
    alpha: float = param("width multiplier; MobileNetV2 only", minimum=0.1, maximum=2.0)
    weights: str | None = param('"imagenet", null for random ones, or a weights file')
    initializations: str = param("Keras initializer of the rank decoder's kernels")
    batch_norm: Literal["train", "frozen"] = param(
        "train: batch statistics and affine weights learn; frozen: inference mode throughout"
    )
    batch_norm_momentum: float = param(
        "momentum of the encoder's moving statistics", minimum=0, maximum=1
    )
    optimizer: str = param("Keras optimizer")
    learning_rate: float = param("step size of the optimizer", minimum=0)
    schedule: Literal["constant", "cosine"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs"
    )
    loss: dict = param("Keras loss as {class_name, config}: a ranking loss or one on probabilities")
    augment: float | None = param(
        "augmentation strength divisor, larger is weaker; null for none", minimum=0.6
    )
    num_neurons: int = param("width of each hidden layer of the rank decoder", minimum=1)
    dropout: float = param(
        "share of the pooled features hidden from the rank decoder in training",
        minimum=0,
        maximum=0.9,
    )
    num_layers: int = param("hidden layers of the rank decoder", minimum=0)
    list_length: int = param(
        "images per ranked list formed from counts; 2 = pairs", unit="images", minimum=2
    )
    pairs_per_epoch: int | None = param(
        "ranked lists seen per epoch, drawn anew each epoch; null for all", minimum=1
    )
    max_pairs: int = param("lists formed from counts at most; sampled beyond", minimum=1)
    max_validation_pairs: int = param(
        "lists formed from the counts of held-out pictures at most; sampled beyond", minimum=1
    )
    validation_fraction: float = param(
        "share of counted training images held out when a format has no validation split",
        minimum=0,
        maximum=0.9,
    )
    reduced_decode: bool = param("decode JPEGs at the reduced scale that input_shape allows")


@dataclass(frozen=True, kw_only=True)
class NoisySynthRegressParams(ImageParams):
    """`finetuning/unsupervised/noisy_synth_regress`: count from frozen features (SYRAC stage 3).

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")
    N: int = param("test pictures are cut into N x N patches", minimum=1, maximum=64)
    bin_width: int = param(
        "true-count range of one box in the error plot", unit="objects", minimum=1
    )
    num_pictures: int = param("pictures drawn with the count of each patch", minimum=0)


SCHEMAS = {
    "training/baseline": BaselineParams,
    "finetuning/unsupervised/noisy_synth_regress": NoisySynthRegressParams,
}
