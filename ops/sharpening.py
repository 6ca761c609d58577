"""Label maps that follow a picture's edges, from a segmenter's probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ops.dense_crf import dense_crf

_SMALLEST = 1e-8  # of a probability, before its logarithm


def sharpen_probabilities(
    image: np.ndarray, probabilities: np.ndarray, *, labels: Sequence[int] | None = None, **crf
) -> np.ndarray:
    """Let a dense CRF move labels to the picture's edges: energies are -log of probabilities.

    Args:
        image: (H, W, 3) uint8.
        probabilities: (H, W, K + 1), background first.
        labels: those that may be given, such as background and the picture's tags, ascending; None
            for all.
        crf: options of `ops.dense_crf.dense_crf`.

    Returns:
        (H, W) int32 labels.

    Raises:
        ValueError: the arrays do not fit each other, or a probability is NaN.

    Example:
        >>> image = np.zeros((1, 2, 3), np.uint8)
        >>> probabilities = np.array([[[0.1, 0.3, 0.6], [0.2, 0.7, 0.1]]])
        >>> sharpen_probabilities(image, probabilities, iterations=0).tolist()
        [[2, 1]]
        >>> sharpen_probabilities(image, probabilities, labels=(0, 1), iterations=0).tolist()
        [[1, 1]]
    """
    probabilities = np.asarray(probabilities)
    kept = np.arange(probabilities.shape[-1]) if labels is None else np.asarray(labels)
    chosen = probabilities[..., kept]  # (H, W, L)
    # Of labels that are unlikely everywhere the likelier one still wins: relative to their sum.
    chosen = chosen / np.maximum(chosen.sum(axis=-1, keepdims=True), _SMALLEST)
    marginals = dense_crf(image, -np.log(np.maximum(chosen, _SMALLEST)), **crf)
    return kept[marginals.argmax(axis=-1)].astype(np.int32)
