"""Joins the class activation maps of neighbouring frames of a shot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODES = ("instant", "before", "after", "before-after")
_EPSILON = 1e-6  # as published, added before the exponential


@dataclass(frozen=True)
class TemporalSettings:
    """How the maps of neighbouring frames are joined.

    Attributes:
        n: neighbours on a side; 0 with the mode "instant" alone, which is F-CAM.
        mode: one of `MODES`.
        heat: temperature at the start, see `temporal_max`; 0 for none.
        heat_min: lowest temperature, see `heat_at`.
        uniform_from: epoch at which the temperature is lowest, and from which the foreground seeds
            are drawn uniformly; -1 for never.

    Raises:
        ValueError: they do not go together.

    Example:
        >>> TemporalSettings().heat_at(3)
        0.0
    """

    n: int = 1
    mode: str = "before"
    heat: float = 0.0
    heat_min: float = 0.0
    uniform_from: int = -1

    def __post_init__(self):
        check_neighbourhood(self.n, self.mode)
        self.heat_at(0)

    def heat_at(self, epoch: int) -> float:
        """Give the temperature of an epoch, from 0; see the function of that name."""
        return heat_at(
            epoch, heat=self.heat, heat_min=self.heat_min, uniform_from=self.uniform_from
        )


def neighbours(t: int, num_frames: int, n: int, mode: str) -> list[int]:
    """List the neighbours of a frame in its shot.

    They are clipped at the ends of the shot, never wrapped or repeated; the frame itself is none.

    Args:
        t: place of the frame, from 0.
        num_frames: frames of the shot, T.
        n: neighbours on a side at most; 0 with "instant" alone.
        mode: "instant" for none, "before", "after", or "before-after" for n on either side.

    Returns:
        Places, in time.

    Raises:
        ValueError: an argument is out of range, the mode is unknown, or `n` does not go with it.

    Example:
        >>> neighbours(1, 5, 2, "before"), neighbours(4, 5, 2, "after")
        ([0], [])
        >>> neighbours(2, 5, 1, "before-after")
        [1, 3]

    References:
        TCAM, arXiv 2208.14542. Upstream's `after` gives the last frame itself as its neighbour.
    """
    check_neighbourhood(n, mode)
    if not 0 <= t < num_frames:
        raise ValueError(f"`t` must be 0 to {num_frames - 1}, a frame's place. Received {t}.")
    before = list(range(max(0, t - n), t))
    after = list(range(t + 1, min(num_frames, t + n + 1)))
    return {"instant": [], "before": before, "after": after}.get(mode, before + after)


def check_neighbourhood(n: int, mode: str) -> None:
    """Require a number of neighbours that goes with its mode.

    Args:
        n: neighbours on a side.
        mode: one of `MODES`.

    Raises:
        ValueError: the mode is unknown, `n` is negative, or 0 without "instant" or the reverse.

    Example:
        >>> check_neighbourhood(1, "before")
    """
    if mode not in MODES:
        raise ValueError(f"`mode` must be one of {', '.join(MODES)}. Received {mode}.")
    if n < 0 or (n == 0) != (mode == "instant"):
        raise ValueError(
            "`n` must be 0 with the mode instant and at least 1 with the others. Received "
            f"{n} with {mode}."
        )


def temporal_max(
    cams: np.ndarray, number: int, *, n: int, mode: str, heat: float = 0.0
) -> np.ndarray:
    """Take the largest activation of each place over a frame and its neighbours.

    C~_t(p) = max over i in {t} and its neighbours of C_i(p). With a temperature `heat` above 0,
    each map that takes part becomes exp(heat (C_i + 1e-6)) / max_p exp(heat (C_i + 1e-6)) first,
    which brings weak maps up to their own largest value.

    Args:
        cams: (T, h, w) maps in [0, 1] of the frames of a shot.
        number: place of the frame, from 0.
        n: neighbours on a side, see `neighbours`.
        mode: one of `MODES`.
        heat: temperature; 0 for none. Without neighbours (`n` 0) it does nothing.

    Returns:
        (h, w) float32 map. A NaN stays one.

    Raises:
        ValueError: `cams` is not (T, h, w), or an argument is out of range.

    Example:
        >>> cams = np.array([[[0.2, 0.9]], [[0.5, 0.1]]])
        >>> temporal_max(cams, 1, n=1, mode="before").tolist()
        [[0.5, 0.8999999761581421]]

    References:
        TCAM, arXiv 2208.14542, CAM-TMP.
    """
    cams = np.asarray(cams)
    if cams.ndim != 3:
        raise ValueError(f"`cams` must be (T, h, w). Received shape {cams.shape}.")
    if not heat >= 0:
        raise ValueError(f"`heat` must be at least 0. Received {heat}.")
    places = [number, *neighbours(number, len(cams), n, mode)]
    chosen = cams[places].astype(np.float32)  # (M, h, w)
    if heat > 0 and n > 0 and chosen.size:
        warmth = heat * (chosen + np.float32(_EPSILON))
        # exp(a) / max exp(a) = exp(a - max a), which no temperature makes overflow.
        chosen = np.exp(warmth - warmth.max(axis=(1, 2), keepdims=True))
    return chosen.max(axis=0)


def heat_at(epoch: int, *, heat: float, heat_min: float = 0.0, uniform_from: int = -1) -> float:
    """Give the temperature of an epoch: it falls in a straight line and then stays.

    tau(e) = max(tau_min, tau_0 - e (tau_0 - tau_min) / E). From epoch E on the foreground seeds
    are drawn uniformly, which is not this function's business.

    Args:
        epoch: from 0.
        heat: temperature at the start, tau_0.
        heat_min: lowest temperature, tau_min.
        uniform_from: the epoch E; -1 and 0 for a temperature that stays.

    Returns:
        The temperature.

    Raises:
        ValueError: an argument is negative, `uniform_from` below -1, or `heat` below `heat_min`.

    Example:
        >>> [heat_at(epoch, heat=10, heat_min=1, uniform_from=10) for epoch in (0, 1, 10, 11)]
        [10.0, 9.1, 1.0, 1.0]

    References:
        TCAM, arXiv 2208.14542, and its program's `sl_tc_knn_epoch_switch_uniform`.
    """
    if epoch < 0 or uniform_from < -1 or not 0 <= heat_min <= heat:
        raise ValueError(
            "`epoch` must be at least 0, `uniform_from` at least -1, and 0 <= `heat_min` <= "
            f"`heat`. Received {epoch}, {uniform_from}, {heat_min} and {heat}."
        )
    if uniform_from <= 0:
        return float(heat)
    return float(max(heat_min, heat - epoch * (heat - heat_min) / uniform_from))
