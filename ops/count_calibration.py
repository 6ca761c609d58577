"""What calibration pictures say about a counter: its interval, and when it sees nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.conformal import conformal_quantile, residual_scores, smallest_calibration_set
from ops.none_curves import NoneCurve, fit_none_curve, p_value_curve

# Where `none_probability` comes from.
EMPTY_PICTURES, P_VALUE = "empty pictures", "p-value"
NONE_THRESHOLD = 0.5  # `none_probability` from which a picture is said to hold none
# Where it is a p-value the count must be below this, too: that a counter errs by as much as it
# counts is no sign that there is nothing.
NONE_BELOW = 1.0


@dataclass(frozen=True)
class CountCalibration:
    """A counter's interval and its curve of `none_probability`.

    Attributes:
        interval: share of true counts that the interval is to hold, between 0 and 1.
        quantile: largest score within it, see `ops.conformal`.
        offset: c of the scaled scores, in objects; None for absolute ones.
        none_curve: `none_probability` over the predicted count.
        none_from: `EMPTY_PICTURES`, or `P_VALUE` where the calibration pictures held no empty one.
        calibrated_on: what the calibration pictures are, such as "counted pictures".
        num_pictures: how many there were.

    Example:
        >>> calibration = calibrate_counts(
        ...     [1, 2, 3, 4], [1.0, 2.5, 3.0, 5.0], interval=0.5, calibrated_on="drawn scenes"
        ... )
        >>> calibration.quantile, calibration.none_from
        (0.5, 'p-value')
    """

    interval: float
    quantile: float
    offset: float | None
    none_curve: NoneCurve
    none_from: str
    calibrated_on: str
    num_pictures: int


def calibrate_counts(
    counts: np.ndarray,
    predicted: np.ndarray,
    *,
    interval: float,
    calibrated_on: str,
    offset: float | None = None,
) -> CountCalibration:
    """Calibrate a counter on pictures that it was not fitted on.

    Args:
        counts: (N,) true counts, in objects.
        predicted: (N,) predicted counts, in objects, >= 0.
        interval: share of true counts that the interval is to hold.
        calibrated_on: what the pictures are.
        offset: c of the scaled scores, in objects; None for absolute ones.

    Returns:
        The calibration. `none_probability` is a logistic curve where both pictures with and
        without objects are among them, else a p-value, see `ops.none_curves`.

    Raises:
        ValueError: the arrays cannot be used, or are too few pictures for the interval.

    Example:
        >>> # see `CountCalibration`
    """
    scores = residual_scores(counts, predicted, offset=offset)
    needed = smallest_calibration_set(interval)
    if len(scores) < needed:
        raise ValueError(
            f"`counts` must hold at least {needed} pictures for an interval of {interval}. "
            f"Received {len(scores)}; lower `interval` or give more."
        )
    empty = np.asarray(counts) == 0
    both = bool(empty.any() and not empty.all())
    curve = fit_none_curve(counts, predicted) if both else p_value_curve(scores, offset=offset)
    return CountCalibration(
        interval=interval,
        quantile=conformal_quantile(scores, interval),
        offset=offset,
        none_curve=curve,
        none_from=EMPTY_PICTURES if both else P_VALUE,
        calibrated_on=calibrated_on,
        num_pictures=len(scores),
    )
