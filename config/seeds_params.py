"""What `training/seeds` may be told: learn image tags, and show where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.shared_params import EncoderParams, TrainingParams, param


@dataclass(frozen=True, kw_only=True)
class SeedsParams(EncoderParams, TrainingParams):
    """`training/seeds`: a classifier of tags whose activation maps are the seeds of masks.

    Attributes: see each field's `meaning`.
    """

    image_size: int = param(
        "side of the square in which a picture lies, a multiple of the maps' stride (16 or 8) "
        "plus 1",
        unit="pixels",
        minimum=33,
        maximum=2049,
    )
    variant: Literal["low_res", "high_res", "deeplab"] = param(
        "low_res: maps at stride 16; high_res and deeplab: at stride 8, the last with a wide view"
    )
    cut: bool = param(
        "end the encoder at its own map of that stride, for small data without pre-trained "
        "weights; false: all of it, dilated"
    )
    num_neurons: int = param(
        "width of the head's convolutions; 0 for none, the classes on the encoder's own map",
        minimum=0,
        maximum=4096,
    )
    dropout: float = param("share of the features hidden in training", minimum=0, maximum=0.9)
    class_map: dict | None = param(
        "{tag: label or list of labels} of `head_file` for tags that need no training, or "
        "tag=label,...; null: all tags are learnt"
    )
    head_file: str | None = param(
        "`.npz` with the classifier that the encoder's `weights` were trained with; null for none"
    )
    unfreeze: str = param(
        'what of the encoder is trained: "none", "all", or "last:N" for its last N layers that '
        "have weights"
    )
    momentum: float | None = param(
        "of the optimizer sgd; null: the optimizer's own", minimum=0, maximum=0.9999
    )
    weight_decay: float | None = param(
        "share of each kernel taken off per step, times the learning rate; of biases and of batch "
        "normalisation nothing; null for none",
        minimum=0,
        maximum=1,
    )
    schedule: Literal["constant", "cosine", "steps"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs; steps: it is "
        "divided by 10 after every `steps_per_drop` steps"
    )
    steps_per_drop: int = param("of the schedule steps", unit="steps", minimum=1)
    loss: dict = param("loss on tags as {class_name, config}")
    augment: Literal["none", "published"] = param(
        "published: up to 10 % cut off each side, half of the pictures mirrored"
    )
    balanced: bool = param("batches in which rare tags come as often as common ones")
    cam_scales: tuple[float, ...] = param(
        "factors of `image_size` at which maps are computed; several are averaged",
        minimum=0.25,
        maximum=4,
    )
    cam_flip: bool = param("average the maps with those of the mirrored picture")
    seed_threshold: float | None = param(
        "heat of a seed, as a share of its class's maximum; null: the best on the validation "
        "pictures that have masks, .2 where none has",
        minimum=0,
        maximum=1,
    )
    classes: tuple[str, ...] | None = param(
        "names of the tags to keep, or commonest:N; null: all of the data set"
    )
    masks: str = param(
        'masks to score with, never to learn from: "own" of the format, "none", or their folder '
        "in the data set"
    )
    test_fraction: float = param(
        "share of the pictures held out for the test where the data have no split",
        minimum=0,
        maximum=0.9,
    )
    validation_fraction: float = param(
        "share of the others held out for validation where the data have no split",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int = param("draws what is held out", minimum=0, maximum=2**31 - 1)
    num_pictures: int = param("pictures on the contact sheet", minimum=0, maximum=100)
