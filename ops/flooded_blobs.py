"""Connected areas by flooding alone, which every runtime can run; no run lengths, no scatter."""

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
        roots = (labels == _number_pixels(masks)) & (masks > 0)
        return tf.reduce_sum(tf.cast(roots, tf.float32), axis=(1, 2))
    ordered = _sort_labels(labels)  # (B, C, N): each area is a run of equal numbers
    num_pixels = ordered.shape[2]
    if min_area > num_pixels:
        return tf.zeros_like(ordered[:, :, 0])
    starts = ordered[:, :, : num_pixels - min_area + 1]
    before = tf.concat([starts[:, :, :1] + 1, starts[:, :, :-1]], axis=2)
    long = (starts == ordered[:, :, min_area - 1 :]) & (starts != before) & (starts > 0)
    return tf.reduce_sum(tf.cast(long, tf.float32), axis=2)


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
    num_pixels = height * width
    if min_area > num_pixels:
        return tf.zeros_like(masks)
    labels = tf.transpose(label_flooded(masks), (0, 3, 1, 2))
    labels = tf.reshape(labels, (-1, num_pixels))  # (B * C, N)
    ordered = tf.math.top_k(labels, k=num_pixels).values  # each area is a run of equal numbers
    # Where each pixel's run starts: as many numbers are higher, found by halving.
    higher = tf.zeros_like(labels, tf.int32)
    step = 1 << num_pixels.bit_length()
    while step := step // 2:
        last = tf.minimum(higher + step, num_pixels) - 1
        more = (tf.gather(ordered, last, axis=1, batch_dims=1) > labels) & (
            higher + step <= num_pixels
        )
        higher += step * tf.cast(more, tf.int32)
    ends = higher + min_area - 1
    there = tf.gather(ordered, tf.minimum(ends, num_pixels - 1), axis=1, batch_dims=1)
    large = (there == labels) & (ends < num_pixels) & (labels > 0)
    large = tf.reshape(tf.cast(large, tf.float32), (-1, channels, height, width))
    return tf.transpose(large, (0, 2, 3, 1))


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
    labels = label_flooded(masks[..., tf.newaxis])
    ordered = _sort_labels(labels)[:, 0]  # (B, N), falling
    num_pixels = ordered.shape[1]
    # The longest run of equal numbers, by halving: a run longer than n has equal numbers n apart.
    places = tf.range(num_pixels)[tf.newaxis]
    gap = tf.zeros_like(ordered[:, :1], tf.int32)  # (B, 1)
    step = 1 << max(num_pixels - 1, 1).bit_length()
    while step := step // 2:
        wider = tf.reduce_any(_is_run(ordered, places, gap + step), axis=1, keepdims=True)
        gap += step * tf.cast(wider, tf.int32)
    runs = tf.cast(_is_run(ordered, places, gap), tf.float32)
    winner = tf.reduce_max(runs * ordered, axis=1)  # the highest number is the first area
    inside = (labels[..., 0] == winner[:, tf.newaxis, tf.newaxis]) & (masks > 0)
    return tf.cast(inside, tf.float32)


def _is_run(ordered, places, gap):
    """Say where a run goes on for `gap` more places: (B, N) bool."""
    num_pixels = ordered.shape[1]
    ends = tf.minimum(places + gap, num_pixels - 1)
    same = tf.gather(ordered, ends, axis=1, batch_dims=1) == ordered
    return same & (places + gap < num_pixels) & (ordered > 0)


def _sort_labels(labels):
    """Return the numbers of each channel falling, (B, C, H W)."""
    height, width, channels = labels.shape[1:]
    flat = tf.reshape(tf.transpose(labels, (0, 3, 1, 2)), (-1, channels, height * width))
    return tf.math.top_k(flat, k=height * width).values


def _number_pixels(masks):
    """Return (1, H, W, 1) float32 from H W down to 1."""
    height, width = masks.shape[1:3]
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"`masks` must have at most {MOST_PIXELS} pixels. Received {height} x {width}."
        )
    numbers = tf.range(height * width, 0, -1, dtype=tf.float32)
    return tf.reshape(numbers, (1, height, width, 1))
