"""A few pixels of a map, drawn anew at every step, that a network learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ops.opencv import cv2
from ops.seeds import IGNORE, check_cam

SAMPLINGS = ("weighted", "uniform")
NUM_DRAWS = 3  # numbers per pixel: for ties, for the foreground, for the background
TIE_STEPS = 1 << 31


@dataclass(frozen=True)
class SeedSettings:
    """How many seeds are drawn, from where and how. The defaults are TCAM's published values.

    Attributes:
        num_foreground: pixels of the object per draw.
        num_background: pixels of the background per draw.
        foreground_fraction: they come from this share of the region's pixels, the hottest ones.
        background_fraction: they come from this share of the map's pixels, the coldest ones.
        seed_size: odd side of the square that each becomes, pixels.
        sampling: of the foreground: "weighted" by the heat, or "uniform".
        erosion_size: odd side of the square that the region is eroded with first, pixels.
        erosion_steps: how often; 0 for not at all.

    Example:
        >>> SeedSettings(num_foreground=10).seed_size
        3
    """

    num_foreground: int = 1
    num_background: int = 1
    foreground_fraction: float = 0.6
    background_fraction: float = 0.1
    seed_size: int = 3
    sampling: str = "weighted"
    erosion_size: int = 11
    erosion_steps: int = 0

    def __post_init__(self):
        if self.sampling not in SAMPLINGS:
            raise ValueError(
                f"`sampling` must be one of {', '.join(SAMPLINGS)}. Received {self.sampling!r}."
            )
        for name in ("foreground_fraction", "background_fraction"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"`{name}` must be in [0, 1]. Received {getattr(self, name)}.")
        for name in ("seed_size", "erosion_size"):
            if getattr(self, name) < 1 or getattr(self, name) % 2 == 0:
                raise ValueError(f"`{name}` must be odd, from 1. Received {getattr(self, name)}.")
        for name in ("num_foreground", "num_background", "erosion_steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` must be at least 0. Received {getattr(self, name)}.")


def sample_seeds(
    cam: np.ndarray,
    roi: np.ndarray | None,
    *,
    settings: SeedSettings | None = None,
    seed: int | Sequence[int] = 0,
) -> np.ndarray:
    """Draw seeds from a map: the reference of `ops.graph_seeds.sample_seeds_in_graph`.

    Args:
        cam: (H, W) in [0, 1].
        roi: (H, W) bool, where the object is looked for; None for everywhere.
        settings: how; None for the published ones.
        seed: the same one gives the same seeds.

    Returns:
        (H, W) int32: 1 object, 0 background, 255 ignored.

    Raises:
        ValueError: `cam` is no map in [0, 1], or `roi` is of another size.

    Example:
        >>> cam = np.array([[0.0, 0.0, 0.0, 0.0, 0.9, 1.0]])
        >>> settings = SeedSettings(1, 1, 1.0, 0.5, seed_size=1)
        >>> labels = sample_seeds(cam, cam > 0.5, settings=settings)
        >>> np.flatnonzero(labels == 1) >= 4, np.flatnonzero(labels == 0) <= 3
        (array([ True]), array([ True]))
    """
    draws = np.random.default_rng(seed).random((NUM_DRAWS, *np.shape(cam)))
    return place_seeds(cam, roi, draws, settings=settings or SeedSettings())


def place_seeds(
    cam: np.ndarray, roi: np.ndarray | None, draws: np.ndarray, *, settings: SeedSettings
) -> np.ndarray:
    """Place the seeds that random numbers choose.

    The candidates of the object are the hottest pixels of the region, those of the background the
    coldest of the whole map, int(fraction x number) of each; between equally hot ones chance
    decides. Of the candidates some are drawn without replacement: the largest log C + Gumbel
    noise, which is drawing by C, or the largest noise. Each becomes a square; where an object's
    and a background's meet is no label. Pixels without heat are never an object's, and a constant
    map, which tells nothing, has no seed.

    Args:
        cam: (H, W) in [0, 1].
        roi: (H, W) bool; None for everywhere.
        draws: (3, H, W) float64 in [0, 1), uniform.
        settings: how.

    Returns:
        (H, W) int32: 1 object, 0 background, 255 ignored.

    Raises:
        ValueError: `cam` is no map in [0, 1], or another array is of another size.

    Example:
        >>> # see `sample_seeds`

    References:
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542, section 3; sbelharbi/tcam-wsol-video.
        Upstream takes the first of equal pixels, so that the background's seeds crowd at the top
        of maps that are 0 there. Kool et al., "Stochastic Beams and Where to Find Them", ICML
        2019, for the draw.
    """
    cam, draws = check_cam(cam), np.asarray(draws, np.float64)
    roi = np.ones(cam.shape, bool) if roi is None else np.asarray(roi, bool)
    if roi.shape != cam.shape or draws.shape != (NUM_DRAWS, *cam.shape):
        raise ValueError(
            f"`roi` and `draws` must be of the map's {cam.shape} pixels, (H, W) and "
            f"({NUM_DRAWS}, H, W). Received {roi.shape} and {draws.shape}."
        )
    if cam.min() == cam.max():
        return np.full(cam.shape, IGNORE, np.int32)
    if settings.erosion_steps:
        square = np.ones((settings.erosion_size,) * 2, np.uint8)
        roi = cv2.erode(roi.view(np.uint8), square, iterations=settings.erosion_steps) > 0
    object_seeds = _draw_object(cam, roi, draws, settings)
    num_cold = int(settings.background_fraction * cam.size)
    bits = _order(cam)
    cold = _take_largest(_rank(bits.max() - bits, draws[0]), num_cold)
    ground_seeds = cold[_take_largest(draws[2].ravel()[cold], settings.num_background)]
    of_object, of_ground = (
        _grow(each, cam.shape, settings.seed_size) for each in (object_seeds, ground_seeds)
    )
    labels = np.where(of_object, 1, np.where(of_ground, 0, IGNORE))
    return np.where(of_object & of_ground, IGNORE, labels).astype(np.int32)


def _draw_object(cam, roi, draws, settings):
    """Return the places of the object's seeds, counted row by row."""
    ranks = np.where(roi.ravel(), _rank(_order(cam), draws[0]), -1)
    hot = _take_largest(ranks, int(settings.foreground_fraction * np.count_nonzero(roi)))
    heat, draws = cam.ravel()[hot], draws[1].ravel()[hot]
    hot, heat, draws = (each[heat > 0] for each in (hot, heat, draws))
    if settings.sampling == "weighted":
        with np.errstate(divide="ignore"):  # a draw of 0 comes last
            draws = np.log(heat.astype(np.float64)) - np.log(-np.log(draws))
    return hot[_take_largest(draws, settings.num_foreground)]


def _order(cam):
    """Return (H * W,) int64 in the order of the heat: a positive float's bits as a number."""
    return (cam.ravel() + np.float32(0)).view(np.int32).astype(np.int64)  # no -0 is left


def _rank(order, ties):
    """Return (H * W,) int64 that differ also where `order` does not."""
    return order * TIE_STEPS + (ties.ravel() * TIE_STEPS).astype(np.int64)


def _take_largest(values, number):
    number = min(number, len(values))
    return np.argsort(-values, kind="stable")[:number]


def _grow(places, shape, side):
    seeds = np.zeros(shape, np.uint8)
    seeds.ravel()[places] = 1
    return cv2.dilate(seeds, np.ones((side, side), np.uint8)) > 0
