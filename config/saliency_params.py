"""What the saliency experiment may be told, which learns where objects of any kind are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.shared_params import EncoderParams, TrainingParams, param


@dataclass(frozen=True, kw_only=True)
class SaliencyParams(EncoderParams, TrainingParams):
    """`training/saliency`: say how much each pixel belongs to an object, whatever its class.

    Attributes: see each field's `meaning`.
    """

    image_size: int = param(
        "side of the square to which pictures are resized, a multiple of 32",
        unit="pixels",
        minimum=32,
        maximum=2048,
    )
    num_neurons: int = param("width of the decoder", minimum=1, maximum=4096)
    finest_stride: Literal[4, 8, 16] = param(
        "stride of the finest encoder map that is used, and of the answer", unit="pixels"
    )
    dropout: float = param(
        "share of the decoder's last map hidden in training", minimum=0, maximum=0.9
    )
    unfreeze: str = param(
        'what of the encoder is trained: "none", "all", or "last:N" for its last N layers that '
        "have weights"
    )
    weight_decay: float | None = param(
        "share of each weight taken off per step, times the learning rate; null for none",
        minimum=0,
        maximum=1,
    )
    augment: Literal["none", "published", "published_turns", "general"] = param(
        "recipe of `datasets.augment` by which training pictures and their labels change"
    )
    labels: Literal["boxes", "rbd"] = param(
        "what is learnt from. boxes: masks that GrabCut finds in the boxes; rbd: robust background "
        "detection and GrabCut, without any annotation"
    )
    label_band: int = param(
        "labels say nothing this near to an outline; of a picture of at most 256 a side",
        unit="pixels",
        minimum=0,
        maximum=64,
    )
    masks: str = param(
        "masks that the results are scored with, never learnt from: own, those that the format "
        "knows; none; or a folder inside the data set"
    )
    exclude_classes: tuple[str, ...] | None = param(
        "pictures that show one of these classes are neither learnt from nor validated on; null "
        "for none"
    )
    test_fraction: float = param(
        "share of the pictures held out for the test where the data have no split",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int = param("draws what is held out", minimum=0, maximum=2**31 - 1)
    num_pictures: int = param(
        "pictures on the sheet, half of the worst and half at random", minimum=0
    )
