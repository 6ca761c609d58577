"""Random views and colours for training, of a picture and its labels together."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from imgaug import augmenters
from imgaug.augmentables import KeypointsOnImage
from imgaug.augmentables.bbs import BoundingBoxesOnImage
from imgaug.augmentables.segmaps import SegmentationMapsOnImage

from datasets.augment_recipes import change_colours, check_recipe, draw_view
from datasets.sample_views import warp_sample
from datasets.samples import Sample
from datasets.scaled_images import resize_image, resize_mask


def augment_sample(
    sample: Sample,
    seed: int,
    *,
    flip: Literal["none", "horizontal", "both"] = "none",
    color: float = 0.0,
) -> Sample:
    """Augment a sample, decided by the seed alone.

    In this order: mirror half of the samples left to right; half of them top to bottom ("both");
    then brightness, contrast and saturation, each times a factor of 1 +- `color`.

    Args:
        sample: the picture with its labels.
        seed: 0 to 2^31 - 1; the same seed gives the same sample anywhere.
        flip: "none", "horizontal" (left to right) or "both".
        color: reach of the three factors, in [0, 1]; 0 for none.

    Returns:
        A sample of the same size. Its points lie at the middle of the pixel that held them, so
        that a mirrored point stays on its object's pixel.

    Example:
        >>> image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
        >>> sample = Sample(image, np.array([[0.0, 1.0]]), np.ones((1, 2), bool))
        >>> mirrored = [augment_sample(sample, seed, flip="horizontal") for seed in range(9)]
        >>> sorted({(int(each.image[0, 0, 0]), float(each.points[0, 1])) for each in mirrored})
        [(0, 1.5), (3, 0.5)]
    """
    steps = _list_steps(flip, color)
    if not steps:
        return sample
    # Built anew for each sample: an augmenter's random state is not safe between threads.
    augmenter = augmenters.Sequential(steps)
    augmenter.seed_(int(seed))
    middles = np.floor(sample.points) + 0.5
    shape = sample.image.shape
    image, points, where, boxes = augmenter(
        image=np.ascontiguousarray(sample.image),
        keypoints=KeypointsOnImage.from_xy_array(middles[:, ::-1], shape=shape),
        segmentation_maps=SegmentationMapsOnImage(sample.where.astype(np.int8), shape=shape),
        bounding_boxes=BoundingBoxesOnImage.from_xyxy_array(sample.boxes, shape=shape),
    )
    return Sample(
        image,
        points.to_xy_array().reshape(-1, 2)[:, ::-1].astype(np.float64),
        where.get_arr().astype(bool),
        boxes.to_xyxy_array(np.float64).reshape(-1, 4),
    )


def augment_by_recipe(
    sample: Sample, seed: int, *, recipe: str, size: tuple[int, int] | None = None
) -> Sample:
    """Augment a sample with boxes by a named recipe, decided by the seed alone.

    - "none": only resized, averaging where it shrinks.
    - "published": of lars76/object-localization, variant 4: the picture rescaled by .6 to 1.4, up
      to 15 % cropped from each side, colour times .5 to 1.5, brightness times .7 to 1.3, each
      channel times .8 to 1.2.
    - "published_turns": the same with its optional part: a sixth each is left as it is, turned by
      90, 180 or 270 degrees, or mirrored left to right or top to bottom.
    - "general": for some hundred photographs of things that stand upright: half are mirrored left
      to right; zoomed by .8 to 1.4, stretched by up to 15 % and moved, at least three quarters of
      each box inside; brightness and contrast times .8 to 1.2, colour .6 to 1.4; in three of ten
      each channel .9 to 1.1; a fifth is blurred.

    View and size are one warp of the picture and its labels; imgaug changes the colours. A view
    that keeps less than 40 % of a box ("general": 75 %), or less than 5 pixels a side, is drawn
    again; after ten views the whole picture is shown.

    Args:
        sample: the picture with its labels; larger than `size`, enlarged parts stay sharp.
        seed: 0 to 2^31 - 1; the same seed gives the same sample anywhere.
        recipe: one of `datasets.augment_recipes.RECIPES`.
        size: (height, width) of the result, pixels; None for the sample's own.

    Returns:
        The sample; its boxes, in the same order, are clipped to it.

    Raises:
        ValueError: unknown `recipe`.

    Example:
        >>> image, box = np.zeros((40, 60, 3), np.uint8), np.array([[10.0, 10.0, 40.0, 30.0]])
        >>> sample = Sample(image, np.zeros((0, 2)), np.ones((40, 60), bool), box)
        >>> augment_by_recipe(sample, 0, recipe="none", size=(20, 30)).boxes
        array([[ 5.,  5., 20., 15.]])
        >>> augment_by_recipe(sample, 0, recipe="general", size=(20, 30)).size
        (20, 30)

    References:
        lars76/object-localization, example_4/train.py. Differences: the brightness is changed (it
        asks its colour enhancer twice), a turned picture fills the frame, and views are drawn
        again. Its rescaling is undone when the picture is resized for the
        network, here as there: what stays is a change of sharpness.
    """
    check_recipe(recipe)
    size = tuple(size or sample.size)
    if recipe == "none":
        return _resize(sample, size)
    generator = np.random.default_rng(int(seed))
    view = draw_view(recipe, sample.boxes, sample.size, size, generator)
    seen = warp_sample(sample, view, size)
    return replace(seen, image=change_colours(recipe, seen.image, generator))


def _resize(sample: Sample, size: tuple[int, int]) -> Sample:
    if size == sample.size:
        return sample
    factors = np.divide(size, sample.size)  # (row, column)
    return Sample(
        resize_image(sample.image, size),
        sample.points * factors,
        resize_mask(sample.where, size),
        sample.boxes * np.tile(factors[::-1], 2),
    )


def _list_steps(flip: str, color: float) -> list[augmenters.Augmenter]:
    steps = []
    if flip in ("horizontal", "both"):
        steps.append(augmenters.Fliplr(0.5))
    if flip == "both":
        steps.append(augmenters.Flipud(0.5))
    if color > 0:
        factor = (1 - color, 1 + color)
        steps += [
            augmenters.Multiply(factor),
            augmenters.LinearContrast(factor),
            augmenters.MultiplySaturation(factor),
        ]
    return steps
