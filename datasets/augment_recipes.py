"""Named ways to augment boxed pictures: which view of a picture is drawn, in which colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from imgaug import augmenters

from datasets.sample_views import View, view_boxes

SMALLEST_BOX = 5  # sides of a box, pixels of the sample; smaller objects are taken for lost
_TRIES = 10


@dataclass(frozen=True)
class Recipe:
    """A way to augment.

    Attributes:
        draw_view: (generator, (height, width) of the picture) -> a view of it.
        min_kept: least share of each box's area that a view must show.
        list_colours: () -> imgaug's augmenters of colours, new ones at each call.

    Example:
        >>> _RECIPES["general"].min_kept
        0.75
    """

    draw_view: Callable[[np.random.Generator, tuple[int, int]], View]
    min_kept: float
    list_colours: Callable[[], list[augmenters.Augmenter]]


def check_recipe(recipe: str) -> None:
    """Require a known recipe.

    Args:
        recipe: its name.

    Raises:
        ValueError: it is not one of `RECIPES`.

    Example:
        >>> check_recipe("general")
    """
    if recipe not in RECIPES:
        raise ValueError(f"`recipe` must be one of {', '.join(RECIPES)}. Received {recipe}.")


def draw_view(
    recipe: str,
    boxes: np.ndarray,
    picture: tuple[int, int],
    size: tuple[int, int],
    generator: np.random.Generator,
) -> View:
    """Draw the view of a picture that a sample shows.

    A view that loses an object is drawn again, ten times at most; then the whole picture is shown,
    mirrored and turned as the last view was.

    Args:
        recipe: one of `RECIPES` but "none".
        boxes: (N, 4) float xyxy pixels of the picture.
        picture: (height, width) of the picture, pixels.
        size: (height, width) of the sample, pixels.
        generator: source of the draws.

    Returns:
        The view.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> view = draw_view("published", np.array([[0, 0, 2, 2]]), (60, 80), (60, 80), generator)
        >>> view.window
        (0.0, 0.0, 80.0, 60.0)
    """
    rules = _RECIPES[recipe]
    for _ in range(_TRIES):
        view = rules.draw_view(generator, picture)
        if shows_objects(boxes, view, size, min_kept=rules.min_kept):
            return view
    return replace(view, window=(0.0, 0.0, float(picture[1]), float(picture[0])))


def shows_objects(boxes: np.ndarray, view: View, size: tuple[int, int], *, min_kept: float) -> bool:
    """Tell whether enough of every object is inside a view.

    Args:
        boxes: (N, 4) float xyxy pixels of the picture.
        view: the view.
        size: (height, width) of the sample, pixels.
        min_kept: least share of each box's area.

    Returns:
        False when less of a box is left, or less than 5 pixels of the sample a side.

    Example:
        >>> boxes = np.array([[0, 0, 10, 10]])
        >>> [shows_objects(boxes, View((x, 0, 40, 40)), (40, 40), min_kept=0.4) for x in (5, 7)]
        [True, False]
    """
    height, width = size
    moved = view_boxes(boxes, view, size)
    sides = moved[:, 2:] - moved[:, :2]
    seen = moved.clip(0, [width, height, width, height])
    seen_sides = seen[:, 2:] - seen[:, :2]
    kept = seen_sides.prod(axis=1) >= min_kept * sides.prod(axis=1)
    return bool(kept.all() and (seen_sides >= SMALLEST_BOX).all())


def list_colours(recipe: str) -> list[augmenters.Augmenter]:
    """List the changes of colour of a recipe.

    Args:
        recipe: one of `RECIPES` but "none".

    Returns:
        imgaug's augmenters, new ones at each call: their random state is not safe between threads.

    Example:
        >>> len(list_colours("published"))
        3
    """
    return _RECIPES[recipe].list_colours()


def _draw_general_view(generator: np.random.Generator, picture: tuple[int, int]) -> View:
    """Zoom by .7 to 1.4, stretch by up to 15 %, move as far as the window allows, mirror half."""
    zoom = np.exp(generator.uniform(np.log(0.7), np.log(1.4)))
    stretch = np.exp(generator.uniform(-0.075, 0.075))
    height, width = picture[0] / (zoom * stretch), picture[1] / (zoom / stretch)
    # A window larger than the picture holds all of it; a smaller one lies inside it.
    y0, x0 = generator.random(2) * [picture[0] - height, picture[1] - width]
    return View((x0, y0, x0 + width, y0 + height), mirrored=bool(generator.random() < 0.5))


def _draw_published_view(generator: np.random.Generator, picture: tuple[int, int]) -> View:
    left, top, right, bottom = generator.uniform(0, 0.15, 4)
    window = (
        left * picture[1],
        top * picture[0],
        (1 - right) * picture[1],
        (1 - bottom) * picture[0],
    )
    return View(window, rescale=float(generator.uniform(0.6, 1.4)))


def _draw_turned_view(generator: np.random.Generator, picture: tuple[int, int]) -> View:
    """One of six as often as another: as it is, three turns, two mirror images."""
    view, way = _draw_published_view(generator, picture), int(generator.integers(6))
    if way < 4:
        return replace(view, turns=way)
    return replace(view, mirrored=True, turns=2 * (way - 4))  # mirrored and turned: top to bottom


def _list_general_colours() -> list[augmenters.Augmenter]:
    return [
        augmenters.Multiply((0.8, 1.2), per_channel=0.3),
        augmenters.LinearContrast((0.8, 1.2)),
        augmenters.pillike.EnhanceColor((0.6, 1.4)),
        augmenters.Sometimes(0.2, augmenters.GaussianBlur((0.3, 0.9))),
    ]


def _list_published_colours() -> list[augmenters.Augmenter]:
    return [
        augmenters.pillike.EnhanceColor((0.5, 1.5)),
        augmenters.Multiply((0.7, 1.3)),
        augmenters.Multiply((0.8, 1.2), per_channel=True),
    ]


_RECIPES = {
    "published": Recipe(_draw_published_view, 0.4, _list_published_colours),
    "published_turns": Recipe(_draw_turned_view, 0.4, _list_published_colours),
    "general": Recipe(_draw_general_view, 0.75, _list_general_colours),
}
RECIPES = ("none", *_RECIPES)
