import numpy as np
import pytest

from training.video_classifier.frame_runs import ShotCamSettings
from training.video_classifier.localizing import CamLocalization

SETTINGS = ShotCamSettings(image_size=32, method="grad_cam")


def test_cam_localization_follows_the_weights(classifier, shots):
    boxed = [shot.take(shot.annotated) for shot in shots]
    options = {"batch_size": 2, "max_pixels": 10_000, "inclusive": False}
    callback, logs = CamLocalization(classifier, boxed, SETTINGS, **options), {"loss": 1.0}
    callback.on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "val_corloc": 1.0}
    # Blue's map becomes that of red: what is blue has none, and every box is wrong.
    classifier.layers[-1].set_weights([np.array([[1, 1], [0, 0], [0, 0]])])
    callback.on_epoch_end(1, logs)
    assert logs["val_corloc"] == pytest.approx(0.5)
