"""Exports any served model as a LiteRT, an ONNX or an OpenVINO file for pictures of one size."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import numpy as np

from config.errors import InputError
from config.files import write_json
from models.fixed_size import build_at_size, lost_outputs
from models.layers import CutPatches
from models.map_locator import find_map_reader
from reporting.float32_models import to_float32
from reporting.output_meanings import BLOB_RULES, explain_output
from reporting.parity import Comparison, compare_answer, require_compared
from reporting.portable_writers import WRITERS
from reporting.runtimes import OPENERS, OPENVINO_SETTINGS, SUFFIXES
from reporting.settings_files import description_file

TOLERANCES = {"none": 1e-3, "float16": 0.02}
_PACKAGES = {
    "litert": ("ai-edge-litert",),
    "onnx": ("onnx", "onnxruntime", "tf2onnx"),
    "openvino": ("openvino",),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PortableSettings:
    """How a model becomes a file.

    Attributes:
        format: key of `reporting.runtimes.SUFFIXES`.
        size: (height, width) of the pictures, pixels.
        batch_size: pictures per call.
        quantize: key of `TOLERANCES`.
        tolerance: largest difference from the Keras model; None for that of `TOLERANCES`.

    Raises:
        InputError: a value is out of range.

    Example:
        >>> PortableSettings("onnx", (0, 9))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--image_size` must be two numbers of pixels, height and width. \
Received 0 9.
    """

    format: str
    size: tuple[int, int]
    batch_size: int = 1
    quantize: str = "none"
    tolerance: float | None = None

    def __post_init__(self):
        if min(self.size) < 1:
            raise InputError(
                "`--image_size` must be two numbers of pixels, height and width. Received "
                f"{self.size[0]} {self.size[1]}."
            )
        if self.batch_size < 1:
            raise InputError(f"`--batch_size` must be at least 1. Received {self.batch_size}.")
        if self.quantize not in TOLERANCES:
            raise InputError(
                f"`--quantize` must be one of {', '.join(TOLERANCES)} for this model and format. "
                f"Received {self.quantize}."
            )
        if self.tolerance is not None and not self.tolerance > 0:
            raise InputError(f"`--tolerance` must be above 0. Received {self.tolerance}.")


@dataclass(frozen=True)
class PortableFile:
    """A file that was written and checked.

    Attributes:
        path: of the file.
        num_bytes: its size, with that of its weights.
        comparison: how far it answers from the Keras model.
        left: {output that is not inside: how the caller works it out}.

    Example:
        >>> PortableFile(Path("a.onnx"), 9).left
        {}
    """

    path: Path
    num_bytes: int
    comparison: Comparison = Comparison()
    left: Mapping[str, str] = field(default_factory=dict)


def export_portable(
    model: keras.Model,
    path: str | Path,
    settings: PortableSettings,
    *,
    pictures: Sequence[np.ndarray],
    checked_on: str,
    assets: Mapping[str, str] | None = None,
) -> PortableFile:
    """Write a file for pictures of one size and its description, and compare it with the model.

    The file takes `images` uint8 (B, height, width, 3) RGB and gives the model's outputs by their
    names: resizing to the network, and maps back to the picture, are inside. A point counter's
    count is inside, the places of its blobs are not (`models.fixed_size.build_at_size`).
    `<name>.json` beside the file says what goes in and comes out, what is left to the caller, and
    how far the answers were from Keras'. A model that was trained in mixed precision is exported
    as the same network in float32, and compared with that.

    All is written in a folder beside its place, run by the format's own runtime on the pictures,
    compared (`reporting.parity.compare_answer`) and only then put there.

    Args:
        model: what a run saves for prediction, or a tagger.
        path: the file to write, with the suffix of its format; an earlier one is replaced.
        settings: format, size and precision.
        pictures: each (height, width, 3) uint8 of that size, at least one.
        checked_on: what they are, for the description.
        assets: {file name: JSON text} of the model's settings, see `reporting.model_kinds`.

    Returns:
        What was written.

    Raises:
        InputError: `path` has another suffix, a package is missing, the model cannot be turned
            into this format at this size, or an output could be compared on no picture.
        RuntimeError: the file answers other than the model.
        OSError: a file cannot be written.

    Example:
        >>> settings = PortableSettings("onnx", (4, 4))
        >>> export_portable(None, "a.tflite", settings, pictures=[], checked_on="nothing")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--output` must be a file that ends in .onnx. Received a.tflite.
    """
    suffix = SUFFIXES[settings.format]
    if Path(path).suffix != suffix or Path(path).is_dir():
        raise InputError(f"`--output` must be a file that ends in {suffix}. Received {path}.")
    path = Path(os.path.abspath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    model = to_float32(model)
    fixed = _fix_size(model, settings)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        written = Path(folder) / path.name
        _write(fixed, written, settings)
        comparison = _compare(model, written, settings, pictures)
        require_compared(comparison, settings.format)
        left = {name: BLOB_RULES[name] for name in lost_outputs(model)}
        content = _describe(fixed, settings, left, assets or {})
        content["difference_from_keras"] = comparison.largest
        content["pictures_compared"] = comparison.compared
        content["checked_on"] = f"{len(pictures)} {checked_on}"
        num_bytes = _put_in_place(Path(folder), written, path, content)
    logger.info("exported %s", path)
    return PortableFile(path, num_bytes, comparison, left)


def natural_size(model: keras.Model) -> tuple[int, int] | None:
    """Return the size of pictures that a model would not resize.

    Args:
        model: what a run saves for prediction, or a tagger.

    Returns:
        (height, width) in pixels; None where it takes pictures of any size as they are.

    Example:
        >>> natural_size(keras.Sequential()) is None
        True
    """
    # Of a density-guided counter, the size at which the smallest cells are not enlarged.
    cuts = [layer for layer in model.layers if isinstance(layer, CutPatches)]
    if cuts:
        finest = max(cuts, key=lambda layer: layer.num_patches)
        return tuple(side * finest.num_patches for side in finest.size)
    for layer in model.layers:
        if layer.name == "resize_images":
            return tuple(layer.size)
        if layer.name.startswith("fit_") and layer.square is not None:
            return layer.square, layer.square
    return None


def _fix_size(model, settings):
    try:
        return build_at_size(model, settings.size, batch_size=settings.batch_size)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"`{model.name}` cannot be exported for pictures of {settings.size[0]} x "
            f"{settings.size[1]} pixels (height x width): {reason}"
        ) from error


def _write(fixed, path, settings):
    try:
        WRITERS[settings.format](fixed, path, quantize=settings.quantize)
    except (InputError, OSError):
        raise
    except Exception as error:  # converters raise anything where they lack an operation
        raise InputError(
            f"`{fixed.name}` cannot be turned into {settings.format}: {_find_reason(error)}. "
            "Export a SavedModel, which holds every operation."
        ) from error


def _find_reason(error):
    """Return which operation is missing, of what may be pages of a converter's trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [
        line for line in lines if "No conversion rule" in line or "neither a custom op" in line
    ]
    reason = (telling or lines or [type(error).__name__])[0]
    return reason.rsplit("error: ", 1)[-1][:300].rstrip(".")


