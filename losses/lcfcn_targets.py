"""The weight maps of the LCFCN loss: which pixels it pulls up or down, and how hard."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from config.errors import InputError
from ops.blobs import dark_valleys, find_blobs
from ops.ranking import rank_pixels
from ops.split_lines import Crowds, add_straight_lines, add_watershed_lines


@dataclass(frozen=True)
class TermWeights:
    """How much each term of the LCFCN loss counts; 0 leaves it out.

    Attributes:
        background_weight: one sure background pixel.
        foreground_weight: one sure pixel of every class that has points.
        absent_weight: the most probable pixel of a class without points, pushed down.
        point_weight: the points.
        split_global_weight: the lines between all points of the picture.
        split_local_weight: the lines between the points of one blob.
        false_positive_weight: the blobs without a point.

    Example:
        >>> TermWeights(absent_weight=0.0).point_weight
        1.0
    """

    background_weight: float = 1.0
    foreground_weight: float = 1.0
    absent_weight: float = 1.0
    point_weight: float = 1.0
    split_global_weight: float = 1.0
    split_local_weight: float = 1.0
    false_positive_weight: float = 1.0


@dataclass(frozen=True)
class LcfcnOptions:
    """What `lcfcn_targets` is told besides its maps; checked once.

    Attributes:
        reduction: "mean" or "sum".
        split: "watershed" or "line".
        weights: one number per term.

    Example:
        >>> read_options(reduction="sum").reduction
        'sum'
    """

    reduction: str
    split: str
    weights: TermWeights


def read_options(reduction: str = "mean", split: str = "watershed", **weights: float):
    """Check the options of the LCFCN loss.

    Args:
        reduction: "mean" or "sum".
        split: "watershed" or "line".
        **weights: attributes of `TermWeights`.

    Returns:
        `LcfcnOptions`.

    Raises:
        InputError: unknown option or weight, or a weight that is negative or not finite.

    Example:
        >>> read_options(absent_weight=0.5).weights.absent_weight
        0.5
    """
    if reduction not in ("mean", "sum"):
        raise InputError(f'`reduction` must be "mean" or "sum". Received {reduction!r}.')
    if split not in ("watershed", "line"):
        raise InputError(f'`split` must be "watershed" or "line". Received {split!r}.')
    names = [field.name for field in dataclasses.fields(TermWeights)]
    for name, value in weights.items():
        if name not in names:
            nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)[0]
            raise InputError(
                f"`{name}` is no weight of the LCFCN loss; the nearest is `{nearest}`."
            )
        if not 0 <= value < np.inf:
            raise InputError(f"`{name}` must be a finite number from 0 on. Received {value}.")
    return LcfcnOptions(reduction, split, TermWeights(**weights))


def lcfcn_targets(
    points: np.ndarray,
    probs: np.ndarray,
    *,
    where: np.ndarray | None = None,
    reduction: Literal["mean", "sum"] = "mean",
    split: Literal["watershed", "line"] = "watershed",
    **weights: float,
) -> np.ndarray:
    """Turn points and one picture's probabilities into the weight maps of the LCFCN loss.

    Every term adds scale / |set| to the pixels of its set (scale alone with "sum"); `lcfcn_loss`
    multiplies each map with -log of what it asks for. For every class with n points:

    - background, scale 1: the surest background pixel, once for all classes;
    - foreground, scale 1: the class' most probable pixel if n > 0, else pushed down ("absent");
    - point, weight = the number of points in the pixel, under either `reduction`;
    - global split, scale n - 1: the lines of a watershed from all points over the whole picture;
    - local split, scale k - 1: the lines inside a blob with k > 1 points, flooded in its box;
    - false positive, scale 1 each: the blobs without a point.

    Blobs are the 8-connected areas of p > .5, or where a class is the most probable one. Two
    points in one pixel count as two but are one place to flood from. With `split` "line" straight
    segments replace the local watershed and there is no global one.

    Args:
        points: (H, W) or (H, W, K) points per pixel and class; negative outside the region.
        probs: (H, W) probabilities of the only class, or (H, W, K + 1), background first. NaN
            counts as 0 here; the loss of such a picture is NaN all the same.
        where: (H, W) bool, the region that counts; None for where no `points` are negative. What
            lies outside changes nothing, and receives no weight.
        reduction: whether a term takes the mean or the sum over its set.
        split: how crowded blobs are cut.
        **weights: attributes of `TermWeights`, factors of the terms, 1 each.

    Returns:
        float32 weights, (H, W, 2) for one class: of -log(1 - p), then of -log p. For K > 1 classes
        (H, W, 1 + 2 K): of -log of the background's probability S_0, of each -log S_c, then of
        each -log(1 - S_c). All 0 for an empty region.

    Raises:
        InputError: maps of unequal sizes, or an unknown option.

    Example:
        >>> points, probs = np.zeros((5, 5)), np.full((5, 5), 0.2)
        >>> points[2, 2] = 1
        >>> lcfcn_targets(points, probs)[2, 2].tolist()
        [0.0, 1.0]

    References:
        Laradji et al., "Where are the Blobs", arXiv 1807.09856, as ElementAI/LCFCN computes it
        since July 2020. Differences: blobs, extrema and lines stay inside the region; a blob's
        own lines are flooded in its box; the absent term, several classes and the lines by
        segments follow the paper. A class' global lines that cross a blob of another class ask
        there for "not this class" instead of background.
    """
    options = read_options(reduction, split, **weights)
    points, probs = _as_channels(np.asarray(points)), _as_channels(np.asarray(probs))
    num_classes = points.shape[-1]
    _check_shapes(points, probs, where)
    where = (points >= 0).all(axis=-1) if where is None else np.asarray(where, bool)
    probs = _inside(probs, where)
    if num_classes == 1:
        return _one_class(points[..., 0], probs[..., -1], where, options)
    return _several_classes(points, probs, where, options)


def _one_class(points, probs, where, options):
    probs = np.ascontiguousarray(probs)
    targets = np.zeros((probs.size, 2), np.float32)
    if where.any():
        down, up = targets.T
        _add_terms(points, probs, probs > 0.5, where, (down, up), options)
        present = _add_peak(points, probs, where, (down, up), options.weights)
        if not present or (where & (points <= 0)).any():
            lowest = probs.argmin() if where.all() else np.where(where, probs, 2).argmin()
            down[lowest] += options.weights.background_weight
    return targets.reshape(*probs.shape, 2)


def _several_classes(points, probs, where, options):
    height, width, num_classes = points.shape
    targets = np.zeros((height * width, 1 + 2 * num_classes), np.float32)
    if where.any():
        winner = np.where(where, probs.argmax(axis=-1), 0)
        for c in range(1, num_classes + 1):
            class_probs = np.ascontiguousarray(probs[..., c])
            down = np.zeros(height * width, np.float32)
            maps = (down, targets[:, c])
            _add_terms(points[..., c - 1], class_probs, winner == c, where, maps, options)
            another = ((winner > 0) & (winner != c)).ravel()
            targets[:, 0] += np.where(another, 0, down)
            targets[:, num_classes + c] += np.where(another, down, 0)
            maps = (targets[:, num_classes + c], targets[:, c])
            _add_peak(points[..., c - 1], class_probs, where, maps, options.weights)
        surest = np.where(where, probs[..., 0], -1).argmax()
        if (where & (points <= 0).all(axis=-1)).any():
            targets[surest, 0] += options.weights.background_weight
    return targets.reshape(height, width, -1)


def _add_peak(points, probs, where, maps, weights):
    """Pull the most probable pixel up if the class is present, else down; say whether it is."""
    down, up = maps
    present = bool((points[where] > 0).any())
    highest = probs.argmax() if where.all() else np.where(where, probs, -1).argmax()
    if present:
        up[highest] += weights.foreground_weight
    else:
        down[highest] += weights.absent_weight
    return present


def _add_terms(points, probs, mask, where, maps, options):
    """Add the point, false positive and split terms of one class."""
    down, up = maps
    weights, by_mean = options.weights, options.reduction == "mean"
    pixels = np.flatnonzero((points > 0) & where)
    counts = points.ravel()[pixels].astype(np.float64)
    up[pixels] += weights.point_weight * counts
    blobs = find_blobs(mask & where)
    owners = blobs.labels.ravel()[pixels]
    num_points = np.bincount(owners, counts, minlength=len(blobs.areas))
    speck = (num_points == 0) * weights.false_positive_weight
    speck[0] = 0
    if speck.any():
        speck = speck / blobs.areas if by_mean else speck
        down += speck.astype(np.float32)[blobs.labels.ravel()]
    crowds = _find_crowds(pixels, counts, owners, blobs, options)
    if crowds.scales.size and options.split == "line":
        add_straight_lines(probs, crowds, blobs.labels, by_mean, down)
    elif crowds.scales.size:
        ranking = rank_pixels(dark_valleys(probs))
        add_watershed_lines(ranking, crowds, blobs.labels, where, by_mean, down)


def _find_crowds(pixels, counts, owners, blobs, options):
    """Group the points to be split: all of them, then those of each crowded blob."""
    weights = options.weights
    order = np.argsort(owners, kind="stable")
    groups, boxes = [], []
    if pixels.size > 1 and options.split == "watershed" and weights.split_global_weight > 0:
        groups.append((-1, np.arange(pixels.size), weights.split_global_weight))
        boxes.append((0, 0, *blobs.labels.shape[::-1]))
    if weights.split_local_weight > 0:
        names, starts, sizes = np.unique(owners[order], return_index=True, return_counts=True)
        for blob, start, size in zip(names, starts, sizes, strict=True):
            if blob > 0 and size > 1:
                groups.append((blob, order[start : start + size], weights.split_local_weight))
                boxes.append(blobs.boxes[blob])
    members = [group[1] for group in groups]
    return Crowds(
        pixels[np.concatenate(members)] if groups else pixels[:0],
        np.cumsum([0, *map(len, members)]),
        np.array([group[0] for group in groups], np.int64),
        np.array(boxes, np.int64).reshape(-1, 4),
        np.array([(counts[m].sum() - 1) * weight for _, m, weight in groups], np.float64),
    )


def _as_channels(array):
    return array[..., np.newaxis] if array.ndim == 2 else array


def _inside(probs, where):
    probs = probs.astype(np.float32, copy=False)
    if where.all() and not np.isnan(probs.sum()):
        return probs
    return np.where(where[..., np.newaxis] & ~np.isnan(probs), probs, np.float32(0))


def _check_shapes(points, probs, where):
    num_classes = points.shape[-1]
    channels = (1, 2) if num_classes == 1 else (num_classes + 1,)
    if points.ndim != 3 or probs.ndim != 3 or points.shape[:2] != probs.shape[:2]:
        raise InputError(
            "`points` must be a map (H, W) or (H, W, K) of the size of `probs`. Received shapes "
            f"{points.shape} and {probs.shape}; `ops.point_maps.rasterise_points` draws a list."
        )
    if probs.shape[-1] not in channels:
        raise InputError(
            f"`probs` must have {' or '.join(map(str, channels))} channels for {num_classes} "
            f"classes. Received {probs.shape[-1]}."
        )
    if where is not None and np.shape(where) != points.shape[:2]:
        raise InputError(
            f"`where` must be a map of {points.shape[:2]} (H, W). Received shape {np.shape(where)}."
        )
