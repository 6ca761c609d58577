"""Networks that find the one object of a picture: an encoder and one of six heads."""

from __future__ import annotations

import difflib
from typing import Any

import keras
import numpy as np

from config.errors import InputError
from models.box_choices import MASK_ROUNDINGS
from models.box_layers import BOX_FORMS, MAX_LOG_FACTOR, PRIOR_SIDE
from models.encoders import build_encoder
from models.localizer_heads import (
    add_box_head,
    add_class_branch,
    add_edge_head,
    add_grid_head,
    add_heat_head,
    add_mask_head,
)

HEADS = ("box", "box_class", "mask", "grid", "heatmap", "edges")
# Layers that a head adds are named so; all others are the encoder's.
HEAD_PREFIXES = ("head_", "decode_")
ENCODER_OPTIONS = {"image_size": 224, "alpha": 1.0, "weights": None}
# Of a head where the caller gives none; mask and grid as published.
_NUM_NEURONS = {"box": 0, "box_class": 0, "mask": 256, "grid": 112, "heatmap": 128, "edges": 128}


def build_localizer(
    encoder: keras.Model | str,
    *,
    head: str,
    num_classes: int = 0,
    box_form: str = "pixels",
    num_neurons: int | None = None,
    dropout: float = 0.0,
    mask_rounding: str = "published",
    **encoder_options: Any,
) -> keras.Model:
    """Build a network that answers with one box per picture.

    The first four heads are those of lars76/object-localization, the others are ours:

    - "box": a convolution as large as the encoder's last map, to `raw_box`. With `box_form`
      "pixels" it is the original, whose loss grows with the picture; "sigmoid" and "exp" give
      fractions of the picture at once and are trained on `box` (`models.box_layers.DecodeBox`).
    - "box_class": the same and the classes.
    - "mask": the box as a mask at stride 8, from the maps at strides 32, 16 and 8.
    - "grid": each cell of the last map says whether it holds the centre, and of what box.
    - "heatmap": the maps at strides 32 and 16, fused; a heat map weighs what each place says of
      centre and size.
    - "edges": the same fused map, summed up along rows and along columns; each edge is found on
      its own axis, of few places. Unlike the box head these two have no weight per place, and
      unlike mask and grid their answer has a gradient, so that losses of boxes train them.

    Any head has classes too where `num_classes` says so: mean of the last map, dropout, logits.
    On encoders other than MobileNetV2, "mask" and "grid" take the maps of the same strides.

    Args:
        encoder: what `build_encoder` returned, whose layers are shared, not copied; or a name of
            `config.schema.ENCODER_NAMES`.
        head: one of `HEADS`.
        num_classes: number of classes K, at least 2, or 0 for none.
        box_form: "pixels", "sigmoid" or "exp", of the heads "box" and "box_class".
        num_neurons: width of the head's inner convolutions; None for the published one (mask 256,
            grid 112), 128 for "heatmap" and "edges", and no inner convolution for "box" and
            "box_class".
        dropout: share of the features that training drops before the classes and, but for "mask"
            and "grid", before the box.
        mask_rounding: how the mask is drawn that "mask" is trained on, see
            `models.box_choices.DecodeMask`.
        encoder_options: where `encoder` is a name: `image_size`, side of the input in pixels,
            224; `alpha`, 1; `weights`, None; the last two of `build_encoder`.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to a dict of float32: `box` (B, 4)
        xyxy in fractions of the picture and `score` (B,) in [0, 1], always; with classes
        `class_logits` (B, K); and what losses act on: `raw_box` (B, 4), x0, y0, width, height in
        pixels ("box", "box_class" in the form "pixels"); `mask` (B, H / 8, W / 8, 1) logits;
        `grid` (B, h, w, 5) in [0, 1], h and w of the last map; `heat` (B, H / 16, W / 16, 1)
        logits; of "edges" none but `box`.
        `score` is the cell's objectness ("grid"), the mean probability ("mask"), the peak's
        weight ("heatmap", "edges"), else the likeliest class's probability, or 1 without classes.

    Raises:
        InputError: an argument is out of range, or the input's size does not suit the head: "mask",
            "heatmap" and "edges" take multiples of 32.

    Example:
        >>> model = build_localizer("mobilenet_v2", head="heatmap", image_size=64, alpha=0.35)
        >>> {name: tuple(output.shape) for name, output in model.output.items()}
        {'box': (None, 4), 'score': (None,), 'heat': (None, 4, 4, 1)}

    References:
        https://github.com/lars76/object-localization, examples 1 to 4. Differences: a kernel as
        large as the last map, so that every size works; "mask" ends in logits.
        Sun et al., "Integral Human Pose Regression", arXiv 1711.08229: the soft argmax.
    """
    _check_arguments(head, num_classes, box_form, num_neurons, dropout)
    _require_one_of("mask_rounding", mask_rounding, MASK_ROUNDINGS)
    encoder = _take_encoder(encoder, encoder_options)
    if num_neurons is None:
        num_neurons = _NUM_NEURONS[head]
    if head in ("mask", "heatmap", "edges"):
        _check_size(encoder, head)
    if head == "mask":
        outputs = add_mask_head(encoder, num_neurons, mask_rounding)
    elif head == "grid":
        outputs = add_grid_head(encoder, num_neurons)
    elif head == "heatmap":
        outputs = add_heat_head(encoder, num_neurons, dropout)
    elif head == "edges":
        outputs = add_edge_head(encoder, num_neurons, dropout)
    else:
        outputs = add_box_head(encoder, box_form, num_neurons, dropout)
    outputs = add_class_branch(encoder, outputs, num_classes, dropout)
    return keras.Model(encoder.input, outputs, name=f"{head}_localizer")


