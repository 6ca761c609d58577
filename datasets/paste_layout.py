"""Draws how many objects a pasted picture shows, how large they are, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from config.errors import InputError
from config.options import option
from datasets.known_objects import ObjectSettings
from ops.cut_outs import SOLID, CutOut, turn_cut_out
from ops.inpainting import METHODS
from ops.occlusion import OcclusionMap
from ops.pasting import BLENDINGS, corner_of

_LEAST_FALL = 0.9  # of its count is the most that the next picture of a chain shows, if possible
_CHAIN_TRIES = 50
_PLACE_TRIES = 40
_MOST_COVERED = 0.9  # of the picture; what must stay visible of all objects has to fit in it
_LEAST_PLACED = 0.9  # of the objects wanted
_NEIGHBOUR = (0.3, 1.1)  # distance to the neighbour in a cluster, in mean sizes of the two
_SAME_DEPTH = 5  # objects placed last that stand about as far away


@dataclass(frozen=True, kw_only=True)
class PasteSettings(ObjectSettings):
    """`--method paste`: objects cut out of photos, pasted onto backgrounds.

    Attributes: see each field's `meaning`.
    """

    num: int = option(200, "pictures, or chains of them", minimum=1, maximum=1_000_000)
    mode: str = option(
        "count", "write counted pictures, or chains of falling counts", choices=("count", "chain")
    )
    chain_length: int = option(4, "pictures of a chain; 2 writes pairs", minimum=2, maximum=32)
    counts: tuple[int, ...] = option((), "numbers of objects to draw from, instead of a range")
    count_range: tuple[int, int] = option((1, 60), "least and most objects")
    distribution: str = option(
        "log_uniform", "how counts of the range are drawn", choices=("log_uniform", "uniform")
    )
    miscount: bool = option(False, "list jittered counts, as of a generator that miscounts")
    as_test: bool = option(False, "list the pictures as a test split")
    backgrounds: str = option("", "folder or glob of photos to paste onto; they show no object")
    background: str = option(
        "removed",
        "without --backgrounds: the photo with its objects inpainted, or its smooth ground alone",
        choices=("removed", "ground"),
    )
    inpainting: str = option("telea", "how holes are filled", choices=METHODS)
    scales: tuple[float, float] = option((0.9, 1.1), "least and most factor on an object's size")
    perspective: tuple[float, float] = option(
        (1.0, 1.0), "factors on the size at the picture's top and bottom, linear between them"
    )
    rows: tuple[float, float] = option(
        (0.0, 1.0), "shares of the height between which the objects' points lie"
    )
    clustering: float = option(
        0.0, "share of the objects that lie beside or partly under another", minimum=0, maximum=1
    )
    max_angle: float = option(
        0.0, "most that an object is turned either way", unit="degrees", minimum=0, maximum=180
    )
    no_flip: bool = option(False, "never mirror objects")
    blending: str = option("alpha", "how objects are laid over the picture", choices=BLENDINGS)
    min_visible: float = option(
        0.4, "share of each object that stays visible", minimum=0.05, maximum=1
    )


def check_layout(settings: PasteSettings) -> None:
    """Refuse settings that no picture can be drawn with.

    Args:
        settings: what the pictures have in common.

    Raises:
        InputError: a range is empty or out of bounds, or has too few counts for a chain.

    Example:
        >>> check_layout(PasteSettings())
    """
    low, high = settings.count_range
    if not 0 <= low <= high or min(settings.counts, default=0) < 0:
        raise InputError(
            "`count_range` (`--count_range`) must be two numbers from 0 on, the lower first, and "
            f"`counts` none below 0. Received {low} {high} and {list(settings.counts)}."
        )
    if settings.mode == "chain" and settings.num < 2:
        raise InputError(
            "`num` (`--num`) must be 2 chains at least, one to validate on. Received "
            f"{settings.num}."
        )
    num = len(set(settings.counts)) or high - low + 1
    if settings.mode == "chain" and num < settings.chain_length:
        raise InputError(
            f"`counts` or `count_range` must hold {settings.chain_length} different counts for a "
            f"chain (`--chain_length`). They hold {num}."
        )
    for name, most in (("scales", 100.0), ("perspective", 100.0), ("rows", 1.0)):
        first, last = getattr(settings, name)
        rising = first <= last or name == "perspective"
        above = first >= 0 if name == "rows" else min(first, last) > 0
        if not (rising and above and max(first, last) <= most):
            raise InputError(
                f"`{name}` (`--{name}`) must be two numbers above 0 and at most {most:g}, the "
                f"lower first. Received {first} {last}."
            )


def draw_counts(settings: PasteSettings, rng: np.random.Generator) -> list[int]:
    """Draw the counts of one picture, or of a chain.

    Args:
        settings: what the pictures have in common.
        rng: draws them.

    Returns:
        One count, or `chain_length` falling ones, each at most .9 of the one before where such are
        found within 50 tries.

    Example:
        >>> draw_counts(PasteSettings(counts=(7,)), np.random.default_rng(0))
        [7]
    """
    if settings.mode == "count":
        return [_draw_count(settings, rng)]
    drawn: list[int] = []
    for _ in range(_CHAIN_TRIES):
        chosen = {_draw_count(settings, rng) for _ in range(settings.chain_length)}
        if len(chosen) < settings.chain_length:
            continue
        drawn = sorted(chosen, reverse=True)
        pairs = zip(drawn, drawn[1:], strict=False)
        if all(fewer <= _LEAST_FALL * more for more, fewer in pairs):
            return drawn
    return drawn or _draw_distinct(settings, rng)


def _draw_count(settings, rng):
    if settings.counts:
        return int(rng.choice(settings.counts))
    low, high = settings.count_range
    if settings.distribution == "uniform":
        return int(rng.integers(low, high + 1))
    return int(np.exp(rng.uniform(math.log(low + 1), math.log(high + 2)))) - 1


def _draw_distinct(settings, rng):
    low, high = settings.count_range
    known = sorted(set(settings.counts)) or np.arange(low, high + 1)
    return sorted(map(int, rng.choice(known, settings.chain_length, replace=False)), reverse=True)


def draw_objects(
    cut_outs: Sequence[CutOut],
    num: int,
    size: tuple[int, int],
    settings: PasteSettings,
    rng: np.random.Generator,
) -> tuple[list[CutOut], np.ndarray]:
    """Draw objects of the right size for their rows, the farthest first.

    With perspective an object's factor is linear in its row, and rows are drawn with a density of
    one over the factor squared, so that every row is covered alike. Without it all rows are alike
    and the order is random.

    Args:
        cut_outs: what to choose from, at least one.
        num: objects.
        size: (height, width) of the picture, pixels.
        settings: what the pictures have in common.
        rng: draws them.

    Returns:
        The objects and (num,) float64 rows of their points.

    Raises:
        InputError: an object is larger than the picture, or they cannot all fit.

    Example:
        >>> # see `datasets.paste_jobs.paste_objects`
    """
    height, (top, bottom) = size[0], settings.perspective
    places = np.linspace(*settings.rows, 1001)
    factors = top + (bottom - top) * places
    weights = 1 / factors**2
    chosen = rng.choice(len(places), num, p=weights / weights.sum())
    if top != bottom:
        chosen = chosen[np.argsort(factors[chosen], kind="stable")]
    objects = []
    for place in chosen:
        turned = turn_cut_out(
            cut_outs[rng.integers(len(cut_outs))],
            scale=float(rng.uniform(*settings.scales) * factors[place]),
            angle=float(rng.uniform(-settings.max_angle, settings.max_angle)),
            flipped=not settings.no_flip and bool(rng.integers(2)),
        )
        _require_smaller(turned.size, size)
        objects.append(turned)
    _require_room(objects, size, settings)
    # The last row's pixels reach from height - 1 to height.
    return objects, places[chosen] * (height - 1)


def _require_smaller(own, size):
    if own[0] > size[0] or own[1] > size[1]:
        raise InputError(
            f"Backgrounds must be larger than the objects. An object has {own[0]} x {own[1]} "
            f"pixels, its background {size[0]} x {size[1]}; lower `--scales`, or give larger "
            "`--backgrounds` or `--image_size`."
        )


def _require_room(objects, size, settings):
    areas = [np.count_nonzero(each.alpha >= SOLID) for each in objects]
    share = max(settings.rows[1] - settings.rows[0], 1 / size[0])
    room = _MOST_COVERED * share * size[0] * size[1]
    if settings.min_visible * sum(areas) > room:
        most = int(room / (settings.min_visible * np.mean(areas)))
        raise InputError(
            f"Counts must fit the picture. {len(objects)} objects of {np.mean(areas):.0f} pixels "
            f"on average, {settings.min_visible:g} of each visible, do not fit {size[0]} x "
            f"{size[1]} pixels: {most} at most; lower the counts, `--scales` or `--min_visible`."
        )


def place_objects(
    objects: Sequence[CutOut],
    rows: np.ndarray,
    size: tuple[int, int],
    settings: PasteSettings,
    rng: np.random.Generator,
) -> tuple[list[CutOut], np.ndarray]:
    """Find places at which no object hides too much of another.

    An object that would is tried elsewhere, 40 times: in its own row with perspective, anywhere
    else without. One that belongs to a cluster is tried at .3 to 1.1 of its size from a random one
    placed before. One that finds no place is left out.

    Args:
        objects: the farthest first.
        rows: (N,) float rows of their points.
        size: (height, width) of the picture, pixels.
        settings: what the pictures have in common.
        rng: draws the places.

    Returns:
        The M objects placed, the farthest first, and (M, 2) float64 (row, column) of their points.

    Raises:
        InputError: less than .9 of the objects found a place.

    Example:
        >>> # see `datasets.paste_jobs.paste_objects`
    """
    seen = OcclusionMap(size, min_visible=settings.min_visible)
    placed: list[CutOut] = []
    points: list[tuple[float, float]] = []
    for cut, row in zip(objects, rows, strict=True):
        for point in _draw_points(cut, float(row), (placed, points), size, settings, rng):
            if seen.add(cut.alpha >= SOLID, *corner_of(cut, point)):
                placed.append(cut)
                points.append(point)
                break
    if len(placed) < _LEAST_PLACED * len(objects):
        raise InputError(
            f"Counts must fit the picture. Only {len(placed)} of {len(objects)} objects found a "
            f"place in {size[0]} x {size[1]} pixels with `--min_visible` {settings.min_visible:g}; "
            "lower the counts, `--scales` or `--min_visible`."
        )
    return placed, np.array(points, np.float64).reshape(-1, 2)


def _draw_points(cut, row, neighbours, size, settings, rng):
    """Yield (row, column) places to try for an object, the wanted one first."""
    flat = settings.perspective[0] == settings.perspective[1]
    first, last = (share * (size[0] - 1) for share in settings.rows)
    placed, points = neighbours
    clustered = bool(placed) and rng.random() < settings.clustering
    for _ in range(_PLACE_TRIES):
        if not clustered:
            yield row, float(rng.uniform(0, size[1] - 1))
            row = float(rng.uniform(first, last)) if flat else row
            continue
        i = rng.integers(0 if flat else max(len(placed) - _SAME_DEPTH, 0), len(placed))
        distance = rng.uniform(*_NEIGHBOUR) * (max(cut.size) + max(placed[i].size)) / 2
        # Along the row only with perspective, as another row would be another depth.
        angle = rng.uniform(0, 2 * math.pi) if flat else math.pi * rng.integers(2)
        near = points[i][0] + distance * math.sin(angle) if flat else row
        column = points[i][1] + distance * math.cos(angle)
        if first <= near <= last and 0 <= column <= size[1] - 1:
            yield float(near), float(column)
