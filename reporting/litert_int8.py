"""Quantises a model to int8 after training, all of it but the layers that decode the box."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError

# Layers so named stay in float32, see `models.localizer.HEAD_PREFIXES`.
FLOAT_LAYERS = "/decode_"


def export_int8(model: keras.Model, path: Path, pictures: np.ndarray) -> None:
    """Write a model as a LiteRT file with int8 weights and activations.

    The model runs on the pictures, and the range of each tensor there becomes its scale. What
    turns a network's answer into a box stays in float32: it is a small part of the work, and
    with one scale for numbers of several kinds, as the converter gives them, boxes go astray
    (seen: mean IoU .53 to 0 of a grid, .69 to .11 of a heat map; in float32 .53 and .68). The
    converter leaves alone what has no range, so their ranges are taken out between its two steps.
    That takes two of TensorFlow's private modules, `lite.python.convert` and
    `lite.tools.flatbuffer_utils`, which another version may lack: they are imported here alone,
    and without them int8 is refused. The other exports need neither.

    Args:
        model: one input; its layers whose names begin with `decode_` stay in float32, and so do
            its outputs.
        path: the `.tflite` file to write.
        pictures: (N, ...) what the input takes.

    Raises:
        InputError: this TensorFlow has no such modules.
        OSError: the file cannot be written.

    Example:
        >>> # see `reporting.litert.export_litert`
    """
    flatbuffer_utils, quantize = _import_private()

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
    path.write_bytes(quantize(content, fully_quantize=False))


def _import_private() -> tuple[ModuleType, Callable[..., bytes]]:
    try:
        from tensorflow.lite.python.convert import mlir_quantize
        from tensorflow.lite.tools import flatbuffer_utils
    except ImportError as error:
        raise InputError(
            "`--quantize int8` needs modules of TensorFlow that it keeps private. TensorFlow "
            f"{tf.__version__} has none such ({error}); take `--quantize float16`, or the version "
            "of TensorFlow that requirements.txt names."
        ) from error
    return flatbuffer_utils, mlir_quantize
