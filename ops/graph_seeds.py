"""Regions of interest and seeds inside `tf.data` or another graph, as NumPy's of `ops.seeds`."""

from __future__ import annotations

import tensorflow as tf

from ops.seed_sampling import NUM_DRAWS, TIE_STEPS, SeedSettings
from ops.seeds import IGNORE, TOP_LEVEL, region_of_interest


def region_of_interest_in_graph(
    cam: tf.Tensor,
    *,
    method: str = "all",
    min_size: float = 0.05,
    threshold: tf.Tensor | int | None = None,
) -> tf.Tensor:
    """Return where a map is bright enough, as `ops.seeds.region_of_interest` does.

    With the method "all" nothing leaves the graph; the others run NumPy, and cannot be saved with
    a model.

    Args:
        cam: (H, W) in [0, 1].
        method: "all", "largest" or "high_density".
        min_size: a densest part below this share of the map gives way to the largest one.
        threshold: the level, 0 to 255; None for Otsu's.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: an option is unknown or out of range.
        tf.errors.InvalidArgumentError: `cam` is not in [0, 1].

    Example:
        >>> region_of_interest_in_graph(tf.constant([[0.2, 0.2, 0.2, 0.9]])).numpy().tolist()
        [[False, False, False, True]]
    """
    known = threshold if isinstance(threshold, int) else None
    region_of_interest([[0.0]], method=method, min_size=min_size, threshold=known)
    cam = _check_cam(cam)
    level = _otsu_level(cam) if threshold is None else threshold
    if method == "all":
        return _grey_levels(cam) > tf.cast(level, tf.int32)

    def run(cam, level):
        return region_of_interest(cam, method=method, min_size=min_size, threshold=int(level))

    roi = tf.numpy_function(run, [cam, level], tf.bool, stateful=False)
    roi.set_shape(cam.shape)
    return roi


def sample_seeds_in_graph(
    cam: tf.Tensor,
    roi: tf.Tensor | None,
    *,
    settings: SeedSettings,
    seed: tf.Tensor,
    uniform: tf.Tensor | None = None,
) -> tf.Tensor:
    """Draw seeds from a map by a stateless seed.

    Args:
        cam: (H, W) in [0, 1].
        roi: (H, W) bool, where the object is looked for; None for everywhere.
        settings: how.
        seed: (2,) integers; the same one gives the same seeds.
        uniform: bool scalar that takes the place of `settings.sampling`, for a rule that changes
            from an epoch on; None for the settings'.

    Returns:
        (H, W) int32: 1 object, 0 background, 255 ignored.

    Raises:
        tf.errors.InvalidArgumentError: `cam` is not in [0, 1].

    Example:
        >>> cam = tf.constant([[0.0, 0.0, 0.0, 0.0, 0.9, 1.0]])
        >>> settings = SeedSettings(2, 0, 1.0, seed_size=1)
        >>> sample_seeds_in_graph(cam, cam > 0.5, settings=settings, seed=[1, 2]).numpy().tolist()
        [[255, 255, 255, 255, 1, 1]]
    """
    cam = tf.convert_to_tensor(cam)
    shape = tf.concat([[NUM_DRAWS], tf.shape(cam)], axis=0)
    draws = tf.random.stateless_uniform(shape, seed, dtype=tf.float64)
    return place_seeds_in_graph(cam, roi, draws, settings=settings, uniform=uniform)


