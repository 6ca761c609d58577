"""Opens LiteRT, ONNX and OpenVINO files, each with the runtime that its users have."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from config.errors import InputError
from reporting.litert_check import LiteRTModel

Run = Callable[[np.ndarray], Mapping[str, np.ndarray]]
# Suffix of each format's file, by the names of `export.py --format`.
SUFFIXES = {"litert": ".tflite", "onnx": ".onnx", "openvino": ".xml"}
# OpenVINO takes bfloat16 or float16 where the processor is faster at it.
OPENVINO_SETTINGS = {"INFERENCE_PRECISION_HINT": "f32"}


def import_optional(name: str) -> ModuleType:
    """Import a package that only some exports need.

    Args:
        name: of the module.

    Returns:
        The module.

    Raises:
        InputError: it is not installed.

    Example:
        >>> import_optional("no_such_package")
        Traceback (most recent call last):
        ...
        config.errors.InputError: this needs the package `no_such_package`, which is not \
installed (No module named 'no_such_package'); run `pip install -r requirements-export.txt`.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"this needs the package `{name}`, which is not installed ({error}); run "
            "`pip install -r requirements-export.txt`."
        ) from error


def open_onnx(path: Path, *, num_threads: int = 1) -> Run:
    """Open an ONNX file on the processor.

    Args:
        path: the `.onnx` file.
        num_threads: threads of one operation.

    Returns:
        Function of `images` to {output: array}.

    Raises:
        InputError: ONNX Runtime is not installed.

    Example:
        >>> # see `reporting.portable_export`
    """
    runtime = import_optional("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.log_severity_level = 3  # errors, without what it says of every unused constant
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda images: dict(zip(names, session.run(names, {"images": images}), strict=True))


def open_openvino(path: Path, *, num_threads: int = 1) -> Run:
    """Open an OpenVINO file on the processor, in float32.

    Args:
        path: the `.xml` file; its `.bin` lies beside it.
        num_threads: threads of inference.

    Returns:
        Function of `images` to {output: array}.

    Raises:
        InputError: OpenVINO is not installed.

    Example:
        >>> # see `reporting.portable_export`
    """
    openvino = import_optional("openvino")
    settings = {**OPENVINO_SETTINGS, "INFERENCE_NUM_THREADS": num_threads}
    compiled = openvino.Core().compile_model(path, "CPU", settings)

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        # The arrays belong to the model and change with the next call.
        return {output.any_name: value.copy() for output, value in compiled([images]).items()}

    return run


def open_litert(path: Path, *, num_threads: int = 1) -> Run:
    """Open a LiteRT file.

    Args:
        path: the `.tflite` file.
        num_threads: threads of its kernels.

    Returns:
        Function of `images` to {output: array}.

    Raises:
        ValueError: the file is no LiteRT model.

    Example:
        >>> # see `reporting.portable_export`
    """
    return LiteRTModel(path, num_threads=num_threads)


# Name of `export.py --format` -> who opens its file.
OPENERS: dict[str, Callable[..., Run]] = {
    "litert": open_litert,
    "onnx": open_onnx,
    "openvino": open_openvino,
}