def set_mean_box(localizer: keras.Model, box: np.ndarray) -> None:
    """Make an untrained localiser answer the same box for every picture.

    The last convolution's weights become 0 and its bias says the box: training starts from the
    best constant answer. "grid" takes its size alone, "mask" and "edges" nothing.

    Args:
        localizer: what `build_localizer` returned; changed in place.
        box: (4,) xyxy, fractions of the picture; not empty.

    Raises:
        ValueError: the box is empty or outside the picture.

    Example:
        >>> model = build_localizer("mobilenet_v2", head="box", box_form="sigmoid", image_size=32)
        >>> set_mean_box(model, np.array([0.25, 0.25, 0.5, 0.75]))
        >>> model(keras.ops.zeros((1, 32, 32, 3)))["box"].numpy().round(3).tolist()
        [[0.25, 0.25, 0.5, 0.75]]
    """
    box = np.asarray(box, np.float64)
    corner, other = box[:2], box[2:]
    if (
        box.shape != (4,)
        or not (0 <= corner).all()
        or not (corner < other).all()
        or other.max() > 1
    ):
        raise ValueError(
            "`box` must be (4,) xyxy in fractions of the picture, x0 < x1 and y0 < y1. "
            f"Received {box.tolist()}."
        )
    centre, sides = (corner + other) / 2, other - corner
    names = {layer.name for layer in localizer.layers}
    if "head_box" in names:
        decode = localizer.get_layer("decode_box")
        _set_bias(localizer.get_layer("head_box"), _invert(decode, corner, centre, sides))
    elif "head_heat_shape" in names:
        bias = [*_logit(sides), *np.arctanh(centre - 0.5)]
        _set_bias(localizer.get_layer("head_heat_shape"), bias)
        _set_bias(localizer.get_layer("head_heat"), [0.0])
    elif "head_grid_logits" in names:
        layer = localizer.get_layer("head_grid_logits")
        layer.bias.assign([*_logit(sides[::-1]), *np.asarray(layer.bias)[2:]])


def list_encoder_layers(localizer: keras.Model) -> list[keras.layers.Layer]:
    """List the layers of a localiser that belong to its encoder, from the input on.

    Args:
        localizer: what `build_localizer` returned, or its file.

    Returns:
        The layers, the input and the preprocess among them.

    Example:
        >>> model = build_localizer("mobilenet_v2", head="box", image_size=32, alpha=0.35)
        >>> list_encoder_layers(model)[-1].name
        'out_relu'
    """
    return [layer for layer in localizer.layers if not layer.name.startswith(HEAD_PREFIXES)]


def _take_encoder(encoder, options):
    if unknown := sorted(set(options) - set(ENCODER_OPTIONS)):
        nearest = difflib.get_close_matches(unknown[0], ENCODER_OPTIONS, n=1, cutoff=0)[0]
        raise InputError(f"`{unknown[0]}` is no argument. The nearest one is `{nearest}`.")
    if not isinstance(encoder, str):
        if options:
            raise InputError(
                f"`{min(options)}` must be left out where `encoder` is a model, not a name."
            )
        return encoder
    options = {**ENCODER_OPTIONS, **options}
    side = options["image_size"]
    return build_encoder(
        encoder, (side, side, 3), alpha=options["alpha"], weights=options["weights"]
    )


def _check_arguments(head, num_classes, box_form, num_neurons, dropout):
    _require_one_of("head", head, HEADS)
    _require_one_of("box_form", box_form, BOX_FORMS)
    if num_classes < 0 or num_classes == 1:
        raise InputError(
            f"`num_classes` must be at least 2, or 0 for no classes. Received {num_classes}."
        )
    if head == "box_class" and not num_classes:
        raise InputError('`head` "box_class" needs `num_classes` of at least 2; else take "box".')
    needs_neurons = head not in ("box", "box_class")
    if num_neurons is not None and num_neurons < needs_neurons:
        raise InputError(
            f'`num_neurons` of `head` "{head}" must be at least {int(needs_neurons)}. '
            f"Received {num_neurons}."
        )
    if not 0 <= dropout < 1:
        raise InputError(f"`dropout` must be at least 0 and below 1. Received {dropout}.")


def _require_one_of(name, value, allowed):
    if value not in allowed:
        nearest = difflib.get_close_matches(str(value), allowed, n=1, cutoff=0)[0]
        raise InputError(
            f"`{name}` must be one of {', '.join(allowed)}. Received {value!r}; "
            f"the nearest is {nearest!r}."
        )


def _check_size(encoder, head):
    height, width = encoder.input.shape[1:3]
    if None in (height, width) or height % 32 or width % 32:
        raise InputError(
            f'`head` "{head}" joins maps of different strides, so the input\'s sides must be '
            f"multiples of 32 pixels. Received {height} x {width}; take another `image_size`, or "
            'the head "box" or "grid".'
        )


def _invert(decode, corner, centre, sides):
    """Return the numbers that `DecodeBox` turns into a box."""
    if decode.form == "pixels":
        return np.concatenate([corner, sides]) * np.tile(decode.size[::-1], 2)
    if decode.form == "sigmoid":
        return [*_logit(centre), *_logit(sides)]
    share = np.clip(np.log(sides / PRIOR_SIDE) / MAX_LOG_FACTOR, -0.99, 0.99)
    return [*_logit(centre), *(MAX_LOG_FACTOR * np.arctanh(share))]


def _logit(values):
    values = np.clip(values, 1e-3, 1 - 1e-3)
    return np.log(values / (1 - values))


def _set_bias(layer, bias):
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    layer.bias.assign(bias)
