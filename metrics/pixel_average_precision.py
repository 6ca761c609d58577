"""How well a score map tells the object's pixels from the others: PxAP."""

from __future__ import annotations

import numpy as np

from config.errors import InputError
from ops.blobs import check_map


class PixelAveragePrecision:
    """Counts pixels by score, over all pictures, and sums precision over recall.

    PxAP = sum_i P_i (R_i - R_{i-1}) over thresholds from 1 down to 0, all pixels of all pictures
    in one pool: large objects count most.

    Args:
        step: width of the bins into which scores are sorted.

    Raises:
        InputError: `step` is not in (0, 1].

    Example:
        >>> precision = PixelAveragePrecision(step=0.05)
        >>> precision.update([[0.92, 0.62], [0.32, 0.12]], [[True, False], [True, False]])
        >>> round(precision.result(), 5)  # .5 * 1 + .5 * 2 / 3
        0.83333

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020,
        section 4.1; clovaai/wsolevaluation.
    """

    def __init__(self, step: float = 0.001):
        if not 0 < step <= 1:
            raise InputError(f"`step` must be in (0, 1]. Received {step}.")
        self._edges = np.append(np.arange(0, 1, step), [1, 2])
        self._counts = np.zeros((2, len(self._edges) - 1))  # of other pixels, of the object's

    def update(
        self, score_map: np.ndarray, mask: np.ndarray, *, ignore: np.ndarray | None = None
    ) -> None:
        """Count the pixels of a picture.

        Args:
            score_map: (H, W) in [0, 1].
            mask: (H, W) bool, the object's pixels.
            ignore: (H, W) bool, other pixels that do not count; where it meets `mask`, the mask
                holds. None for none.

        Raises:
            ValueError: the maps are of different sizes, or a score is NaN or outside [0, 1].

        Example:
            >>> # see the class
        """
        score_map, mask = np.asarray(score_map, np.float64), np.asarray(mask, bool)
        check_map("score_map", score_map)
        check_map("mask", mask, score_map.shape)
        if not (score_map.min() >= 0 and score_map.max() <= 1):
            raise ValueError(
                f"`score_map` must be in [0, 1]. Received {score_map.min()} to {score_map.max()}."
            )
        others = ~mask
        if ignore is not None:
            ignore = np.asarray(ignore, bool)
            check_map("ignore", ignore, score_map.shape)
            others &= ~ignore
        for row, chosen in zip(self._counts, (others, mask), strict=True):
            row += np.histogram(score_map[chosen], self._edges)[0]

    def result(self) -> float:
        """Sum up all pictures.

        Returns:
            PxAP in [0, 1].

        Raises:
            InputError: no picture has a pixel of an object.

        Example:
            >>> # see the class
        """
        others, objects = np.cumsum(self._counts[:, ::-1], axis=1)
        if not objects[-1]:
            raise InputError("PxAP needs an object's pixel. No mask has one; look at the masks.")
        precision = objects / np.maximum(objects + others, 1)
        recall = objects / objects[-1]
        return float((precision * np.diff(recall, prepend=0)).sum())
