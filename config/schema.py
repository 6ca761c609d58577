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
class TrainingParams(ImageParams):
    """What every experiment that trains by steps shares.

    Attributes: see each field's `meaning`.
    """

    epochs: int = param(
        "passes over the training data, or over what is drawn of it", minimum=1, maximum=100_000
    )
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
    loss: dict = param("Keras loss as {class_name, config}")
    validation_fraction: float = param(
        "share of the training pictures held out when a format has no validation split",
        minimum=0,
        maximum=0.9,
    )


@dataclass(frozen=True, kw_only=True)
class EncoderParams(ImageParams):
    """What every experiment that builds an encoder shares.

    Attributes: see each field's `meaning`.
    """

    model_name: str = param("encoder", choices=ENCODER_NAMES)
    alpha: float = param("width multiplier; MobileNetV2 only", minimum=0.1, maximum=2.0)
    weights: str | None = param('"imagenet", null for random ones, or a weights file')


@dataclass(frozen=True, kw_only=True)
class BaselineParams(EncoderParams, TrainingParams):
    """`training/baseline`: pre-train an encoder by ranking (SYRAC stage 2).

    Attributes: see each field's `meaning`.
    """

    input_shape: tuple[int, int, int] = param(
        "height, width, channels of the network's input", unit="pixels", minimum=1
    )
    initializations: str = param("Keras initializer of the rank decoder's kernels")
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
    reduced_decode: bool = param("decode JPEGs at the reduced scale that input_shape allows")


@dataclass(frozen=True, kw_only=True)
class PointFitParams(TrainingParams):
    """What both experiments on points share: `training/points` and `finetuning/points`.

    Attributes: see each field's `meaning`.
    """

    beta_1: float | None = param(
        "share of the mean gradient that a step keeps; null for the optimizer's own",
        minimum=0,
        maximum=0.9999,
    )
    weight_decay: float | None = param(
        "share of each weight taken off per step, times the learning rate; null for none",
        minimum=0,
        maximum=1,
    )
    loss: dict = param("loss on points as {class_name, config}")
    scale: float = param("pictures are resized by this factor first", minimum=0.01, maximum=16)
    crop: tuple[int, int] | None = param(
        "height, width of a training sample, cut after scaling; null for whole pictures",
        unit="pixels",
        minimum=32,
        maximum=16_384,
    )
    crops_per_epoch: int | None = param(
        "training samples per epoch, drawn anew each epoch; null for one of each picture", minimum=1
    )
    flip: Literal["none", "horizontal", "both"] = param(
        "mirror half of the samples left to right, or that and half of them top to bottom"
    )
    augment_color: float = param(
        "reach of brightness, contrast and saturation changes; 0 for none", minimum=0, maximum=1
    )
    head: Literal["fcn8", "pyramid"] = param(
        "fcn8: sum of the scores of each encoder map; pyramid: score of the fused maps"
    )
    finest_stride: Literal[8, 4, 2] = param(
        "stride of the finest encoder map that is used; smaller ones part smaller objects",
        unit="pixels",
    )
    num_neurons: int = param(
        "width of the head: of a pyramid's features, or of two convolutions before the coarsest "
        "score of fcn8, 0 for none",
        minimum=0,
    )
    dropout: float = param("share of their outputs dropped in training", minimum=0, maximum=0.9)
    score_bias: float = param("what the logits of the classes start at", minimum=-20, maximum=20)
    classes: tuple[str, ...] | None = param(
        "names of the classes to tell apart; null: every object is of one class"
    )
    outside: Literal["drop", "raise"] = param(
        "drop: points outside the picture or its region are left out; raise: they stop the run"
    )
    threshold: float = param(
        "the pixels of a blob have a probability above it", minimum=0, maximum=0.99
    )
    min_area: int = param(
        "smaller blobs are dropped; pixels of the picture before scaling", unit="pixels", minimum=1
    )
    levels: int = param(
        "thresholds from there to 1 over which blobs that touch may come apart; 1 for one",
        minimum=1,
        maximum=100,
    )
    objects_per_blob: float = param(
        "counts are blobs times this; other than 1 where objects lie too close to part",
        minimum=0.01,
        maximum=100,
    )
    calibrate: bool = param(
        "choose threshold, levels and min_area on the validation pictures when all is trained"
    )
    fit_objects_per_blob: bool = param("choose objects_per_blob with them")
    max_points: int = param(
        "points that the saved counter lists per picture at most; counts stay true beyond",
        minimum=1,
        maximum=1_000_000,
    )
    radius: float = param(
        "a point is found when one of its class is predicted within this distance",
        unit="pixels of the picture before scaling",
        minimum=0.5,
    )
    num_labelled: int | None = param(
        "annotated training pictures used, the held-out ones among them; null for all", minimum=2
    )
    num_pictures: int = param("pictures drawn, half of the best and half of the worst", minimum=0)


@dataclass(frozen=True, kw_only=True)
class PointsParams(EncoderParams, PointFitParams):
    """`training/points`: count and locate from one point per object (LCFCN).

    Attributes: see each field's `meaning`.
    """


@dataclass(frozen=True, kw_only=True)
class PointsFinetuneParams(PointFitParams):
    """`finetuning/points`: the same from the encoder of another run and few annotated pictures.

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")


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
    "training/points": PointsParams,
    "finetuning/points": PointsFinetuneParams,
    "finetuning/unsupervised/noisy_synth_regress": NoisySynthRegressParams,
}
