"""What the layers around a network do to pictures of one size, in operations of every runtime."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from models.align_corners import AlignTo
from models.cell_layers import ChooseCells, PlaceCells
from models.fcn8 import ResizeLike
from models.layers import CutPatches
from models.locator import ListBoxes
from models.map_locator import ReadMap, measure_area
from models.picture_scale import SMALLEST_SIDE, ResizeImages, RestoreSize, ScaleImages, scaled_size
from models.picture_squares import (
    FitPictures,
    RestorePictures,
    mirror_places,
    place_picture,
    weigh_cells,
)
from models.point_counter import CountBlobs, class_masks
from models.saliency_network import SaliencyMap
from ops.blob_levels import level_thresholds
from ops.flooded_blobs import count_leaves, find_largest
from ops.patches import patch_boxes
from ops.resampling import aligned_weights, bilinear_weights, resample

# From a layer's inputs to what it gives.
Step = Callable[[object], object]


def _cut_patches(layer, size):
    boxes = patch_boxes(*size, layer.num_patches).astype(int)
    parts = [
        (top, bottom, left, right, *_resize_weights((bottom - top, right - left), layer.size))
        for left, top, right, bottom in boxes.tolist()
    ]

    def step(images: tf.Tensor) -> tf.Tensor:
        patches = [
            resample(images[:, top:bottom, left:right], rows, columns)
            for top, bottom, left, right, rows, columns in parts
        ]
        return tf.stack(patches, axis=1)

    return step


def _choose_cells(*_):
    # All of them: how many are chosen would be known only when the graph runs.
    return lambda inputs: tf.reshape(inputs[0], (-1, *inputs[0].shape[2:]))


def _place_cells(*_):
    def step(inputs: list[tf.Tensor]) -> tf.Tensor:
        values, chosen = inputs
        placed = tf.reshape(values, (-1, chosen.shape[1], values.shape[1]))  # (B, P, K)
        return tf.where(chosen[..., tf.newaxis], placed, tf.zeros_like(placed))

    return step


def _resize_images(layer, size):
    weights = _resize_weights(size, layer.size, antialias=True)
    return lambda images: resample(images, *weights) / 255.0


def _scale_images(layer, size):
    weights = []
    for length, scaled in zip(size, scaled_size(size, layer.scale).numpy().tolist(), strict=True):
        own = bilinear_weights(length, scaled, antialias=layer.scale < 1)
        # Tiny pictures grow to what encoders take by repeating their last row and column.
        weights.append(own[np.minimum(np.arange(max(scaled, SMALLEST_SIDE)), scaled - 1)])
    return lambda images: resample(images, *weights) / 255.0


def _restore_size(layer, size):
    scaled = scaled_size(size, layer.scale).numpy().tolist()
    weights = _resize_weights(scaled, scaled if layer.scale >= 1 else size)

    def step(inputs: list[tf.Tensor]) -> tf.Tensor:
        maps = tf.cast(inputs[0][:, : scaled[0], : scaled[1]], tf.float32)
        return resample(maps, *weights)

    return step


def _fit_pictures(layer, size):
    placed = place_picture(tf.constant(size), square=layer.square, scale=layer.scale)
    own = _resize_weights(size, placed.inside.numpy().tolist(), antialias=True)
    weights = [own[axis][mirror_places(placed, axis).numpy()] for axis in (0, 1)]
    return lambda images: resample(images, *weights) / 255.0


def _restore_pictures(layer, size):
    placed = place_picture(tf.constant(size), square=layer.square, scale=layer.scale)

    def step(inputs: list[tf.Tensor]) -> tf.Tensor:
        maps = inputs[0]
        with tf.init_scope():  # numbers, even while a graph is traced
            weights = [
                weigh_cells(tf.constant(size[i]), tf.constant(maps.shape[i + 1]), placed, i).numpy()
                for i in (0, 1)
            ]
        return resample(maps, *weights)

    return step


def _align_maps(layer, _):
    """Make the step of a layer that resizes a map to another's size, inside a network."""
    aligned = isinstance(layer, AlignTo)

    def step(inputs: list[tf.Tensor]) -> tf.Tensor:
        maps, other = inputs
        sizes = tuple(maps.shape[1:3]), tuple(other.shape[1:3])
        if None in (*sizes[0], *sizes[1]):  # the network is built for any size, then called on one
            return layer.call(inputs)
        weights = aligned_weights if aligned else bilinear_weights
        return resample(maps, *(weights(old, new) for old, new in zip(*sizes, strict=True)))

    return step


def _saliency_map(_, size):
    def step(inputs: list[tf.Tensor]) -> tf.Tensor:
        logits = tf.cast(inputs[0], tf.float32)
        difference = logits[..., 1:] - logits[..., :1]
        weights = _resize_weights(difference.shape[1:3], size)
        return tf.sigmoid(resample(difference, *weights)[..., 0])

    return step


def _list_boxes(layer, size):
    # The layer asks the pictures for their size alone. No tensor: converters lose those.
    known = np.zeros((1, *size, 1), np.float32)
    return lambda inputs: layer.call([inputs[0], known])


def _count_blobs(layer, _):
    thresholds = level_thresholds(layer.threshold, layer.levels)
    min_area = math.ceil(layer.min_area * layer.map_scale**2)

    def step(probabilities: tf.Tensor) -> dict[str, tf.Tensor]:
        # Stand-ins keep the layer's outputs in place; `build_at_size` leaves them out.
        found = layer.compute_output_spec(probabilities)
        found = {name: tf.zeros((1,), spec.dtype) for name, spec in found.items()}
        masks = tf.cast(class_masks(probabilities, thresholds), tf.float32)
        counts = count_leaves(masks, min_area=min_area) * layer.objects_per_blob
        return {**found, "count": tf.reduce_sum(counts, axis=1), "class_counts": counts}

    return step


def _read_map(layer, _):
    limits = np.floor(layer.threshold * np.arange(256.0)).astype(np.float32)

    def step(logits: tf.Tensor) -> dict[str, tf.Tensor]:
        maps = tf.nn.softmax(tf.cast(logits, tf.float32))[..., 1]
        maps = tf.reshape(maps, (-1, *logits.shape[1:3]))  # (B, H, W), of a size that stays known
        # The layer's numbers in float64, without it: 255 p may round up to a whole number.
        levels = tf.floor(255.0 * maps)
        levels -= tf.cast(256.0 * maps - levels < maps, tf.float32)
        peaks = tf.cast(tf.reduce_max(levels, axis=(1, 2), keepdims=True), tf.int32)
        inside = find_largest(tf.cast(levels > tf.gather(limits, peaks), tf.float32))
        return {"map": maps, **measure_area(maps, inside > 0)}

    return step


def _resize_weights(size, new_size, *, antialias=False):
    return [
        bilinear_weights(length, new, antialias=antialias)
        for length, new in zip(size, new_size, strict=True)
    ]


# Layer's class -> who makes its step, given the layer and the size of the pictures.
STEPS: dict[type[keras.layers.Layer], Callable[[keras.layers.Layer, tuple[int, int]], Step]] = {
    AlignTo: _align_maps,
    ChooseCells: _choose_cells,
    CutPatches: _cut_patches,
    ResizeLike: _align_maps,
    PlaceCells: _place_cells,
    ResizeImages: _resize_images,
    ScaleImages: _scale_images,
    RestoreSize: _restore_size,
    FitPictures: _fit_pictures,
    RestorePictures: _restore_pictures,
    SaliencyMap: _saliency_map,
    ListBoxes: _list_boxes,
    CountBlobs: _count_blobs,
    ReadMap: _read_map,
}
