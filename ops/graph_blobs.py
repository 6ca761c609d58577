"""Blobs inside a TensorFlow graph: connected areas found by joining the runs of their rows."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class GraphBlobs(NamedTuple):
    """The 8-connected areas of several masks, in one list: mask by mask, by their first pixel.

    Attributes:
        masks: (M,) int32, the mask that each blob lies in, from 0.
        areas: (M,) int32 pixels.
        points: (M, 2) float32 (row, column), the blob's pixel nearest to its centroid.

    Example:
        >>> find_graph_blobs(tf.eye(3, batch_shape=(2,)) > 0).areas.numpy().tolist()
        [3, 3]
    """

    masks: tf.Tensor
    areas: tf.Tensor
    points: tf.Tensor


class _Runs(NamedTuple):
    """Pixels side by side in one row: R of them, each with its place and the first of its blob.

    `owners` (B, H, W) is the run of each pixel of the mask; elsewhere it means nothing.
    """

    masks: tf.Tensor
    rows: tf.Tensor
    starts: tf.Tensor
    stops: tf.Tensor
    owners: tf.Tensor
    parents: tf.Tensor


def find_graph_blobs(masks: tf.Tensor, *, min_area: int = 1) -> GraphBlobs:
    """Find the 8-connected areas of masks in a graph, and a point inside each.

    What `ops.blobs.label_blobs` and `blob_points` find, for a model that is served without Python.
    Rows are cut into runs, runs that touch are joined: each round hangs every tree under the
    lowest one it touches and shortens all paths to the root, so the rounds grow with the
    logarithm of a blob's length, not with the length. On 2 cores, 1 Mpixel takes 16 ms with 400
    discs, 90 to 110 ms with noise, and 70 (or turned by 90 degrees 110) ms with one spiral as
    long as 500,000 pixels. `cv2` labels the same in 1, 8 and 2 ms; with points, the functions of
    `ops.blobs` take 15, 120 and 110 ms.

    Args:
        masks: (B, H, W) bool.
        min_area: smaller blobs are dropped, in pixels.

    Returns:
        One row per blob of all masks.

    Example:
        >>> blobs = find_graph_blobs(tf.constant([[[True, True, False, True]]]))
        >>> blobs.points.numpy().tolist()
        [[0.0, 0.0], [0.0, 3.0]]
    """
    runs = _find_runs(masks)
    owners, areas, is_root = _measure(runs, min_area)
    return _locate(runs, owners, areas, tf.boolean_mask(runs.masks, is_root))


def find_leaf_blobs(masks: tf.Tensor, *, min_area: int = 1) -> GraphBlobs:
    """Find the areas of nested masks that hold no area of the next mask, in a graph.

    What `ops.blob_levels.label_leaf_blobs` finds, given the map at each of its thresholds.

    Args:
        masks: (B, L, H, W) bool; along L each mask lies inside the one before.
        min_area: smaller areas are dropped before the leaves are found, in pixels.

    Returns:
        One row per leaf; its `masks` is the place along B. They come by picture, by level, by
        their first pixels.

    Example:
        >>> levels = tf.constant([[[[True, True, True, False, True]],
        ...                        [[True, False, True, False, False]]]])
        >>> find_leaf_blobs(levels).points.numpy().tolist()
        [[0.0, 4.0], [0.0, 0.0], [0.0, 2.0]]
    """
    batch, levels, height, width = tf.unstack(tf.shape(masks))
    runs = _find_runs(tf.reshape(masks, (batch * levels, height, width)))
    owners, areas, is_root = _measure(runs, min_area)
    # A run lies inside the blob that holds its first pixel one level below.
    inner = tf.where((owners >= 0) & (runs.masks % levels > 0))[:, 0]
    below = [tf.gather(values, inner) for values in (runs.masks - 1, runs.rows, runs.starts)]
    holders = tf.gather(owners, tf.gather_nd(runs.owners, tf.stack(below, axis=1)))
    num_held = tf.math.bincount(holders, minlength=tf.shape(areas)[0])
    is_leaf = num_held == 0
    numbers = tf.where(is_leaf, tf.cumsum(tf.cast(is_leaf, tf.int32)) - 1, -1)
    numbers = tf.concat([numbers, [-1]], axis=0)  # the last for runs that belong to no blob
    owners = tf.gather(numbers, tf.where(owners >= 0, owners, tf.shape(areas)[0]))
    places = tf.boolean_mask(runs.masks, is_root) // levels
    return _locate(runs, owners, tf.boolean_mask(areas, is_leaf), tf.boolean_mask(places, is_leaf))


def label_masks(masks: tf.Tensor, *, min_area: int = 1) -> tf.Tensor:
    """Label the 8-connected areas of masks in a graph.

    Args:
        masks: (B, H, W) bool.
        min_area: smaller blobs are dropped, in pixels.

    Returns:
        (B, H, W) int32 labels, 0 background; in each mask 1 to M by the blobs' first pixels.

    Example:
        >>> label_masks(tf.constant([[[True, True, False, True]]])).numpy().tolist()
        [[[1, 1, 0, 2]]]
    """
    runs = _find_runs(masks)
    owners, _, is_root = _measure(runs, min_area)
    blob_masks = tf.boolean_mask(runs.masks, is_root)
    counts = tf.math.bincount(blob_masks, minlength=tf.shape(masks)[0])
    earlier = tf.cumsum(counts, exclusive=True)  # blobs of the masks before
    labels = tf.where(owners >= 0, owners + 1 - tf.gather(earlier, runs.masks), 0)
    # A last entry, so that a mask without any run has something to gather.
    labels = tf.concat([labels, [0]], axis=0)
    return tf.where(masks, tf.gather(labels, tf.where(masks, runs.owners, 0)), 0)


def _measure(runs, min_area):
    """Return the blob of each run (-1: dropped), the blobs' areas, and which runs open a blob."""
    num_runs = tf.shape(runs.parents)[0]
    areas = tf.math.unsorted_segment_sum(runs.stops - runs.starts, runs.parents, num_runs)
    is_root = (runs.parents == tf.range(num_runs)) & (areas >= min_area)
    numbers = tf.where(is_root, tf.cumsum(tf.cast(is_root, tf.int32)) - 1, -1)
    return tf.gather(numbers, runs.parents), tf.boolean_mask(areas, is_root), is_root


