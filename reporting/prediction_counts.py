"""Counts pictures with a calibrated counter, and says what its intervals stand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from reporting.prediction import Prediction, predict_images
from reporting.predictors import Predictor


def predict_counts(
    predictor: Predictor, images: Sequence[tuple[str, Path]], *, max_pixels: int, batch_size: int
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Count pictures one after the other; a bad one gives an error and the rest go on.

    Args:
        predictor: of a model with intervals.
        images: (name, path) of each picture.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction, picture) as `reporting.prediction.predict_images`; the prediction's `about`
        tells `interval`, `calibrated_on` and `none_from`.

    Example:
        >>> from reporting.count_settings import CountSettings
        >>> predictor = Predictor(None, {"count": (None,)}, CountSettings(0.8, "drawn scenes"))
        >>> images = [("a.jpg", Path("no.jpg"))]
        >>> next(predict_counts(predictor, images, max_pixels=100, batch_size=1))[0].about
        {'interval': 0.8, 'calibrated_on': 'drawn scenes', 'none_from': ''}
    """
    about = asdict(predictor.settings)
    found = predict_images(predictor, images, max_pixels=max_pixels, batch_size=batch_size)
    for prediction, picture in found:
        yield replace(prediction, about=about), picture
