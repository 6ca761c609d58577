import numpy as np

from models.cam_classifier import build_cam_classifier
from models.tagger import build_tagger


def test_build_tagger_gives_probabilities_and_maps_of_frames_of_any_size():
    options = {"num_classes": 3, "image_size": 32, "alpha": 0.35, "cut": True}
    classifier = build_cam_classifier("mobilenet_v2", **options)
    tagger = build_tagger(classifier)
    grey = np.full((1, 7, 90, 3), 51, np.uint8)
    found, expected = tagger(grey), classifier(np.full((1, 32, 32, 3), 0.2, np.float32))
    scores = np.exp(np.array(expected["scores"]))
    np.testing.assert_allclose(found["tag_probabilities"], scores / scores.sum(), rtol=1e-4)
    np.testing.assert_allclose(found["tag_maps"], expected["maps"], atol=1e-4)
