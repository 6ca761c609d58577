"""Rule G2 of guide labels: salient components take the classes of the seeds that they touch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ops.opencv import cv2
from ops.salient_components import label_components
from ops.seeds import IGNORE

SEED_SPREAD = 10.0  # pixels
SEED_RANGE = (0.001, 0.999)


def label_seed_parts(seeds: np.ndarray, *, min_area: int) -> np.ndarray:
    """Label the parts of the seeds that count: 8-connected, of one class, large, not thin.

    Args:
        seeds: (H, W) int32 labels, 0 background.
        min_area: smaller parts are dropped, in pixels.

    Returns:
        (H, W) int32, 0 outside, 1 to N, class by class.

    Example:
        >>> label_seed_parts(np.array([[3, 3, 8, 8], [3, 3, 8, 8]]), min_area=4).tolist()
        [[1, 1, 2, 2], [1, 1, 2, 2]]
    """
    parts = np.zeros(np.shape(seeds), np.int32)
    for class_id in np.unique(seeds[seeds > 0]):
        found = label_components(seeds == class_id, min_area=min_area)
        parts[found > 0] = found[found > 0] + parts.max()
    return parts


def propagate_seeds(
    image: np.ndarray,
    seeds: np.ndarray,
    seed_parts: np.ndarray,
    components: np.ndarray,
    *,
    crf: Callable[[np.ndarray, np.ndarray], np.ndarray],
    unary: str = "linear",
) -> np.ndarray:
    """Spread seeds over the salient components that they touch.

    A component touched by one class takes it; one touched by several is shared out by the CRF; one
    touched by none is ignored. A part that touches no component keeps its class and shape. What
    sticks out of a component is ignored, as saliency contradicts it. To touch is to share a pixel.

    Args:
        image: (H, W, 3) uint8 RGB.
        seeds: (H, W) int32 labels, 0 background.
        seed_parts: (H, W) int32, the parts of the seeds that count, 0 outside, 1 to N.
        components: (H, W) int32, the salient components, 0 outside, 1 to M.
        crf: takes the image and (H, W, L) float32 energies, returns (H, W, L) probabilities.
        unary: "linear" for the energy -m, "log" for -log m, of the smoothed seeds m.

    Returns:
        (H, W) int32 labels, 0 background, 255 ignored.

    Example:
        >>> seeds = np.array([[5, 5, 0, 0, 0, 7]])
        >>> labels = propagate_seeds(
        ...     np.zeros((1, 6, 3), np.uint8), seeds, np.array([[1, 1, 0, 0, 0, 2]]),
        ...     np.array([[0, 1, 1, 0, 0, 0]]), crf=lambda image, unary: -unary,
        ... )
        >>> labels.tolist()
        [[255, 5, 5, 0, 0, 7]]

    References:
        Oh et al., arXiv 1701.08261, and coallaoh/GuidedLabelling. Upstream clears the first two
        rows by mistake.
    """
    inside, part = components > 0, seed_parts > 0
    touching = np.zeros(seed_parts.max(initial=0) + 1, bool)
    touching[seed_parts[inside & part]] = True
    labels = np.where(part, np.where(touching[seed_parts], IGNORE, seeds), 0).astype(np.int32)
    votes = np.unique(np.stack([components, seeds], axis=-1)[inside & part], axis=0)
    shared = {}  # what the CRF said of these classes
    for component in range(1, components.max(initial=0) + 1):
        area = components == component
        classes = votes[votes[:, 0] == component, 1]
        if len(classes) < 2:
            labels[area] = classes[0] if len(classes) else IGNORE
            continue
        key = tuple(classes)
        if key not in shared:
            energies = seed_energies(seeds, classes, unary=unary)
            shared[key] = classes[np.argmax(crf(image, energies), axis=-1)]
        labels[area] = shared[key][area]
    return labels


def seed_energies(seeds: np.ndarray, classes: np.ndarray, *, unary: str) -> np.ndarray:
    """Return the CRF's energy of each class, low near its seeds.

    The seeds of the class in the whole picture, as .999 on .001, smoothed by a Gaussian of 10
    pixels, are m in (0, 1). The published energy -m spans one nat only, so that the picture's
    edges decide.

    Args:
        seeds: (H, W) int32 labels.
        classes: L ids.
        unary: "linear" for -m, "log" for -log m.

    Returns:
        (H, W, L) float32.

    Example:
        >>> energies = seed_energies(np.full((9, 9), 5), [5, 7], unary="linear")
        >>> [round(float(energy), 3) for energy in energies[4, 4]]
        [-0.999, -0.001]
    """
    masks = (np.where(seeds == class_id, *SEED_RANGE[::-1]) for class_id in classes)
    spread = np.stack([_smooth(mask.astype(np.float32)) for mask in masks], axis=-1)
    return -spread if unary == "linear" else -np.log(spread)


def _smooth(mask):
    side = 2 * int(4 * SEED_SPREAD + 0.5) + 1  # cut at 4 standard deviations
    return cv2.GaussianBlur(mask, (side, side), SEED_SPREAD, borderType=cv2.BORDER_REFLECT)
