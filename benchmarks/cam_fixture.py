"""Write the maps of tf-keras-vis that tests compare with: `python -m benchmarks.cam_fixture FILE`.

tf-keras-vis is a test tool, no requirement; `pip install tf-keras-vis deprecated`.
"""

from __future__ import annotations

import argparse

import keras
import numpy as np
import tensorflow as tf

CLASSES = (1, 2)


def build_network() -> keras.Model:
    """Build a small classifier whose gradients differ from place to place, with drawn weights.

    Returns:
        Model from (B, 12, 16, 3) to (B, 3) scores; its layer `features` gives (B, 6, 8, 4).

    Example:
        >>> tuple(build_network().get_layer("features").output.shape)
        (None, 6, 8, 4)
    """
    rng = np.random.default_rng(0)
    image = keras.Input((12, 16, 3))
    conv = keras.layers.Conv2D(4, 3, 2, padding="same", activation="relu", name="features")
    x = keras.layers.Flatten()(conv(image))
    x = keras.layers.Dense(16, activation="relu")(x)
    model = keras.Model(image, keras.layers.Dense(3)(x))
    shapes = [weight.shape for weight in model.get_weights()]
    deviations = [1 / np.sqrt(np.prod(shape[:-1]) or 1) for shape in shapes]
    model.set_weights([d * rng.normal(size=s) for d, s in zip(deviations, shapes, strict=True)])
    return model


def main() -> None:
    """Write the file."""
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.utils.scores import CategoricalScore

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    path = parser.parse_args().file
    model = build_network()
    images = np.random.default_rng(1).random((len(CLASSES), 12, 16, 3), np.float32)
    twin = keras.Model(model.input, [model.get_layer("features").output, model.output])
    with tf.GradientTape() as tape:
        features, scores = twin(tf.constant(images))
        score = tf.reduce_sum(tf.gather(scores, CLASSES, batch_dims=1))
    arrays = {"features": features, "gradients": tape.gradient(score, features)}
    methods = {"grad_cam": Gradcam, "grad_cam_plus_plus": GradcamPlusPlus, "layer_cam": Layercam}
    # Its own stretching adds 1e-7 to the span, which such small maps feel.
    options = {"penultimate_layer": "features", "expand_cam": False, "normalize_cam": False}
    for name, method in methods.items():
        # One picture a call: Grad-CAM++ there weighs a batch by the scores of all of it.
        maps = [
            method(model, clone=False)(CategoricalScore([number]), images[i : i + 1], **options)[0]
            for i, number in enumerate(CLASSES)
        ]
        arrays[name] = np.stack(maps)
    np.savez_compressed(path, **{name: np.asarray(each) for name, each in arrays.items()})


if __name__ == "__main__":
    main()
