"""The heads of `models.localizer`: layers on an encoder's maps, and what decodes them."""

from __future__ import annotations

import keras
from keras import layers

from models.box_choices import DecodeGrid, DecodeMask
from models.box_layers import BoxScore, DecodeBox, DecodeEdges, DecodeHeat, Profile

# The original's maps of MobileNetV2: before the expansion, so narrower than the encoder's own.
MASK_MAPS = {"mobilenet_v2": ("block_15_add", "block_12_add", "block_5_add")}
GRID_MAPS = {"mobilenet_v2": "block_16_project_BN"}
# Batches are small and epochs few: the usual .99 would not have settled at the end of them.
BATCH_NORM_MOMENTUM = 0.9

Outputs = dict[str, keras.KerasTensor]


def add_box_head(encoder: keras.Model, box_form: str, num_neurons: int, dropout: float) -> Outputs:
    """Read the box off the last map with one convolution as large as that map.

    Args:
        encoder: what `build_encoder` returned.
        box_form: one of `models.box_layers.BOX_FORMS`.
        num_neurons: width of a 1 x 1 convolution before it; 0 for none, as published.
        dropout: share of the features that training drops before it.

    Returns:
        `box` (B, 4) and, in the form "pixels", `raw_box` (B, 4).

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    x = encoder.output["stride_32"]  # (B, h, w, C)
    if num_neurons:
        x = layers.Conv2D(num_neurons, 1, activation="relu", name="head_box_features")(x)
    if dropout:
        x = layers.SpatialDropout2D(dropout, name="head_box_dropout")(x)
    x = layers.Conv2D(4, x.shape[1:3], name="head_box", dtype="float32")(x)  # (B, 1, 1, 4)
    numbers = layers.Reshape((4,), name="head_raw_box", dtype="float32")(x)
    size = encoder.input.shape[1:3] if box_form == "pixels" else None
    box = DecodeBox(box_form, size, name="decode_box", dtype="float32")(numbers)
    return {"box": box, "raw_box": numbers} if box_form == "pixels" else {"box": box}


def add_mask_head(encoder: keras.Model, num_neurons: int, rounding: str) -> Outputs:
    """Draw the box as a mask at stride 8, from the maps at strides 32, 16 and 8.

    Args:
        encoder: what `build_encoder` returned, of an input whose sides are multiples of 32.
        num_neurons: width of the convolutions, 256 as published.
        rounding: see `models.box_choices.DecodeMask`.

    Returns:
        `box` (B, 4), `score` (B,) and `mask` (B, H / 8, W / 8, 1) logits.

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    x, *finer = _mask_maps(encoder)
    for stride, features in zip((16, 8), finer, strict=True):
        x = layers.UpSampling2D(name=f"head_mask_{stride}_up")(x)
        x = _convolve(x, num_neurons, f"head_mask_{stride}_in")
        x = layers.Concatenate(name=f"head_mask_{stride}_join")([x, features])
        x = _convolve(x, num_neurons, f"head_mask_{stride}_out")
    mask = layers.Conv2D(1, 1, name="head_mask", dtype="float32")(x)
    return {**DecodeMask(rounding, name="decode_mask", dtype="float32")(mask), "mask": mask}


def add_grid_head(encoder: keras.Model, num_neurons: int) -> Outputs:
    """Let each cell of the last map say whether it holds the object's centre, and of what box.

    Args:
        encoder: what `build_encoder` returned.
        num_neurons: width of the convolutions, 112 as published.

    Returns:
        `box` (B, 4), `score` (B,) and `grid` (B, h, w, 5): height, width, offset y, offset x,
        objectness, all in [0, 1].

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    name = GRID_MAPS.get(encoder.name)
    x = encoder.get_layer(name).output if name else encoder.output["stride_32"]
    options = {"padding": "same", "name": "head_grid_1"}
    x = layers.Conv2D(num_neurons, 3, activation="relu", **options)(x)
    x = _convolve(x, num_neurons, "head_grid_2")
    x = layers.Conv2D(5, 1, name="head_grid_logits", dtype="float32")(x)
    grid = layers.Activation("sigmoid", name="head_grid", dtype="float32")(x)  # (B, h, w, 5)
    return {**DecodeGrid(name="decode_grid", dtype="float32")(grid), "grid": grid}


def add_heat_head(encoder: keras.Model, num_neurons: int, dropout: float) -> Outputs:
    """Weigh what every place says of the box with a heat map of its centre.

    Args:
        encoder: what `build_encoder` returned, of an input whose sides are multiples of 32.
        num_neurons: width of the fused map.
        dropout: share of its channels that training drops.

    Returns:
        `box` (B, 4), `score` (B,) and `heat` (B, H / 16, W / 16, 1) logits.

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    x = _fuse_maps(encoder, num_neurons, dropout)
    heat = layers.Conv2D(1, 1, name="head_heat", dtype="float32")(x)
    shape = layers.Conv2D(4, 1, name="head_heat_shape", dtype="float32")(x)
    found = DecodeHeat(name="decode_heat", dtype="float32")([heat, shape])
    return {**found, "heat": heat}


