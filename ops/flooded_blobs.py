"""Connected areas by flooding and scattered sums, which every runtime has."""

from __future__ import annotations

import tensorflow as tf

MOST_PIXELS = 2**24  # whole numbers up to here are exact in float32


def label_flooded(masks: tf.Tensor) -> tf.Tensor:
    """Number the 8-connected areas of masks: the earlier the first pixel, the higher.

    Every pixel starts with its own number, the highest ones flow to the eight neighbours, and each
    pixel takes over what the pixel whose number it has has got meanwhile, so that the rounds grow
    with the logarithm of an area's length. `ops.graph_blobs` does less work, with operations that
    TensorFlow alone has.

    Args:
        masks: (B, H, W, C) float32 of 0 and 1, each channel a mask of its own; H and W known, at
            most `MOST_PIXELS` together.

    Returns:
        (B, H, W, C) float32: H W - p for an area whose first pixel in reading order is the p-th,
        0 outside.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> label_flooded(tf.constant([[1.0, 0, 1]])[..., None, None]).numpy().ravel().tolist()
        [3.0, 0.0, 1.0]
    """
    height, width, channels = masks.shape[1:]
    num_pixels = height * width
    if num_pixels > MOST_PIXELS:
        raise ValueError(
            f"`masks` must have at most {MOST_PIXELS} pixels. Received {height} x {width}."
        )
    numbers = tf.range(num_pixels, 0, -1, dtype=tf.float32)
    numbers = tf.reshape(numbers, (1, height, width, 1))
    # Where each picture's and channel's first pixel stands in the flat labels.
    starts = num_pixels * channels * tf.range(tf.shape(masks)[0])[:, tf.newaxis]
    starts = tf.reshape(starts + tf.range(channels), (-1, 1, 1, channels))

    def flow(labels, _):
        grown = tf.nn.max_pool2d(labels, 3, 1, "SAME") * masks
        places = tf.minimum(num_pixels - tf.cast(grown, tf.int32), num_pixels - 1)
        places = tf.reshape(starts + channels * places, (-1,))
        taken = tf.reshape(tf.gather(tf.reshape(grown, (-1,)), places), tf.shape(grown))
        grown = tf.reshape(tf.maximum(grown, taken * masks), (-1, height, width, channels))
        return grown, tf.reduce_any(grown > labels)

    free = (tf.TensorShape((None, height, width, channels)), tf.TensorShape(()))
    state = (numbers * masks, tf.constant(True))
    return tf.while_loop(lambda _, moved: moved, flow, state, shape_invariants=free)[0]


def count_leaves(masks: tf.Tensor, *, min_area: int = 1) -> tf.Tensor:
    """Count the areas of nested masks that hold no area of the next mask.

    What `ops.graph_blobs.find_leaf_blobs` finds, their number alone; of one mask all its areas.

    Args:
        masks: (L, B, H, W, C) float32 of 0 and 1; along L each mask lies inside the one before. L,
            H, W and C known.
        min_area: smaller areas are dropped before the leaves are found, in pixels.

    Returns:
        (B, C) float32.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> masks = tf.constant([[[1.0, 1, 1, 0, 1]], [[1.0, 0, 1, 0, 0]]])
        >>> count_leaves(masks[..., None, None]).numpy().item()
        3.0
    """
    levels, _, height, width, channels = masks.shape
    stacked = tf.transpose(masks, (1, 2, 3, 0, 4))
    labels = label_flooded(tf.reshape(stacked, (-1, height, width, levels * channels)))
    inside, firsts = _find_firsts(labels)
    areas = _sum_areas(inside, firsts)  # at each area's first pixel, 0 elsewhere
    large = tf.cast(areas >= min_area, tf.float32)
    kept = tf.gather(tf.reshape(large, (-1,)), tf.reshape(firsts, (-1,)))
    kept *= tf.reshape(inside, (-1,))
    kept = tf.reshape(kept, (-1, levels, channels * height * width))
    higher = tf.concat([kept[:, 1:], tf.zeros_like(kept[:, :1])], axis=1)
    held = _sum_areas(tf.reshape(higher, (-1, height * width)), firsts)
    leaves = large * tf.cast(held < 0.5, tf.float32)
    counts = tf.reshape(leaves, (-1, levels, channels, height * width))
    return tf.reduce_sum(counts, axis=(1, 3))


def find_largest(masks: tf.Tensor) -> tf.Tensor:
    """Keep of each mask the area with the most pixels, of equal ones the first.

    Args:
        masks: (B, H, W) float32 of 0 and 1; H and W known.

    Returns:
        (B, H, W) float32 of 0 and 1; all 0 where the mask is empty.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> find_largest(tf.constant([[[1.0, 0, 1, 1]]])).numpy().ravel().tolist()
        [0.0, 0.0, 1.0, 1.0]
    """
    num_pixels = masks.shape[1] * masks.shape[2]
    labels = label_flooded(masks[..., tf.newaxis])
    first = tf.argmax(_sum_areas(*_find_firsts(labels)), axis=1, output_type=tf.int32)  # (B,)
    winner = tf.cast(num_pixels - first, tf.float32)[:, tf.newaxis, tf.newaxis]
    return tf.cast(labels[..., 0] == winner, tf.float32) * masks


def _find_firsts(labels):
    """Return which pixels are inside, and where their area starts among all masks' pixels.

    Both are (B * C, H W), float32 and int32; outside, a place is any of the same mask.
    """
    height, width, channels = labels.shape[1:]
    num_pixels = height * width
    flat = tf.reshape(tf.transpose(labels, (0, 3, 1, 2)), (-1, num_pixels))
    firsts = tf.minimum(num_pixels - tf.cast(flat, tf.int32), num_pixels - 1)
    starts = num_pixels * tf.range(tf.shape(labels)[0] * channels)[:, tf.newaxis]
    return tf.cast(flat > 0, tf.float32), firsts + starts


def _sum_areas(values, firsts):
    """Sum values over each area, (N, H W), at the place of its first pixel; 0 elsewhere."""
    # A scatter: OpenVINO compares each of `unsorted_segment_sum`'s segments with each pixel.
    sums = tf.tensor_scatter_nd_add(
        tf.zeros_like(tf.reshape(values, (-1,))),
        tf.reshape(firsts, (-1, 1)),
        tf.reshape(values, (-1,)),
    )
    return tf.reshape(sums, (-1, values.shape[1]))
