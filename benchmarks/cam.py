"""Class activation maps a second, beside those of tf-keras-vis, and how far the maps differ.

`python -m benchmarks.cam` draws maps of a classifier with random weights by the methods that take
gradients, both libraries in turn, on the same pictures and the same layer. Maps are compared after
each is stretched to [0, 1]; those of Grad-CAM++ differ where gradients are large, since
tf-keras-vis divides a channel's alphas by their sum, which the paper does not. Its columns are left
out where it is absent: it is a test tool, no requirement (`pip install tf-keras-vis deprecated`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

import keras
import numpy as np

from benchmarks.timing import time_in_turn
from config.commands import run_main
from models.cam import make_cam_function

BUILDERS = {
    "mobilenet_v2": keras.applications.MobileNetV2,
    "resnet50": keras.applications.ResNet50,
}
LAYERS = {"mobilenet_v2": "out_relu", "resnet50": "conv5_block3_out"}
METHODS = ("grad_cam", "grad_cam_plus_plus", "layer_cam")

Draw = Callable[[], np.ndarray]


def build_classifier(name: str, size: int) -> keras.Model:
    """Build a classifier of 10 classes with random weights.

    Args:
        name: a key of `BUILDERS`.
        size: side of its input, pixels.

    Returns:
        Model from (B, size, size, 3) to (B, 10) scores.

    Example:
        >>> build_classifier("mobilenet_v2", 32).output_shape
        (None, 10)
    """
    keras.utils.set_random_seed(0)
    options = {"weights": None, "classes": 10, "classifier_activation": None}
    return BUILDERS[name](input_shape=(size, size, 3), **options)


def load_reference(
    model: keras.Model, layer: str, images: np.ndarray, classes: np.ndarray
) -> Mapping[str, Draw]:
    """Make the functions of tf-keras-vis; {} where it is absent.

    Args:
        model: the classifier.
        layer: name of the layer whose maps are taken.
        images: (B, S, S, 3).
        classes: (B,) from 0.

    Returns:
        method -> function that draws the maps (B, h, w).

    Example:
        >>> # see `main`
    """
    try:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
        from tf_keras_vis.layercam import Layercam
        from tf_keras_vis.utils.scores import CategoricalScore
    except ImportError:
        return {}
    score = CategoricalScore(classes.tolist())
    options = {"penultimate_layer": layer, "expand_cam": False}
    options["seek_penultimate_conv_layer"] = False

    def bind(method):
        drawer = method(model, clone=False)  # made once: its time does not count
        return lambda: drawer(score, images, **options)

    return dict(zip(METHODS, map(bind, (Gradcam, GradcamPlusPlus, Layercam)), strict=True))


def compare_maps(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Say how far maps differ that are both stretched to [0, 1].

    Args:
        ours: (B, h, w).
        theirs: (B, h, w).

    Returns:
        The largest difference.

    Example:
        >>> compare_maps(np.array([[[0.0, 1.0]]]), np.array([[[2.0, 4.0]]]))
        0.0
    """
    least = theirs.min(axis=(1, 2), keepdims=True)
    stretched = (theirs - least) / np.maximum(theirs.max(axis=(1, 2), keepdims=True) - least, 1e-30)
    return float(np.abs(ours - stretched).max())


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this script.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args([]).batch_size
        16
    """
    parser = argparse.ArgumentParser(prog="benchmarks.cam", description=__doc__, allow_abbrev=False)
    parser.add_argument("--encoder", choices=BUILDERS, default="mobilenet_v2")
    parser.add_argument("--image_size", type=int, default=224, help="side of the input, pixels")
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5, help="timed calls of each")
    return parser


def main(args: argparse.Namespace) -> None:
    """Print the table; `args` as `build_parser` tells."""
    model = build_classifier(args.encoder, args.image_size)
    shape = (args.batch_size, *model.input_shape[1:])
    images = np.random.default_rng(0).random(shape, np.float32)
    classes = np.arange(args.batch_size) % 10
    reference = load_reference(model, LAYERS[args.encoder], images, classes)
    print(f"{args.encoder}, {args.image_size} pixels, batch {args.batch_size}: maps a second")
    print(
        f"{'method':20s} {'ours':>8s}" + ("  tf-keras-vis  ratio  difference" if reference else "")
    )
    forward = {"(forward pass)": lambda: model.predict_on_batch(images)}
    for method in METHODS:
        draw = make_cam_function(model, method=method)
        runs = {"ours": lambda draw=draw: draw(images, classes), **forward}
        if method in reference:
            runs["theirs"] = reference[method]
        seconds = time_in_turn(runs, args.rounds)
        line = f"{method:20s} {args.batch_size / seconds['ours']:8.1f}"
        if method in reference:
            difference = compare_maps(runs["ours"](), np.asarray(runs["theirs"]()))
            line += f" {args.batch_size / seconds['theirs']:13.1f}"
            line += f" {seconds['theirs'] / seconds['ours']:6.2f} {difference:11.1e}"
        print(line, flush=True)
    print(f"{'(forward pass)':20s} {args.batch_size / seconds['(forward pass)']:8.1f}")


if __name__ == "__main__":
    sys.exit(run_main(main, build_parser()))
