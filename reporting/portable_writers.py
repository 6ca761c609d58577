"""Writes a model of fixed sizes as a LiteRT, an ONNX or an OpenVINO file."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf

from config.errors import InputError
from reporting.runtimes import import_optional

ONNX_OPSET = 18  # the newest that tf2onnx 1.17 writes
_ONNX_INT64 = 7  # TensorProto.INT64
_NOISY = ("tensorflow", "absl", "tf2onnx")


def write_litert(model: keras.Model, path: Path, *, quantize: str = "none") -> None:
    """Write a LiteRT file of built-in operations.

    Args:
        model: from `images` of known sizes, the batch's too, to a dict of outputs.
        path: the `.tflite` file.
        quantize: "none", or "float16" for weights of half the size.

    Raises:
        ValueError: an operation of the model is not built in.
        OSError: the file cannot be written.

    Example:
        >>> # see `reporting.portable_export`
    """
    options: dict = {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}
    if quantize == "float16":
        options["optimizations"] = [tf.lite.Optimize.DEFAULT]
        options["target_spec"]["supported_types"] = [tf.float16]
    with _quiet():
        model.export(path, format="litert", verbose=False, **options)


def write_onnx(model: keras.Model, path: Path, *, quantize: str = "none") -> None:
    """Write an ONNX file.

    Args:
        model: as for `write_litert`.
        path: the `.onnx` file.
        quantize: "none".

    Raises:
        InputError: `onnx` or `tf2onnx` is not installed, or `quantize` is not "none".
        ValueError: an operation of the model has no ONNX form.
        OSError: the file cannot be written.

    Example:
        >>> # see `reporting.portable_export`
    """
    _refuse_rounding("onnx", quantize)
    tf2onnx, checker = import_optional("tf2onnx"), import_optional("onnx").checker
    signature = [tf.TensorSpec(model.input.shape, model.input.dtype, name="images")]
    function = tf.function(lambda images: model(images, training=False), input_signature=signature)
    handlers = {"TensorScatterAdd": (_write_scatter, [])}
    with _quiet():
        tf2onnx.convert.from_function(
            function,
            signature,
            opset=ONNX_OPSET,
            custom_op_handlers=handlers,
            output_path=str(path),
        )
    try:
        checker.check_model(path, full_check=True)
    except Exception as error:  # its errors share no class; an operation of TensorFlow's own
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"tf2onnx wrote no whole ONNX file: {reason[:300]}") from error


def write_openvino(model: keras.Model, path: Path, *, quantize: str = "none") -> None:
    """Write an OpenVINO file, with its weights in float32 in a `.bin` beside it.

    OpenVINO reads the graph off a SavedModel by itself. Its Python converter, which Keras calls,
    would do the same but also report its use to a server.

    Args:
        model: as for `write_litert`.
        path: the `.xml` file.
        quantize: "none", or "float16" for weights of half the size.

    Raises:
        InputError: OpenVINO is not installed.
        RuntimeError: an operation of the model has no OpenVINO form.
        OSError: the files cannot be written.

    Example:
        >>> # see `reporting.portable_export`
    """
    openvino = import_optional("openvino")
    with tempfile.TemporaryDirectory() as folder, _quiet():
        model.export(folder, format="tf_saved_model", verbose=False)
        graph = openvino.Core().read_model(folder)
        openvino.save_model(graph, path, compress_to_fp16=quantize == "float16")


# Name of `export.py --format` -> who writes it.
WRITERS: dict[str, Callable[..., None]] = {
    "litert": write_litert,
    "onnx": write_onnx,
    "openvino": write_openvino,
}


def _write_scatter(context, node, *_):
    """Write sums at places as ONNX has them since opset 16, which tf2onnx does not know."""
    tensor, places, values = node.input
    places = context.make_node("Cast", [places], attr={"to": _ONNX_INT64}).output[0]
    outputs, shapes, dtypes = node.output, node.output_shapes, node.output_dtypes
    context.remove_node(node.name)
    context.make_node(
        "ScatterND",
        [tensor, places, values],
        attr={"reduction": "add"},
        name=node.name,
        outputs=outputs,
        shapes=shapes,
        dtypes=dtypes,
    )


def _refuse_rounding(name, quantize):
    if quantize != "none":
        raise InputError(
            f"`--quantize {quantize}` is not for `--format {name}`; leave it out, or take litert "
            "or openvino."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what the converters say on the way: what fails is raised."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    levels = [each.level for each in loggers]
    try:
        for each in loggers:
            each.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