def _locate(runs, owners, areas, masks):
    """Return the blobs with their points; runs whose owner is -1 belong to none."""
    kept = tf.where(owners >= 0)[:, 0]
    kept_owners = tf.gather(owners, kept)

    def mean_of(values):
        # Exact: the doubled sums are whole numbers far below 2^53.
        values = tf.cast(values, tf.float64) * tf.cast(runs.stops - runs.starts, tf.float64)
        values = tf.gather(values, kept)
        total = tf.math.unsorted_segment_sum(values, kept_owners, tf.shape(areas)[0])
        return total / tf.cast(areas, tf.float64)

    row_means = mean_of(runs.rows)
    column_means = mean_of(runs.starts + runs.stops - 1) / 2
    return GraphBlobs(masks, areas, _nearest_pixels(runs, owners, row_means, column_means))


def _nearest_pixels(runs, owners, row_means, column_means):
    """Return per blob the first of its pixels that are nearest to its centroid."""
    kept = tf.where(owners >= 0)[:, 0]
    owners, rows, starts, stops = (
        tf.gather(values, kept) for values in (owners, runs.rows, runs.starts, runs.stops)
    )
    num_blobs = tf.shape(row_means)[0]
    column_mean = tf.gather(column_means, owners)
    # In a run the pixel nearest to the mean; of two, the left one.
    column = tf.cast(tf.math.ceil(column_mean - 0.5), tf.int32)
    column = tf.clip_by_value(column, starts, stops - 1)
    distances = (tf.cast(rows, tf.float64) - tf.gather(row_means, owners)) ** 2
    distances += (tf.cast(column, tf.float64) - column_mean) ** 2
    smallest = tf.math.unsorted_segment_min(distances, owners, num_blobs)
    num_kept = tf.shape(kept)[0]
    places = tf.where(distances == tf.gather(smallest, owners), tf.range(num_kept), num_kept)
    first = tf.math.unsorted_segment_min(places, owners, num_blobs)
    points = tf.stack([tf.gather(rows, first), tf.gather(column, first)], axis=1)
    return tf.cast(points, tf.float32)