def _compare(model, path, settings, pictures):
    run = OPENERS[settings.format](path)
    tolerance = settings.tolerance or TOLERANCES[settings.quantize]
    joined = Comparison()
    for picture in pictures:
        images = np.repeat(picture[np.newaxis], settings.batch_size, axis=0)
        found = compare_answer(
            model, images, run(images), source=settings.format, tolerance=tolerance
        )
        once = {name: min(number, 1) for name, number in found.compared.items()}
        joined = joined.join(found._replace(compared=once, num_pictures=1))
    return joined


def _describe(fixed, settings, left, assets) -> dict[str, Any]:
    """Return what the file's JSON says, but for the comparison."""
    images = {"name": "images", "shape": list(fixed.input.shape), "dtype": "uint8"}
    images["meaning"] = "RGB, 0 to 255, upright; of this size"
    outputs = {
        name: {"shape": list(item.shape), "dtype": item.dtype, "meaning": explain_output(name)}
        for name, item in fixed.output.items()
    }
    content = {
        "format": settings.format,
        "model": fixed.name,
        "quantize": settings.quantize,
        "input": images,
        "outputs": outputs,
        "left_to_the_caller": left,
        "settings": _read_settings(fixed, assets),
        "packages": {name: _find_version(name) for name in _PACKAGES[settings.format]},
    }
    if settings.format == "openvino":
        content["compare_with"] = OPENVINO_SETTINGS
    return content


def _read_settings(fixed, assets):
    """Return class names and thresholds, as the SavedModel's assets have them."""
    found: dict[str, Any] = {}
    for text in assets.values():
        found |= json.loads(text)
    reader = find_map_reader(fixed)
    return found if reader is None else {**found, "threshold": reader.threshold}


def _find_version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _put_in_place(folder, written, path, content):
    """Move what was written to its place, the file that names the rest last; return its size."""
    parts = sorted(each for each in folder.iterdir() if each != written)
    num_bytes = sum(each.stat().st_size for each in (*parts, written))
    description = write_json({**content, "num_bytes": num_bytes}, description_file(written))
    for each in (*parts, description, written):
        os.replace(each, path.parent / each.name)
    return num_bytes
