"""Random mirroring and colours for training, on a picture and its labels together."""

from __future__ import annotations

from typing import Literal

import numpy as np
from imgaug import augmenters
from imgaug.augmentables import KeypointsOnImage
from imgaug.augmentables.segmaps import SegmentationMapsOnImage

from datasets.samples import Sample


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
    image, points, where = augmenter(
        image=np.ascontiguousarray(sample.image),
        keypoints=KeypointsOnImage.from_xy_array(middles[:, ::-1], shape=sample.image.shape),
        segmentation_maps=SegmentationMapsOnImage(
            sample.where.astype(np.int8), shape=sample.image.shape
        ),
    )
    return Sample(
        image,
        points.to_xy_array().reshape(-1, 2)[:, ::-1].astype(np.float64),
        where.get_arr().astype(bool),
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
