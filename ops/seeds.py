"""Seeds: the pixels that class heat maps are sure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ops.opencv import cv2

IGNORE = 255
ROI_METHODS = ("all", "largest", "high_density")
TOP_LEVEL = 255


def normalise_heat(heat_maps: np.ndarray) -> np.ndarray:
    """Divide each heat map by its own maximum and clip it: A_c = max(H_c, 0) / max_x H_c.

    Every class that is seen at all then reaches 1 somewhere, however weak its classifier is. A map
    without a positive value becomes 0 everywhere, not the division by 0 or by a negative maximum
    of upstream.

    Args:
        heat_maps: (C, H, W) class activations, of any scale.

    Returns:
        (C, H, W) float32 in [0, 1].

    Raises:
        ValueError: not three axes, no pixel, or a value is not finite.

    Example:
        >>> normalise_heat(np.array([[[2.0, 1.0]], [[-4.0, -2.0]]])).tolist()
        [[[1.0, 0.5]], [[0.0, 0.0]]]
    """
    heat = np.asarray(heat_maps, np.float32)
    if heat.ndim != 3 or 0 in heat.shape[1:]:
        raise ValueError(
            "`heat_maps` must be (C, H, W), one map per class that is present. "
            f"Received shape {heat.shape}."
        )
    if not np.isfinite(heat).all():
        raise ValueError("`heat_maps` must be finite. Received NaN or infinity; check the network.")
    heat = np.maximum(heat, 0)
    peaks = heat.max(axis=(1, 2), keepdims=True)
    return heat / np.where(peaks > 0, peaks, 1)


def seed_labels(
    heat_maps: np.ndarray, classes: Sequence[int], *, threshold: float = 0.2
) -> tuple[np.ndarray, np.ndarray]:
    """Label each pixel with its hottest class where that class is hot enough.

    Heat is measured against each class's own maximum (`normalise_heat`). Background is where no
    class reaches the threshold; it has no seeds of its own.

    Args:
        heat_maps: (C, H, W) class activations, of any scale.
        classes: C different ids, 1 to 254: the classes known to be present.
        threshold: share of a class's own maximum, in [0, 1]; 0 labels every pixel.

    Returns:
        (H, W) int32 labels, 0 background; and (H, W) float32 confidence in [0, 1], the heat of the
        winner, also where it is below the threshold. Of equally hot classes the lowest id wins. A
        class without a positive value has no seed.

    Raises:
        ValueError: an argument is of another form or out of range.

    Example:
        >>> heat = np.array([[[1, 0.1], [0.5, 0.3]], [[2, 4], [1, 0]]])
        >>> labels, confidence = seed_labels(heat, [5, 7], threshold=0.4)
        >>> labels.tolist(), np.abs(confidence - [[1, 1], [0.5, 0.3]]).max() < 1e-6
        ([[5, 7], [5, 0]], np.True_)

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR 2017,
        arXiv 1701.08261; coallaoh/GuidedLabelling. Upstream also keeps negative heat, and fails
        when no class is present.
    """
    heat = normalise_heat(heat_maps)
    ids = check_classes(classes, len(heat))
    if not 0 <= threshold <= 1:
        raise ValueError(
            "`threshold` must be a share of the maximum, in [0, 1]. "
            f"Received {threshold}; 20 % is 0.2."
        )
    order = np.argsort(ids)
    order = order[heat[order].any(axis=(1, 2))]
    if not len(order):
        return np.zeros(heat.shape[1:], np.int32), np.zeros(heat.shape[1:], np.float32)
    heat, ids = heat[order], ids[order]
    confidence = heat.max(axis=0)
    labels = np.where(confidence >= np.float32(threshold), ids[heat.argmax(axis=0)], 0)
    return labels.astype(np.int32), confidence


def otsu_level(cam: np.ndarray) -> int:
    """Find the grey level that parts a map best, by Otsu's method on floor(255 C).

    Args:
        cam: (H, W) in [0, 1].

    Returns:
        A level from 0 to 255: what is above it is bright. Of equally good ones the lowest; a map
        of one level gives that one, with nothing above it.

    Raises:
        ValueError: `cam` is no map, or not in [0, 1].

    Example:
        >>> otsu_level(np.array([[0.2, 0.2, 0.2, 0.9]]))  # floor(51), floor(229.5)
        51

    References:
        Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979.
    """
    levels = grey_levels(cam)
    counts = np.bincount(levels.ravel(), minlength=TOP_LEVEL + 1).astype(np.float64)
    below, sums = np.cumsum(counts), np.cumsum(counts * np.arange(TOP_LEVEL + 1))
    above = below[-1] - below
    # Sums of whole numbers are exact, so that levels without a pixel tie with the one before.
    gaps = sums * below[-1] - sums[-1] * below
    sides = below * above
    spread = np.where(sides > 0, gaps**2 / np.where(sides > 0, sides, 1), 0)
    return int(spread.argmax()) if spread.any() else int(levels.max())


def region_of_interest(
    cam: np.ndarray, *, method: str = "all", min_size: float = 0.05, threshold: int | None = None
) -> np.ndarray:
    """Return where a map is bright enough to look for an object there: floor(255 C) > level.

    Args:
        cam: (H, W) in [0, 1].
        method: "all" keeps every bright pixel, "largest" the largest 4-connected part,
            "high_density" the part of the highest mean activation.
        min_size: a densest part below this share of the map gives way to the largest one.
        threshold: the level, 0 to 255; None for Otsu's.

    Returns:
        (H, W) bool; of a constant map without `threshold`, none.

    Raises:
        ValueError: `cam` is no map or not in [0, 1], or an option is unknown or out of range.

    Example:
        >>> region_of_interest(np.array([[0.2, 0.2, 0.2, 0.9]])).tolist()
        [[False, False, False, True]]

    References:
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542; sbelharbi/tcam-wsol-video. Upstream
        asks for 255 C >= level: the whole map where the level is that of its background.
    """
    if method not in ROI_METHODS:
        raise ValueError(f"`method` must be one of {', '.join(ROI_METHODS)}. Received {method!r}.")
    if not 0 <= min_size <= 1:
        raise ValueError(f"`min_size` must be a share of the map, in [0, 1]. Received {min_size}.")
    if threshold is not None and not 0 <= threshold <= TOP_LEVEL:
        raise ValueError(f"`threshold` must be a level from 0 to 255. Received {threshold}.")
    bright = grey_levels(cam) > (otsu_level(cam) if threshold is None else threshold)
    if method == "all" or not bright.any():
        return bright
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bright.view(np.uint8), connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    chosen = areas.argmax()
    if method == "high_density":
        heat = np.bincount(labels.ravel(), np.asarray(cam, np.float64).ravel())
        densest = 1 + (heat[1:] / areas[1:]).argmax()
        chosen = densest if areas[densest] >= min_size * bright.size else chosen
    return labels == chosen


def grey_levels(cam: np.ndarray) -> np.ndarray:
    """Round a map down to grey levels, floor(255 C), in float32.

    Args:
        cam: (H, W) in [0, 1].

    Returns:
        (H, W) int64, 0 to 255.

    Raises:
        ValueError: `cam` is no map, or not in [0, 1].

    Example:
        >>> grey_levels(np.array([[0.2, 0.999, 1.0]])).tolist()
        [[51, 254, 255]]
    """
    return (TOP_LEVEL * check_cam(cam)).astype(np.int64)


def check_cam(cam: np.ndarray) -> np.ndarray:
    """Refuse what is no map in [0, 1].

    Args:
        cam: what was received.

    Returns:
        (H, W) float32.

    Raises:
        ValueError: it has not two axes or no pixel, or a value is NaN or outside [0, 1].

    Example:
        >>> check_cam([[0, 1]]).dtype
        dtype('float32')
    """
    cam = np.asarray(cam, np.float32)
    if cam.ndim != 2 or not cam.size:
        raise ValueError(f"`cam` must be a map (H, W). Received shape {cam.shape}.")
    if not (cam.min() >= 0 and cam.max() <= 1):
        raise ValueError(
            f"`cam` must be in [0, 1]. Received {cam.min()} to {cam.max()}; scale it first."
        )
    return cam


def check_classes(classes: Sequence[int], num_maps: int) -> np.ndarray:
    """Refuse class ids that do not fit their maps.

    Args:
        classes: ids.
        num_maps: how many there must be, C.

    Returns:
        (C,) int32 ids, in the order received.

    Raises:
        ValueError: another number of ids, one twice, or one that is not whole or outside 1 to 254.

    Example:
        >>> check_classes([5, 7], 2).tolist()
        [5, 7]
    """
    ids = np.asarray(classes).reshape(-1)
    sound = len(ids) == num_maps == len(np.unique(ids))
    if not sound or ((ids < 1) | (ids >= IGNORE) | (ids != np.floor(ids))).any():
        raise ValueError(
            f"`classes` must be {num_maps} different ids from 1 to {IGNORE - 1}, one per heat map; "
            f"0 is background and {IGNORE} ignored. Received {ids.tolist()}."
        )
    return ids.astype(np.int32)
