"""What is known of the sizes of regions before anything is learnt, as barrier losses.

All take the softmax of the regions, background first, and count in float32, whatever comes.
"""

from __future__ import annotations

from keras import ops

from losses.log_barrier import extended_log_barrier


def region_sizes(probabilities):
    """Sum the probability of each region over a picture.

    Args:
        probabilities: (B, H, W, K), K at least 2.

    Returns:
        (B, K) float32 pixels.

    Raises:
        ValueError: `probabilities` is of another form.

    Example:
        >>> ops.convert_to_numpy(region_sizes(ops.ones((1, 2, 3, 2)))).tolist()
        [[6.0, 6.0]]
    """
    shape = tuple(probabilities.shape)
    if len(shape) != 4 or (shape[3] is not None and shape[3] < 2):
        raise ValueError(
            "`probabilities` must be (B, H, W, K), background first, K at least 2. "
            f"Received shape {shape}."
        )
    # Row by row: one sum over 50,000 numbers loses 3e-4 of itself in float32.
    return ops.sum(ops.sum(ops.cast(probabilities, "float32"), axis=2), axis=1)


def absolute_size_loss(probabilities, *, sharpness):
    """Push every region to be large, the background too, so that none swallows the others.

    The mean over regions of psi(-a_k), a_k in pixels. Between balanced regions and ones of a tenth
    it is nearly flat: it only forbids a collapse.

    Args:
        probabilities: (B, H, W, K), softmax of the regions.
        sharpness: t of `losses.log_barrier.extended_log_barrier`.

    Returns:
        (B,) float32 losses.

    Raises:
        ValueError: `probabilities` is of another form.

    Example:
        >>> half = ops.full((1, 224, 224, 2), 0.5)
        >>> round(float(absolute_size_loss(half, sharpness=1.0)[0]), 4)  # -log 25088
        -10.1301

    References:
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542 ("ASC"); published factor .01.
    """
    return ops.mean(
        extended_log_barrier(-region_sizes(probabilities), sharpness=sharpness), axis=-1
    )


def background_larger_loss(probabilities, *, sharpness):
    """Ask for more background than object: psi(a_objects - a_background), in pixels.

    Args:
        probabilities: (B, H, W, K), softmax of the regions, background first.
        sharpness: t of `losses.log_barrier.extended_log_barrier`.

    Returns:
        (B,) float32 losses.

    Raises:
        ValueError: `probabilities` is of another form.

    Example:
        >>> float(background_larger_loss(ops.full((1, 4, 4, 2), 0.5), sharpness=1.0)[0])  # psi(0)
        1.0

    References:
        sbelharbi/tcam-wsol-video, `size_bg_g_fg_tc`.
    """
    sizes = region_sizes(probabilities)
    surplus = ops.sum(sizes[:, 1:], axis=-1) - sizes[:, 0]
    return extended_log_barrier(surplus, sharpness=sharpness)


def empty_outside_box_loss(probabilities, boxes, *, sharpness):
    """Ask for no object outside a box: psi of the object's pixels there.

    Args:
        probabilities: (B, H, W, K), softmax of the regions, background first.
        boxes: (B, 4) xyxy pixels of the map, half-open; a pixel is inside by its middle. A
            picture whose box has no area has none, and its loss is 0.
        sharpness: t of `losses.log_barrier.extended_log_barrier`.

    Returns:
        (B,) float32 losses; NaN for a NaN box.

    Raises:
        ValueError: `probabilities` or `boxes` is of another form.

    Example:
        >>> half = ops.full((1, 2, 4, 2), 0.5)
        >>> boxes = ops.array([[0.0, 0.0, 3.0, 2.0]])
        >>> float(empty_outside_box_loss(half, boxes, sharpness=1.0)[0])  # psi(2 * .5)
        2.0

    References:
        sbelharbi/tcam-wsol-video, `empty_out_bb_tc`. Upstream leaves out the last row and column
        of a box, and takes the whole picture where there is none.
    """
    objects = ops.sum(ops.cast(probabilities, "float32")[..., 1:], axis=-1)  # (B, H, W)
    boxes = ops.cast(boxes, "float32")
    if len(objects.shape) != 3 or len(boxes.shape) != 2 or boxes.shape[1] != 4:
        raise ValueError(
            "`probabilities` must be (B, H, W, K) and `boxes` (B, 4). Received shapes "
            f"{tuple(probabilities.shape)} and {tuple(boxes.shape)}."
        )
    height, width = ops.shape(objects)[1:3]
    x0, y0, x1, y1 = (boxes[:, i, None] for i in range(4))
    columns = ops.arange(width, dtype="float32")[None] + 0.5
    rows = ops.arange(height, dtype="float32")[None] + 0.5
    across, down = (x0 <= columns) & (columns < x1), (y0 <= rows) & (rows < y1)
    outside = ~(down[:, :, None] & across[:, None, :])
    area = ops.sum(ops.where(outside, objects, 0.0), axis=(1, 2))
    losses = extended_log_barrier(area, sharpness=sharpness)
    absent = (x1 <= x0)[:, 0] | (y1 <= y0)[:, 0]
    unknown = ops.sum(0 * boxes, axis=-1)  # 0, or NaN
    return ops.where(absent, 0.0, losses) + unknown


def temporal_size_loss(probabilities, shares, *, sharpness, tolerance: float = 1e-3, where=None):
    """Hold the object's share of a picture near the one that frames nearby have.

    The mean of psi(z - tolerance - a) and psi(a - z - tolerance), with a the object's share: as
    large as z, up to the tolerance.

    Args:
        probabilities: (B, H, W, K), softmax of the regions, background first.
        shares: (B,) z in [0, 1], such as the mean over a neighbour's pixels of its map inside its
            region of interest.
        sharpness: t of `losses.log_barrier.extended_log_barrier`.
        tolerance: share of the picture.
        where: (B,) bool, the pictures whose share is known; None for all. The others give 0.

    Returns:
        (B,) float32 losses.

    Raises:
        ValueError: `probabilities` is of another form.

    Example:
        >>> half = ops.full((1, 2, 4, 2), 0.5)
        >>> losses = temporal_size_loss(half, ops.array([0.5]), sharpness=1.0, tolerance=0.0)
        >>> float(losses[0])  # psi(0)
        1.0

    References:
        sbelharbi/tcam-wsol-video, `sizefg_tmp_tc`, which takes the share of the picture itself.
    """
    sizes = region_sizes(probabilities)
    share = ops.sum(sizes[:, 1:], axis=-1) / ops.sum(sizes, axis=-1)
    shares = ops.cast(shares, "float32")
    if where is not None:
        known = ops.cast(where, "bool")
        # Before any arithmetic: a masked NaN has a NaN gradient.
        share, shares = (ops.where(known, each, 0.0) for each in (share, shares))
    gaps = ops.stack([shares - tolerance - share, share - shares - tolerance], axis=-1)
    losses = ops.mean(extended_log_barrier(gaps, sharpness=sharpness), axis=-1)
    return losses if where is None else ops.where(known, losses, 0.0)
