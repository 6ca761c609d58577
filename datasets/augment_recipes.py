"""Named ways to augment boxed pictures: which view of a picture is drawn, in which colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from imgaug.augmenters import arithmetic, blur, contrast, pillike

from datasets.sample_views import View, view_boxes

SMALLEST_BOX = 5  # sides of a box, pixels of the sample; smaller objects are taken for lost
_TRIES = 10


@dataclass(frozen=True)
class Recipe:
    """A way to augment.

    Attributes:
        draw_view: (generator, (height, width) of the picture) -> a view of it.
        min_kept: least share of each box's area that a view must show.
        change_colours: ((H, W, 3) uint8, generator) -> the picture in other colours.

    Example:
        >>> _RECIPES["general"].min_kept
        0.75
    """

    draw_view: Callable[[np.random.Generator, tuple[int, int]], View]
    min_kept: float
    change_colours: Callable[[np.ndarray, np.random.Generator], np.ndarray]


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


def change_colours(recipe: str, image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Change the colours of a picture.

    imgaug's functions are called with numbers drawn here: its augmenters, whose random state is
    not safe between threads, cost more to be built and seeded for each sample than to run.

    Args:
        recipe: one of `RECIPES` but "none".
        image: (H, W, 3) uint8; may be written to.
        generator: source of the draws.

    Returns:
        (H, W, 3) uint8.

    Example:
        >>> image = np.zeros((4, 5, 3), np.uint8)
        >>> change_colours("published", image, np.random.default_rng(0)).shape
        (4, 5, 3)
    """
    return _RECIPES[recipe].change_colours(image, generator)


def _draw_general_view(generator: np.random.Generator, picture: tuple[int, int]) -> View:
    """Zoom by .8 to 1.4, stretch by up to 15 %, move as far as the window allows, mirror half."""
    zoom = np.exp(generator.uniform(np.log(0.8), np.log(1.4)))
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


def _change_generally(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    brightness, slope, colour = generator.uniform((0.8, 0.8, 0.6), (1.2, 1.2, 1.4))
    tint = generator.uniform(0.9, 1.1, 3) if generator.random() < 0.3 else np.ones(3)
    image = arithmetic.multiply_scalar(image, brightness * tint)
    image = contrast.adjust_contrast_linear(image, slope)
    image = pillike.enhance_color(image, colour)
    if generator.random() < 0.2:
        image = blur.blur_gaussian_(image, generator.uniform(0.3, 0.9))
    return image


def _change_as_published(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    colour, brightness = generator.uniform((0.5, 0.7), (1.5, 1.3))
    channels = generator.uniform(0.8, 1.2, 3)
    image = pillike.enhance_color(image, colour)
    return arithmetic.multiply_scalar(image, brightness * channels)


_RECIPES = {
    "published": Recipe(_draw_published_view, 0.4, _change_as_published),
    "published_turns": Recipe(_draw_turned_view, 0.4, _change_as_published),
    "general": Recipe(_draw_general_view, 0.75, _change_generally),
}
RECIPES = ("none", *_RECIPES)
