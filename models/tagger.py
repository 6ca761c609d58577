"""What a video classifier's run serves: frames of any size in, tags and their maps out."""

from __future__ import annotations

import keras

from models.picture_scale import ResizeImages


def build_tagger(classifier: keras.Model) -> keras.Model:
    """Build what is served: a frame of any size in, how likely each tag is and where it is out.

    Args:
        classifier: of `models.cam_classifier` or `models.label_pooling`; shared, not copied.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to `tag_probabilities` (B, K),
        of which one tag has to be right, and `tag_maps` (B, h, w, K) float32 of any range, over
        the whole frame. Frames are resized to the classifier's input, their aspect not kept.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> options = {"num_classes": 3, "image_size": 32, "alpha": 0.35}
        >>> tagger = build_tagger(build_cam_classifier("mobilenet_v2", **options))
        >>> found = tagger(keras.ops.zeros((1, 50, 40, 3), "uint8"))
        >>> {name: tuple(values.shape) for name, values in found.items()}
        {'tag_probabilities': (1, 3), 'tag_maps': (1, 4, 4, 3)}
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    size = tuple(classifier.input.shape[1:3])
    found = classifier(ResizeImages(size, name="resize_images", dtype="float32")(images))
    softmax = keras.layers.Softmax(name="tag_probabilities", dtype="float32")
    outputs = {"tag_probabilities": softmax(found["scores"]), "tag_maps": found["maps"]}
    return keras.Model(images, outputs, name="tagger")
