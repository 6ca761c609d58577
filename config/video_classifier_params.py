"""What `training/video_classifier` may be told: learn tags of shots, and show where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.cam_names import CAM_ENCODER_NAMES, CAM_METHOD_NAMES, POOLING_NAMES
from config.shared_params import EncoderParams, TrainingParams, param


@dataclass(frozen=True, kw_only=True)
class VideoClassifierParams(EncoderParams, TrainingParams):
    """`training/video_classifier`: a classifier of shots whose activation maps show the object.

    Attributes: see each field's `meaning`.
    """

    model_name: str = param("encoder", choices=CAM_ENCODER_NAMES)
    image_size: int = param(
        "side of the network's square input; frames lose their shape", unit="pixels", minimum=32
    )
    resize_size: int = param(
        "side to which training frames are resized before a window of `image_size` is cut out",
        unit="pixels",
        minimum=32,
    )
    stride: Literal[8, 16] = param("pixels between the cells of the maps")
    cut: bool = param(
        "end a MobileNetV2 or ResNet50 at its own map of that stride, for small data without "
        "pre-trained weights; false: all of it, with strides removed"
    )
    pooling: str = param("how features become scores of the tags", choices=POOLING_NAMES)
    class_map: dict | None = param(
        '{tag: label, list of labels or "top-1"} of `head_file`, so that nothing is trained; the '
        'tag "*" stands for all others, "top-1" for the likeliest label of a frame that no other '
        "tag has; null: all tags are learnt"
    )
    head_file: str | None = param(
        "`.npz` with the classifier that the encoder's `weights` were trained with; null for none"
    )
    frames_per_shot: int = param("frames of a shot that an epoch shows", minimum=1, maximum=1000)
    unfreeze: str = param(
        'what of the encoder is trained: "none", "all", or "last:N" for its last N layers that '
        "have weights"
    )
    head_rate: float = param(
        "the learning rate of the head and of the encoder's last stage or new layers, as a "
        "multiple of that of the others; other than 1 with sgd only",
        minimum=0.001,
        maximum=1000,
    )
    momentum: float | None = param(
        "of the optimizer sgd, Nesterov's; null: the optimizer's own", minimum=0, maximum=0.9999
    )
    weight_decay: float | None = param(
        "share of each kernel taken off per step, times the learning rate; of biases and of batch "
        "normalisation nothing; null for none",
        minimum=0,
        maximum=1,
    )
    schedule: Literal["constant", "cosine", "steps"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs; steps: it is "
        "multiplied by `drop` after every `epochs_per_drop` epochs"
    )
    epochs_per_drop: int = param("of the schedule steps", unit="epochs", minimum=1)
    drop: float = param("of the schedule steps", minimum=0.001, maximum=1)
    cam_method: str = param("how activation maps are drawn", choices=CAM_METHOD_NAMES)
    validation_frames: int = param(
        "frames of a validation shot scored after every epoch at most, spread evenly; annotated "
        "ones where there are any",
        minimum=1,
    )
    threshold_frames: int = param(
        "frames of a training shot at most, spread evenly, on whose maps the threshold is chosen "
        "that needs no boxes",
        minimum=1,
    )
    inclusive_iou: bool = param(
        "boxes hold their last pixel, as the published protocol counts; false: half-open"
    )
    classes: tuple[str, ...] | None = param("names of the tags to keep; null: all of the data set")
    shot_tags: dict | None = param(
        "{pattern of a shot's name: tag} where folders are sequences, such as those of DAVIS; "
        "null: the tags of the data set"
    )
    test_fraction: float = param(
        "share of the shots held out for the test where the data have no split; 0: where they "
        "have none, the training shots themselves are scored",
        minimum=0,
        maximum=0.9,
    )
    validation_fraction: float = param(
        "share of the others held out for validation where the data have no split; without any, "
        "the training shots themselves choose the best epoch, by their tags",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int = param("draws what is held out", minimum=0, maximum=2**31 - 1)
    num_pictures: int = param("frames on the contact sheet", minimum=0, maximum=100)
