"""Fills a hole with patches of the same picture: exemplar-based inpainting."""

from __future__ import annotations

import numpy as np

from ops.compiling import compile_loop

PATCH_SIZE = 9  # pixels, as published
_MOST_SOURCES = 20_000  # patches to choose from; of more, every second, third, ... is tried
_FLAT = 1e-3  # keeps a priority above 0 where there is no edge


def fill_with_patches(
    image: np.ndarray, hole: np.ndarray, blocked: np.ndarray, *, patch_size: int = PATCH_SIZE
) -> np.ndarray:
    """Copy the best fitting patches of a picture into a hole, from its rim inwards.

    The patch on the rim with the highest product of confidence (how much of it is known) and of the
    edges that run into the hole comes first, so that lines are drawn on before plain surfaces grow.
    The source with the least squared difference on the pixels known so far gives the rest. At most
    20 000 patches are tried: cut a large picture down to the hole's surroundings.

    Args:
        image: (H, W, 3) uint8.
        hole: (H, W) bool, the pixels to fill.
        blocked: (H, W) bool, further pixels that are known but not copied, unless nothing else is
            left.
        patch_size: side of a patch, odd, pixels; smaller where no whole patch is known.

    Returns:
        (H, W, 3) uint8; outside the hole as `image`.

    Raises:
        ValueError: no pixel is known.

    Example:
        >>> stripes = np.zeros((24, 24, 3), np.uint8)
        >>> stripes[:, ::2] = 200
        >>> hole = np.zeros((24, 24), bool)
        >>> hole[9:15, 9:15] = True
        >>> damaged = np.where(hole[..., None], 99, stripes).astype(np.uint8)
        >>> bool((fill_with_patches(damaged, hole, hole) == stripes).all())
        True

    References:
        Criminisi, Perez and Toyama, "Region filling and object removal by exemplar-based image
        inpainting", IEEE TIP 2004. Different here: patches are compared in RGB, not in CIE Lab.
    """
    if hole.all():
        raise ValueError("`hole` must leave a pixel of the picture to copy. It covers all of it.")
    radius, sources = _find_sources(hole, blocked, patch_size // 2)
    pixels, unknown = image.astype(np.float32), hole.astype(np.uint8)
    _fill(pixels, unknown, (~hole).astype(np.float32), sources, radius)
    return np.rint(pixels).astype(np.uint8)


def _find_sources(hole, blocked, radius):
    """Return the largest radius that leaves a source, and (S, 2) int64 centres of its patches."""
    tries = [(hole | blocked, each) for each in range(radius, 0, -1)]
    tries += [(hole, each) for each in range(radius, -1, -1)]
    found = ((each, _whole_patches(forbidden, each)) for forbidden, each in tries)
    radius, centres = next((each, centres) for each, centres in found if len(centres))
    return radius, centres[:: -(-len(centres) // _MOST_SOURCES)]


def _whole_patches(forbidden, radius):
    side = 2 * radius + 1
    if min(forbidden.shape) < side:
        return np.zeros((0, 2), np.int64)
    sums = np.zeros((forbidden.shape[0] + 1, forbidden.shape[1] + 1), np.int64)
    sums[1:, 1:] = forbidden.cumsum(axis=0).cumsum(axis=1)
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.argwhere(inside == 0) + radius


@compile_loop
def _fill(pixels, unknown, confidence, sources, radius):
    """Fill the unknown pixels of a picture, in place."""
    height, width = unknown.shape
    while True:
        row, column, share = _pick_target(pixels, unknown, confidence, radius)
        if row < 0:
            return
        best = _pick_source(pixels, unknown, sources, radius, row, column)
        for i in range(max(-radius, -row), min(radius, height - 1 - row) + 1):
            for j in range(max(-radius, -column), min(radius, width - 1 - column) + 1):
                r, c = row + i, column + j
                if unknown[r, c]:
                    pixels[r, c] = pixels[sources[best, 0] + i, sources[best, 1] + j]
                    unknown[r, c] = 0
                    confidence[r, c] = share


@compile_loop
def _pick_target(pixels, unknown, confidence, radius):
    """Return row, column and confidence of the rim's first patch; row -1 when all is known."""
    height, width = unknown.shape
    row, column, share, best = -1, -1, np.float32(0), np.float32(-1)
    for r in range(height):
        for c in range(width):
            if not unknown[r, c]:
                continue
            up, down = unknown[max(r - 1, 0), c], unknown[min(r + 1, height - 1), c]
            left, right = unknown[r, max(c - 1, 0)], unknown[r, min(c + 1, width - 1)]
            if up and down and left and right:
                continue
            down_normal, right_normal = np.float32(down) - up, np.float32(right) - left
            known, edge = _rate_patch(
                pixels, unknown, confidence, radius, r, c, down_normal, right_normal
            )
            if known * edge > best:
                row, column, share, best = r, c, known, known * edge
    return row, column, share


@compile_loop
def _rate_patch(pixels, unknown, confidence, radius, row, column, down_normal, right_normal):
    """Return a patch's confidence and the strength of its strongest edge along the normal."""
    height, width = unknown.shape
    total, strongest, along = np.float32(0), np.float32(0), np.float32(0)
    for r in range(max(row - radius, 0), min(row + radius, height - 1) + 1):
        for c in range(max(column - radius, 0), min(column + radius, width - 1) + 1):
            if unknown[r, c]:
                continue
            total += confidence[r, c]
            if r + 1 >= height or c + 1 >= width or unknown[r + 1, c] or unknown[r, c + 1]:
                continue
            down, right = np.float32(0), np.float32(0)
            for channel in range(3):
                down += pixels[r + 1, c, channel] - pixels[r, c, channel]
                right += pixels[r, c + 1, channel] - pixels[r, c, channel]
            if down * down + right * right > strongest:
                strongest = down * down + right * right
                # An edge runs across its gradient: (down, right) turned by a quarter.
                along = abs(down * right_normal - right * down_normal)
    length = max(np.sqrt(down_normal**2 + right_normal**2), np.float32(1))
    side = 2 * radius + 1
    return total / (side * side), along / (length * np.float32(765)) + np.float32(_FLAT)


@compile_loop
def _pick_source(pixels, unknown, sources, radius, row, column):
    """Return the index of the source patch nearest to what is known of a patch."""
    height, width = unknown.shape
    top, bottom = max(-radius, -row), min(radius, height - 1 - row)
    left, right = max(-radius, -column), min(radius, width - 1 - column)
    best, least = 0, np.float32(np.inf)
    for s in range(len(sources)):
        difference = np.float32(0)
        for i in range(top, bottom + 1):
            for j in range(left, right + 1):
                if unknown[row + i, column + j]:
                    continue
                for channel in range(3):
                    step = (
                        pixels[row + i, column + j, channel]
                        - pixels[sources[s, 0] + i, sources[s, 1] + j, channel]
                    )
                    difference += step * step
            if difference >= least:  # It can only grow: the rest need not be read.
                break
        if difference < least:
            best, least = s, difference
    return best
