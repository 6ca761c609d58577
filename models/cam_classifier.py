"""Classifiers of video tags whose features are fine enough to show where the object is."""

from __future__ import annotations

import difflib
from typing import Any

import keras

from config.cam_names import POOLING_NAMES
from config.errors import InputError
from models.cam_encoders import build_cam_encoder
from models.poolings import POOLINGS

HEAD_LAYER = "head_classes"


def build_cam_classifier(
    encoder_name: str,
    *,
    num_classes: int,
    pooling: str = "wgap",
    image_size: int = 224,
    **encoder_options: Any,
) -> keras.Model:
    """Build a classifier with an encoder of few strides and a pooling head.

    Any method of `models.cam` draws its class activation maps; where the pooling is not "wgap", the
    head has maps of the classes of its own, which "cam" reads off.

    Args:
        encoder_name: one of `config.cam_names.CAM_ENCODER_NAMES`, see `models.cam_encoders`.
        num_classes: number of classes, K.
        pooling: one of `config.cam_names.POOLING_NAMES`, see `models.poolings`.
        image_size: side of the square input, S, pixels; 224 as published.
        encoder_options: `weights`, `alpha`, `stride` and `cut`, as
            `models.cam_encoders.build_cam_encoder` takes them. At stride 8 the maps of 224 pixels
            have 28 x 28 cells; 16 costs less than half and shows half as much.

    Returns:
        Model from `image` (B, S, S, 3), float32 RGB in [0, 1], to `scores` (B, K) logits,
        `features` (B, h, w, C), none negative, and `maps` (B, h, w, K), those of the head; with
        "wgap" the class activation maps without the bias. Layers keep the encoder's names; others
        start with `head_`.

    Raises:
        InputError: an argument is out of range, or the weights cannot be had, read, or put into
            this encoder.
        TypeError: an option of the encoder is unknown.

    Example:
        >>> model = build_cam_classifier("mobilenet_v2", num_classes=3, image_size=64, alpha=0.35)
        >>> {name: tuple(x.shape) for name, x in model(keras.ops.zeros((2, 64, 64, 3))).items()}
        {'scores': (2, 3), 'features': (2, 8, 8, 1280), 'maps': (2, 8, 8, 3)}

    References:
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542; sbelharbi/tcam-wsol-video. Its heads
        but WGAP have one more map, for the background, that no score and no loss sees; here none.
    """
    if pooling not in POOLINGS:
        nearest = difflib.get_close_matches(str(pooling), POOLING_NAMES, n=1, cutoff=0)[0]
        raise InputError(
            f"`pooling` must be one of {', '.join(POOLING_NAMES)}. Received {pooling!r}; the "
            f"nearest is {nearest!r}."
        )
    head = POOLINGS[pooling](num_classes, name=HEAD_LAYER, dtype="float32")
    encoder = build_cam_encoder(encoder_name, image_size, **encoder_options)
    found = head(encoder.output)
    outputs = {"scores": found["scores"], "features": encoder.output, "maps": found["maps"]}
    return keras.Model(encoder.input, outputs, name=f"{encoder_name}_cam_classifier")
