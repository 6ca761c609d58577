"""What the localisation experiments may be told, which find one object per picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from config.shared_params import EncoderParams, TrainingParams, param

# Null stands for a value of `config.localization_variants` while a localizer is trained, and
# for the value of the run that is continued while it is fine-tuned.
_BOX_OPTIONS = ("objects", "class_source", "classes", "test_fraction", "validation_fraction")
_BOX_OPTIONS += ("split_seed",)
_NULL = "null: published for the head, or as in the run continued"


@dataclass(frozen=True, kw_only=True)
class LocalizationFitParams(TrainingParams):
    """What both share: `training/localization` and `finetuning/localization`.

    Attributes: see each field's `meaning`.
    """

    unfreeze: str = param(
        'what of the encoder is trained: "none", "all", or "last:N" for its last N layers that '
        "have weights to learn; batch norm counts only where `batch_norm` is train"
    )
    batch_norm: Literal["train", "frozen"] = param(
        "of the encoder's trained layers. train: batch statistics and affine weights learn; "
        "frozen: inference mode throughout. A head's own always learns"
    )
    batch_size: int | None = param(f"records per step; {_NULL}", minimum=1, maximum=65_536)
    optimizer: str | None = param(f"Keras optimizer; {_NULL}")
    momentum: float | None = param(
        f"of the optimizer sgd; {_NULL} where the optimizer is that, else its own",
        minimum=0,
        maximum=0.9999,
    )
    learning_rate: float | None = param(
        "step size of the optimizer; null: published for the head, or a tenth of that of the run "
        "continued",
        minimum=0,
    )
    learning_rate_decay: float | None = param(
        f"the step size is divided by 1 + this times the steps done; {_NULL}", minimum=0, maximum=1
    )
    schedule: Literal["constant", "cosine", "plateau"] | None = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs; plateau: it "
        f"falls when the validation IoU no longer rises; {_NULL}"
    )
    plateau_factor: float | None = param(
        f"the learning rate is multiplied by this on a plateau; {_NULL}", minimum=0.001, maximum=1
    )
    plateau_patience: int | None = param(
        f"epochs without a better validation IoU that make a plateau; {_NULL}",
        unit="epochs",
        minimum=1,
    )
    learning_rate_floor: float | None = param(
        f"plateaus lower the learning rate to this at least; {_NULL}", minimum=0
    )
    patience: int | None = param(
        "epochs without a better validation IoU after which training stops; `--patience` wins; "
        f"{_NULL}",
        unit="epochs",
        minimum=1,
    )
    weight_decay: float | None = param(
        f"share of each weight taken off per step, times the learning rate; {_NULL}",
        minimum=0,
        maximum=1,
    )
    l2: float | None = param(
        f"the loss gains this times the squares of all weights that are trained; {_NULL}",
        minimum=0,
        maximum=1,
    )
    loss: dict | None = param(
        f"loss of each output as {{output: {{class_name, config, weight}}}}; {_NULL}"
    )
    augment: Literal["none", "published", "published_turns", "general"] | None = param(
        "recipe of `datasets.augment` by which training pictures and their boxes change; " + _NULL
    )
    num_pictures: int = param(
        "pictures drawn with both boxes, half of the best and half at random", minimum=0
    )


@dataclass(frozen=True, kw_only=True)
class LocalizationParams(EncoderParams, LocalizationFitParams):
    """`training/localization`: find the one object of a picture, its box and perhaps its class.

    Attributes: see each field's `meaning`.
    """

    head: Literal["box", "box_class", "mask", "grid", "heatmap", "edges"] = param(
        "how the box is found: as four numbers, the same beside a class, as a mask, in a grid of "
        "cells, around the peak of a heat map, or edge by edge along the rows and columns"
    )
    alpha: float | None = param(
        "width multiplier; MobileNetV2 only; null: published for the head",
        minimum=0.1,
        maximum=2.0,
    )
    image_size: int | None = param(
        "side of the square to which pictures are resized; null: published for the head",
        unit="pixels",
        minimum=32,
        maximum=2048,
    )
    box_form: Literal["pixels", "sigmoid", "exp"] = param(
        "what heads box and box_class give. pixels: corner and sides in pixels, as published; "
        "sigmoid: shares of the picture; exp: centre by sigmoid and sides by exp"
    )
    num_neurons: int | None = param(
        "width of the head's convolutions; null: the head's own", minimum=1, maximum=4096
    )
    dropout: float = param(
        "share of the head's input hidden from it in training", minimum=0, maximum=0.9
    )
    mask_rounding: Literal["published", "centres"] | None = param(
        "which pixels of a true mask lie in the box: published: those between its rounded edges, a "
        "little too few; centres: those whose centre does; null: published for the head"
    )
    start_at_mean_box: bool = param(
        "the untrained head answers the mean box of the training pictures, not a random one"
    )
    with_classes: bool | None = param("learn the object's class too; null: published for the head")
    objects: Literal["only", "first", "largest"] = param(
        "which object of a picture is meant: pictures with several are left out, or the first or "
        "the largest is taken"
    )
    class_source: Literal["annotation", "file_name"] = param(
        "where the class comes from; file_name: the picture's name up to its last underscore"
    )
    classes: tuple[str, ...] | None = param(
        "names of the classes whose objects are kept; null: all of the data set"
    )
    test_fraction: float = param(
        "share of the pictures of each class held out for the test where the data have no split",
        minimum=0,
        maximum=0.9,
    )
    validation_fraction: float = param(
        "share of the others held out for validation where the data have no split",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int = param("draws what is held out", minimum=0, maximum=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class LocalizationFinetuneParams(LocalizationFitParams):
    """`finetuning/localization`: train a localizer further, its encoder's layers among the rest.

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")
    objects: Literal["only", "first", "largest"] | None = param(
        "which object of a picture is meant; null: as in the run continued"
    )
    class_source: Literal["annotation", "file_name"] | None = param(
        "where the class comes from; null: as in the run continued"
    )
    classes: tuple[str, ...] | None = param(
        "names of the classes whose objects are kept; null: as in the run continued"
    )
    test_fraction: float | None = param(
        "share of the pictures of each class held out for the test where the data have no split; "
        "null: as in the run continued",
        minimum=0,
        maximum=0.9,
    )
    validation_fraction: float | None = param(
        "share of the others held out for validation where the data have no split; null: as in "
        "the run continued",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int | None = param(
        "draws what is held out; null: as in the run continued", minimum=0, maximum=2**31 - 1
    )


def take_box_options(params: LocalizationFitParams) -> dict[str, Any]:
    """Take what says which boxed pictures a run reads, and how it splits them.

    Args:
        params: resolved parameters.

    Returns:
        The options of `datasets.boxes.read_boxes`.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> take_box_options(load_params(Path("config"), "training/localization"))["objects"]
        'first'
    """
    return {name: getattr(params, name) for name in _BOX_OPTIONS}
