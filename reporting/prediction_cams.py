"""Draws class activation maps of pictures, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from ops.cam import normalise_maps
from reporting.classifiers import CamPredictor
from reporting.heat_figures import overlay_heat
from reporting.mask_figures import draw_picture
from reporting.prediction import Prediction, predict_images
from reporting.predictors import Predictor


class TagPredictor:
    """The served model of a video classifier: the likeliest tag of each frame, and its map.

    Args:
        predictor: of a model with `tag_probabilities` and `tag_maps`, see `models.tagger`.

    Attributes:
        class_names: of each tag one.

    Example:
        >>> found = {"tag_probabilities": [[0.2, 0.8]], "tag_maps": np.zeros((1, 1, 2, 2))}
        >>> found = {name: tf.constant(values) for name, values in found.items()}
        >>> shapes = {name: tuple(values.shape) for name, values in found.items()}
        >>> predictor = Predictor(lambda images: found, shapes)
        >>> found = TagPredictor(predictor)(np.zeros((1, 4, 6, 3), np.uint8))
        >>> found["class"].tolist(), found["cam"].shape
        ([1], (1, 4, 6))
    """

    def __init__(self, predictor: Predictor):
        num_classes = predictor.outputs["tag_probabilities"][-1]
        names = getattr(predictor.settings, "class_names", ())
        self.class_names = names or tuple(str(number) for number in range(num_classes))
        self._predict = predictor

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Tell tags, and draw their maps.

        Args:
            images: (B, H, W, 3) uint8.

        Returns:
            `cam` (B, H, W) float32 in [0, 1], `class` (B,) numbers of tags, from 0, and `scores`
            (B, K) probabilities.

        Example:
            >>> # see the class
        """
        found = self._predict(images)
        classes = found["tag_probabilities"].argmax(axis=1)
        maps = np.take_along_axis(found["tag_maps"], classes[:, None, None, None], axis=3)
        cams = normalise_maps(maps[..., 0])[..., tf.newaxis]
        large = tf.image.resize(cams, images.shape[1:3])[..., 0].numpy()
        return {"cam": large, "class": classes, "scores": found["tag_probabilities"]}


def predict_cams(
    predictor: CamPredictor | TagPredictor,
    images: Sequence[tuple[str, Path]],
    folder: Path,
    *,
    max_pixels: int,
    batch_size: int = 1,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Draw each picture's map and write it; a bad picture gives an error, the rest go on.

    The maps are written at once and not kept: `<folder>/<image>.png`, grey, 255 for 1. The outputs
    of a prediction are `class`, the name of the class that is shown, `score`, what the model gives
    it, and `cam_share`, how much of the picture reaches half of the map's maximum: 0 of a map that
    shows nothing.

    Args:
        predictor: what `reporting.classifiers.load_cam_predictor` returned, or the served model of
            a video classifier.
        images: (name, path) of each picture.
        folder: where the maps go, in the folders of their pictures' names.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction, (H, W, 3) uint8 picture tinted by its map, or None), in order.

    Raises:
        OSError: a map cannot be written.

    Example:
        >>> images = [("a", Path("absent.jpg"))]
        >>> next(predict_cams(None, images, Path("cams"), max_pixels=100))[0].error
        '`absent.jpg` must be a picture file. There is no such file.'
    """
    for prediction, picture in predict_images(
        predictor, images, max_pixels=max_pixels, batch_size=batch_size
    ):
        if not prediction.error:
            cam, column = prediction.outputs["cam"], prediction.outputs["class"]
            grey = np.rint(255 * cam).astype(np.uint8)
            draw_picture(grey, Path(folder) / f"{prediction.image}.png")
            shown = {
                "class": np.str_(predictor.class_names[column]),
                "score": prediction.outputs["scores"][column],
                "cam_share": np.float32(((cam > 0) & (cam >= 0.5 * cam.max())).mean()),
            }
            prediction = replace(prediction, outputs=shown)
            picture = overlay_heat(picture, cam)
        yield prediction, picture
