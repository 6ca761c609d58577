"""Connected areas by flooding and sums by segment, which every runtime has."""

from __future__ import annotations

import tensorflow as tf

MOST_PIXELS = 2**24  # whole numbers up to here are exact in float32


def flood_masks(values: tf.Tensor, masks: tf.Tensor) -> tf.Tensor:
    """Give every pixel of a mask the largest value in its 8-connected area.

    Values flow to the eight neighbours until none changes, so the rounds grow with the length of
    the longest way inside an area: right for blobs of objects, slow for spirals. `ops.graph_blobs`
    is faster on those, with operations that TensorFlow alone has.

    Args:
        values: (B, H, W, C) float32, at least 0.
        masks: (B, H, W, C) float32, 1 inside and 0 outside; each channel is flooded alone.

    Returns:
        (B, H, W, C) float32, 0 outside the masks.

    Example:
        >>> values, masks = tf.constant([[1.0, 2, 3, 4]]), tf.constant([[1.0, 1, 0, 1]])
        >>> flood_masks(values[..., None, None], masks[..., None, None]).numpy().ravel().tolist()
        [2.0, 2.0, 0.0, 4.0]
    """

    def flow(values, _):
        # Padding is below all values and so never wins.
        grown = tf.nn.max_pool2d(values, 3, 1, "SAME") * masks
        return grown, tf.reduce_any(grown > values)

    return tf.while_loop(lambda _, moved: moved, flow, (values * masks, tf.constant(True)))[0]


def label_flooded(masks: tf.Tensor) -> tf.Tensor:
    """Number the areas of masks: the earlier the first pixel in reading order, the higher.

    Args:
        masks: (B, H, W, C) float32 of 0 and 1; H and W known, at most `MOST_PIXELS` together.

    Returns:
        (B, H, W, C) float32: H W - p for an area whose first pixel is the p-th, 0 outside.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> label_flooded(tf.constant([[1.0, 0, 1]])[..., None, None]).numpy().ravel().tolist()
        [3.0, 0.0, 1.0]
    """
    return flood_masks(_number_pixels(masks), masks)


def count_flooded(masks: tf.Tensor, *, min_area: int = 1) -> tf.Tensor:
    """Count the 8-connected areas of masks.

    Args:
        masks: (B, H, W, C) float32 of 0 and 1; H and W known.
        min_area: smaller areas do not count, in pixels.

    Returns:
        (B, C) float32.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> masks = tf.constant([[1.0, 1, 0, 1]])[..., None, None]
        >>> [count_flooded(masks, min_area=n).numpy().item() for n in (1, 2, 3)]
        [2.0, 1.0, 0.0]
    """
    labels = label_flooded(masks)
    if min_area == 1:
        firsts = (labels == _number_pixels(masks)) & (masks > 0)
        return tf.reduce_sum(tf.cast(firsts, tf.float32), axis=(1, 2))
    areas, _ = _measure_areas(labels)  # (B * C, H W): an area's pixels at its first one
    large = tf.reduce_sum(tf.cast(areas >= min_area, tf.float32), axis=1)
    return tf.reshape(large, (-1, masks.shape[3]))


def drop_small(masks: tf.Tensor, *, min_area: int) -> tf.Tensor:
    """Take the small areas out of masks.

    Args:
        masks: (B, H, W, C) float32 of 0 and 1; H and W known.
        min_area: areas of fewer pixels go.

    Returns:
        (B, H, W, C) float32 of 0 and 1.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> masks = tf.constant([[1.0, 1, 0, 1]])[..., None, None]
        >>> drop_small(masks, min_area=2).numpy().ravel().tolist()
        [1.0, 1.0, 0.0, 0.0]
    """
    if min_area == 1:
        return masks
    height, width, channels = masks.shape[1:]
    areas, firsts = _measure_areas(label_flooded(masks))
    own = tf.gather(tf.reshape(areas, (-1,)), tf.reshape(firsts, (-1,)))
    large = tf.reshape(tf.cast(own >= min_area, tf.float32), (-1, channels, height, width))
    return tf.transpose(large, (0, 2, 3, 1)) * masks


def count_leaves(masks: list[tf.Tensor], *, min_area: int = 1) -> tf.Tensor:
    """Count the areas of nested masks that hold no area of the next mask.

    What `ops.graph_blobs.find_leaf_blobs` finds, their number alone.

    Args:
        masks: at each level (B, H, W, C) float32 of 0 and 1, inside the level before.
        min_area: smaller areas are dropped before the leaves are found, in pixels.

    Returns:
        (B, C) float32.

    Raises:
        ValueError: a mask has too many pixels.

    Example:
        >>> low, high = tf.constant([[1.0, 1, 1, 0, 1]]), tf.constant([[1.0, 0, 1, 0, 0]])
        >>> count_leaves([mask[..., None, None] for mask in (low, high)]).numpy().item()
        3.0
    """
    total = count_flooded(masks[-1], min_area=min_area)
    for lower, higher in zip(masks[:-1], masks[1:], strict=True):
        held = flood_masks(drop_small(higher, min_area=min_area), lower)
        # An area that holds one of the next level is not a leaf: all of it goes.
        total += count_flooded(lower * (1 - held), min_area=min_area)
    return total


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
    labels = label_flooded(masks[..., tf.newaxis])[..., 0]
    areas, _ = _measure_areas(labels[..., tf.newaxis])
    first = tf.argmax(areas, axis=1, output_type=tf.int32)  # (B,) the winner's first pixel
    winner = tf.cast(num_pixels - first, tf.float32)[:, tf.newaxis, tf.newaxis]
    return tf.cast(labels == winner, tf.float32) * masks


def _measure_areas(labels):
    """Return how many pixels each area has, at the place of its first one, and those places.

    Both are (B * C, H W): float32, 0 where no area starts; and int32 places in the flat areas.
    Outside the masks a place is any.
    """
    height, width, channels = labels.shape[1:]
    num_pixels = height * width
    flat = tf.reshape(tf.transpose(labels, (0, 3, 1, 2)), (-1, num_pixels))
    firsts = tf.minimum(num_pixels - tf.cast(flat, tf.int32), num_pixels - 1)
    num_masks = tf.shape(labels)[0] * channels
    firsts += num_pixels * tf.range(num_masks)[:, tf.newaxis]
    inside = tf.cast(flat > 0, tf.float32)
    areas = tf.math.unsorted_segment_sum(
        tf.reshape(inside, (-1,)), tf.reshape(firsts, (-1,)), num_masks * num_pixels
    )
    return tf.reshape(areas, (-1, num_pixels)), firsts


def _number_pixels(masks):
    """Return (1, H, W, 1) float32 from H W down to 1."""
    height, width = masks.shape[1:3]
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"`masks` must have at most {MOST_PIXELS} pixels. Received {height} x {width}."
        )
    numbers = tf.range(height * width, 0, -1, dtype=tf.float32)
    return tf.reshape(numbers, (1, height, width, 1))