def add_edge_head(encoder: keras.Model, num_neurons: int, dropout: float) -> Outputs:
    """Find the left and right edge among the columns, and the top and bottom among the rows.

    Args:
        encoder: what `build_encoder` returned, of an input whose sides are multiples of 32.
        num_neurons: width of the fused map and of the convolution along each axis.
        dropout: share of the map's channels that training drops.

    Returns:
        `box` (B, 4) and `score` (B,).

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    x = _fuse_maps(encoder, num_neurons, dropout)
    logits = []
    for name, crossed in (("columns", 1), ("rows", 2)):
        profile = Profile(crossed, name=f"head_{name}")(x)  # (B, W or H, 2 C)
        options = {"padding": "same", "name": f"head_{name}_mix"}
        profile = layers.Conv1D(num_neurons, 3, activation="relu", **options)(profile)
        options = {"padding": "same", "name": f"head_{name}_edges", "dtype": "float32"}
        logits.append(layers.Conv1D(2, 3, **options)(profile))
    return DecodeEdges(name="decode_edges", dtype="float32")(logits)


def add_class_branch(
    encoder: keras.Model, outputs: Outputs, num_classes: int, dropout: float
) -> Outputs:
    """Add the classes, and a score where the head gives none.

    Args:
        encoder: what `build_encoder` returned.
        outputs: of the head.
        num_classes: number of classes, K; 0 for none.
        dropout: share of the features that training drops before them.

    Returns:
        The outputs with `score` (B,) and, where there are classes, `class_logits` (B, K).

    Example:
        >>> # see `models.localizer.build_localizer`
    """
    outputs = dict(outputs)
    box = outputs.pop("box")
    if num_classes:
        x = layers.GlobalAveragePooling2D(name="head_class_mean")(encoder.output["stride_32"])
        if dropout:
            x = layers.Dropout(dropout, name="head_class_dropout")(x)
        logits = layers.Dense(num_classes, name="head_class_logits", dtype="float32")(x)
        outputs["class_logits"] = logits
    score = outputs.pop("score", None)
    if score is None:
        source = outputs["class_logits"] if num_classes else box
        score = BoxScore(bool(num_classes), name="decode_score", dtype="float32")(source)
    return {"box": box, "score": score, **outputs}


def _mask_maps(encoder):
    if names := MASK_MAPS.get(encoder.name):
        return [encoder.get_layer(name).output for name in names]
    return [encoder.output[f"stride_{stride}"] for stride in (32, 16, 8)]


def _convolve(x, num_neurons, name):
    x = layers.Conv2D(num_neurons, 3, padding="same", name=name)(x)
    return _normalise(x, name)


def _fuse_maps(encoder, num_neurons, dropout):
    """Return a map at stride 16 that holds the last map, its context and the finer map."""
    x = layers.Conv2D(num_neurons, 1, use_bias=False, name="head_fuse_32")(
        encoder.output["stride_32"]
    )
    x = _normalise(x, "head_fuse_32", momentum=BATCH_NORM_MOMENTUM)
    x = _mix(x, num_neurons, "head_fuse_32_mix")
    context = layers.GlobalAveragePooling2D(name="head_fuse_mean")(x)
    context = layers.Dense(num_neurons, name="head_fuse_context")(context)
    context = layers.Reshape((1, 1, num_neurons), name="head_fuse_spread")(context)
    x = layers.Add(name="head_fuse_with_context")([x, context])
    x = layers.UpSampling2D(interpolation="bilinear", name="head_fuse_up")(x)
    finer = layers.Conv2D(num_neurons, 1, name="head_fuse_16")(encoder.output["stride_16"])
    x = _mix(layers.Add(name="head_fuse_sum")([x, finer]), num_neurons, "head_fuse_16_mix")
    return layers.SpatialDropout2D(dropout, name="head_fuse_dropout")(x) if dropout else x


def _mix(x, num_neurons, name):
    x = layers.Conv2D(num_neurons, 3, padding="same", use_bias=False, name=name)(x)
    return _normalise(x, name, momentum=BATCH_NORM_MOMENTUM)


def _normalise(x, name, momentum=0.99):
    x = layers.BatchNormalization(momentum=momentum, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