def place_seeds_in_graph(
    cam: tf.Tensor,
    roi: tf.Tensor | None,
    draws: tf.Tensor,
    *,
    settings: SeedSettings,
    uniform: tf.Tensor | None = None,
) -> tf.Tensor:
    """Place the seeds that random numbers choose, as `ops.seed_sampling.place_seeds` does.

    Args:
        cam: (H, W) in [0, 1].
        roi: (H, W) bool; None for everywhere.
        draws: (3, H, W) float64 in [0, 1), uniform.
        settings: how.
        uniform: as in `sample_seeds_in_graph`.

    Returns:
        (H, W) int32: 1 object, 0 background, 255 ignored.

    Raises:
        tf.errors.InvalidArgumentError: `cam` is not in [0, 1].

    Example:
        >>> # see `sample_seeds_in_graph`
    """
    cam = _check_cam(cam)
    roi = tf.ones_like(cam, tf.bool) if roi is None else tf.cast(roi, tf.bool)
    for _ in range(settings.erosion_steps):
        roi = tf.logical_not(_spread(tf.logical_not(roi), settings.erosion_size))
    draws = tf.reshape(draws, [NUM_DRAWS, -1])
    order = tf.cast(tf.bitcast(tf.reshape(cam, [-1]) + 0.0, tf.int32), tf.int64)
    ties = tf.cast(draws[0] * TIE_STEPS, tf.int64)
    uniform = settings.sampling == "uniform" if uniform is None else uniform

    ranks = tf.where(tf.reshape(roi, [-1]), order * TIE_STEPS + ties, -1)
    hot = _take_largest(ranks, _share(settings.foreground_fraction, tf.math.count_nonzero(roi)))
    hot = tf.boolean_mask(hot, tf.gather(order, hot) > 0)
    noise = tf.gather(draws[1], hot)
    heat = tf.cast(tf.gather(tf.reshape(cam, [-1]), hot), tf.float64)
    noise = tf.where(uniform, noise, tf.math.log(heat) - tf.math.log(-tf.math.log(noise)))
    of_object = tf.gather(hot, _take_largest(noise, settings.num_foreground))

    ranks = (tf.reduce_max(order) - order) * TIE_STEPS + ties
    cold = _take_largest(ranks, _share(settings.background_fraction, tf.size(cam)))
    noise = tf.gather(draws[2], cold)
    of_ground = tf.gather(cold, _take_largest(noise, settings.num_background))
    return _draw_labels(cam, of_object, of_ground, settings.seed_size)


def box_of_region(roi: tf.Tensor) -> tf.Tensor:
    """Return the tight box of a region, outside which a loss may want nothing.

    Args:
        roi: (H, W) bool, mostly one part: of `region_of_interest_in_graph` with another method
            than "all".

    Returns:
        (4,) float32 xyxy pixels, half-open; all 0 where the region is empty.

    Example:
        >>> box_of_region(tf.constant([[0, 1, 1], [0, 0, 0]]) > 0).numpy().tolist()
        [1.0, 0.0, 3.0, 1.0]
    """
    places = tf.where(roi)  # (N, 2) row, column
    low = tf.reduce_min(places, axis=0)
    box = tf.concat([low[::-1], tf.reduce_max(places, axis=0)[::-1] + 1], axis=0)
    # Of no place the extremes are those of the type.
    return tf.where(tf.size(places) > 0, tf.cast(box, tf.float32), tf.zeros(4))


def _draw_labels(cam, of_object, of_ground, side):
    """Return (H, W) int32 with a square around every place, counted row by row."""
    varies = tf.reduce_min(cam) < tf.reduce_max(cam)
    of_object, of_ground = (
        _spread(_mark(places, tf.shape(cam)), side) & varies for places in (of_object, of_ground)
    )
    labels = tf.where(of_object, 1, tf.where(of_ground, 0, IGNORE))
    return tf.ensure_shape(tf.where(of_object & of_ground, IGNORE, labels), cam.shape)


def _check_cam(cam):
    cam = tf.cast(cam, tf.float32)
    sound = tf.reduce_all((cam >= 0) & (cam <= 1))  # a NaN is neither
    with tf.control_dependencies([tf.Assert(sound, ["`cam` must be in [0, 1]; scale it first."])]):
        return tf.identity(cam)


def _grey_levels(cam):
    return tf.cast(tf.floor(TOP_LEVEL * cam), tf.int32)


def _otsu_level(cam):
    levels = tf.reshape(_grey_levels(cam), [-1])
    counts = tf.cast(tf.math.bincount(levels, minlength=TOP_LEVEL + 1), tf.float64)
    values = tf.range(TOP_LEVEL + 1, dtype=tf.float64)
    below, sums = tf.cumsum(counts), tf.cumsum(counts * values)
    sides = below * (below[-1] - below)
    gaps = sums * below[-1] - sums[-1] * below
    spread = tf.math.divide_no_nan(gaps**2, sides)
    return tf.where(
        tf.reduce_any(spread > 0), tf.argmax(spread, output_type=tf.int32), tf.reduce_max(levels)
    )


def _share(fraction, number):
    return tf.cast(tf.floor(fraction * tf.cast(number, tf.float64)), tf.int32)


def _take_largest(values, number):
    number = tf.minimum(number, tf.size(values))
    return tf.math.top_k(values, number).indices


def _mark(places, shape):
    flat = tf.scatter_nd(places[:, None], tf.ones_like(places), [tf.reduce_prod(shape)])
    return tf.reshape(flat > 0, shape)


def _spread(mask, side):
    pixels = tf.cast(mask, tf.float32)[None, :, :, None]
    return tf.nn.max_pool2d(pixels, side, 1, "SAME")[0, :, :, 0] > 0
