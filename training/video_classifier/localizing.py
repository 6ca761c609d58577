"""Finds out after every epoch how well the maps of a classifier show the object."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from datasets.records import ShotRecord
from training.distribution import run_without_strategy
from training.shot_scores import ShotScores
from training.video_classifier.frame_runs import ShotCamSettings, make_shot_drawer

CORLOC = "val_corloc"
_STEP = 0.004  # between thresholds, as published for the choice between epochs


class CamLocalization(keras.callbacks.Callback):
    """Adds `val_corloc` to the logs of an epoch: CorLoc of the maps, over frames.

    The threshold is the best for these frames, as published. The maps are of the shots' own tags.

    Args:
        classifier: whose maps are drawn, as it is at the epoch's end.
        shots: those to validate on, each with annotated frames alone.
        settings: how maps are drawn.
        batch_size: frames at once.
        max_pixels: larger frames and masks are refused.
        inclusive: as `training.shot_scores.ShotScores` takes it.

    Raises:
        InputError: the method cannot be had; after an epoch: a frame or mask cannot be read, a map
            is not finite, or no frame has a true box.

    Example:
        >>> # see `training.video_classifier.fitting`
    """

    def __init__(
        self,
        classifier: keras.Model,
        shots: Sequence[ShotRecord],
        settings: ShotCamSettings,
        *,
        batch_size: int,
        max_pixels: int,
        inclusive: bool,
    ):
        super().__init__()
        self._shots, self._size = list(shots), settings.image_size
        self._options = {"max_pixels": max_pixels, "inclusive": inclusive}
        self._draw = make_shot_drawer(
            classifier, settings, batch_size=batch_size, max_pixels=max_pixels
        )

    def on_epoch_end(self, epoch, logs=None):
        """Add the value."""
        logs[CORLOC] = run_without_strategy(self._score)

    def _score(self) -> float:
        scores = ShotScores(
            self._shots, self._size, step=_STEP, every_contour=False, **self._options
        )
        for place, shot in enumerate(self._shots):
            for number, cam in enumerate(self._draw(shot)):
                scores.update(place, number, cam)
        return scores.result()["corloc_micro"]
