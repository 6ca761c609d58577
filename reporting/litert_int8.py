"""Quantises a model to int8 after training, all of it but the layers that decode the box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.tools import flatbuffer_utils

# Layers so named stay in float32, see `models.localizer.HEAD_PREFIXES`.
FLOAT_LAYERS = "/decode_"


def export_int8(model: keras.Model, path: Path, pictures: np.ndarray) -> None:
    """Write a model as a LiteRT file with int8 weights and activations.

    The model runs on the pictures, and the range of each tensor there becomes its scale. What
    turns a network's answer into a box stays in float32: it is a small part of the work, and
    with one scale for numbers of several kinds, as the converter gives them, boxes go astray
    (seen: mean IoU .53 to 0 of a grid, .69 to .11 of a heat map; in float32 .53 and .68). The
    converter leaves alone what has no range, so their ranges are taken out between its two steps.

    Args:
        model: one input; its layers whose names begin with `decode_` stay in float32, and so do
            its outputs.
        path: the `.tflite` file to write.
        pictures: (N, ...) what the input takes.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> # see `reporting.litert.export_litert`
    """

    def representative_dataset() -> Iterator[list[np.ndarray]]:
        for picture in pictures:
            yield [picture[np.newaxis]]

    ops = tf.lite.OpsSet
    model.export(
        path,
        format="litert",
        verbose=False,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=representative_dataset,
        target_spec={"supported_ops": [ops.TFLITE_BUILTINS_INT8, ops.TFLITE_BUILTINS]},
        _experimental_calibrate_only=True,
    )
    calibrated = flatbuffer_utils.read_model(str(path))
    for graph in calibrated.subgraphs:
        outputs = set(graph.outputs)
        for i, tensor in enumerate(graph.tensors):
            if i in outputs or FLOAT_LAYERS in tensor.name.decode():
                tensor.quantization = None
    content = bytes(flatbuffer_utils.convert_object_to_bytearray(calibrated))
    path.write_bytes(mlir_quantize(content, fully_quantize=False))
