"""GrabCut: moves the outline of a coarse map to the edges of the picture."""

from __future__ import annotations

import numpy as np

from ops.opencv import cv2
from ops.saliency import check_picture

LONGER_SIDE = 256
ITERATIONS = 5
LIKELY_FOREGROUND = 0.5  # shares of the map's maximum
SURE_BACKGROUND = 0.15
MIN_FOREGROUND = 20  # pixels


def refine_with_grabcut(
    image: np.ndarray, saliency: np.ndarray, *, longer_side: int = LONGER_SIDE
) -> np.ndarray:
    """Cut the object of a saliency map out of the picture.

    What reaches half of the maximum is probably object, what stays below .15 of it is surely
    background, the rest probably. GrabCut then fits colours to both and finds the cheapest
    outline; it runs at a longer side of 256, at a quarter of the time of 500.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) or (H, W, 1) uint8 grey.
        saliency: (H, W), not negative.
        longer_side: of the picture that is cut, in pixels.

    Returns:
        (H, W) float32 in [0, 1]: 1 object, 0 background, and between them only along an outline
        that was enlarged; cut it at .5. Where GrabCut has nothing to go by (one of its sides is
        empty) or leaves fewer than 20 pixels, `saliency` over its maximum.

    Raises:
        ValueError: `image` is of another form, or `saliency` not a finite map of its size.

    Example:
        >>> image = np.full((40, 60, 3), 200, np.uint8)
        >>> image[10:30, 20:40] = (200, 30, 30)
        >>> rough = np.zeros((40, 60))
        >>> rough[6:34, 14:46] = 0.3
        >>> rough[14:26, 24:36] = 1
        >>> cut = refine_with_grabcut(image, rough) >= 0.5
        >>> int(cut.sum()), bool(cut[10:30, 20:40].all())
        (400, True)

    References:
        Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004; OpenCV's `grabCut`.
    """
    image, saliency = check_picture(image), np.asarray(saliency, np.float32)
    if saliency.shape != image.shape[:2] or not np.isfinite(saliency).all():
        raise ValueError(
            f"`saliency` must be a finite map of the picture's {image.shape[:2]} pixels. "
            f"Received shape {saliency.shape}."
        )
    peak = saliency.max()
    if peak <= 0:
        return np.zeros_like(saliency)
    saliency = np.maximum(saliency, 0) / peak
    height, width = saliency.shape
    scale = min(1, longer_side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = (
        cv2.resize(each, size, interpolation=cv2.INTER_AREA) if scale < 1 else each
        for each in (image, saliency)
    )
    cut = _cut(*small)
    if cut is None:
        return saliency
    return cv2.resize(cut, (width, height), interpolation=cv2.INTER_LINEAR)


def _cut(image, saliency):
    """Return the object as (h, w) float32 of 0 and 1, or None where GrabCut cannot help."""
    states = np.full(saliency.shape, cv2.GC_PR_BGD, np.uint8)
    peak = saliency.max()  # Shrinking may have lowered it.
    states[saliency >= LIKELY_FOREGROUND * peak] = cv2.GC_PR_FGD
    states[saliency < SURE_BACKGROUND * peak] = cv2.GC_BGD
    likely = states == cv2.GC_PR_FGD
    if likely.all() or not likely.any():
        return None
    cut = cut_states(image, states)
    if cut is None or cut.sum() < MIN_FOREGROUND:
        return None
    return cut.astype(np.float32)


def cut_states(image: np.ndarray, states: np.ndarray) -> np.ndarray | None:
    """Run GrabCut from what is known of each pixel.

    Args:
        image: (H, W, 3) uint8 RGB.
        states: (H, W) uint8 of OpenCV's GC_BGD, GC_FGD, GC_PR_BGD and GC_PR_FGD; both sides occur.

    Returns:
        (H, W) bool, the object; None where GrabCut fails. The same picture gives the same result.

    Example:
        >>> image = np.full((20, 30, 3), 200, np.uint8)
        >>> image[5:15, 10:20] = (200, 30, 30)
        >>> states = np.full((20, 30), cv2.GC_BGD, np.uint8)
        >>> states[3:17, 8:22] = cv2.GC_PR_FGD
        >>> int(cut_states(image, states).sum())
        100
    """
    states = np.array(states)  # OpenCV writes into it
    # The colour models start from random centres: the result must not hang on earlier calls.
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(
            image, states, None, np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS,
            cv2.GC_INIT_WITH_MASK,
        )  # fmt: skip
    except cv2.error:
        return None
    return np.isin(states, (cv2.GC_FGD, cv2.GC_PR_FGD))