def _find_runs(masks):
    height, width = tf.shape(masks)[1] + 1, tf.shape(masks)[2] + 1
    # A row above and a column to the right, all False, keep rows and masks apart when flattened.
    padded = tf.pad(masks, [[0, 0], [1, 0], [0, 1]])
    flat = tf.pad(tf.reshape(padded, [-1]), [[1, 1]])
    here, left, right = flat[1:-1], flat[:-2], flat[2:]
    opens = here & ~left
    starts = tf.where(opens)[:, 0]
    stops = tf.where(here & ~right)[:, 0] + 1
    owners = tf.cumsum(tf.cast(opens, tf.int32)) - 1
    first, second = _find_contacts(flat, owners, width)
    rows, columns = starts // tf.cast(width, tf.int64), starts % tf.cast(width, tf.int64)
    columns, lengths = tf.cast(columns, tf.int32), tf.cast(stops - starts, tf.int32)
    rows = tf.cast(rows, tf.int32)
    return _Runs(
        masks=rows // height,
        rows=rows % height - 1,
        starts=columns,
        stops=columns + lengths,
        owners=tf.reshape(owners, tf.shape(padded))[:, 1:, :-1],
        parents=_join(tf.shape(starts)[0], first, second),
    )


def _find_contacts(flat, owners, width):
    """Return pairs of runs that touch: every pair of neighbours at least once, few twice."""
    # The first pixel of each overlap, and corners that no overlap beside them joins anyway.
    flat = flat[:-1]
    here, left = flat[width + 1 :], flat[width:-1]
    right = tf.concat([here[1:], [False]], axis=0)
    above, above_left = flat[1:-width], flat[: -width - 1]
    above_right = flat[2 : -width + 1]
    alone = here & ~above
    contacts = (
        (here & above & ~(left & above_left), 0),
        (alone & above_left & ~left, -1),
        (alone & above_right & ~right, 1),
    )
    pairs = []
    for places, shift in contacts:
        upper = tf.where(places)[:, 0]
        lower = upper + tf.cast(width, tf.int64)
        pairs.append((tf.gather(owners, lower), tf.gather(owners, upper + shift)))
    first, second = zip(*pairs, strict=True)
    return tf.concat(first, axis=0), tf.concat(second, axis=0)


def _join(num_runs, first, second):
    """Return the lowest run of each run's component, given the pairs of runs that touch."""

    def join(parents, first, second):
        low, high = tf.minimum(first, second), tf.maximum(first, second)
        parents = _shorten(tf.tensor_scatter_nd_min(parents, high[:, tf.newaxis], low))
        first, second = tf.gather(parents, first), tf.gather(parents, second)
        apart = tf.where(first != second)[:, 0]
        return parents, tf.gather(first, apart), tf.gather(second, apart)

    free = tf.TensorShape([None])
    parents, _, _ = tf.while_loop(
        lambda parents, first, second: tf.size(first) > 0,
        join,
        (tf.range(num_runs), first, second),
        shape_invariants=(free, free, free),
    )
    return parents


def _shorten(parents):
    """Let every run point to its root: each step halves the way."""

    def step(parents, _):
        shorter = tf.gather(parents, parents)
        return shorter, tf.reduce_any(shorter != parents)

    free = (tf.TensorShape([None]), tf.TensorShape([]))
    return tf.while_loop(lambda _, moved: moved, step, (parents, True), shape_invariants=free)[0]
