"""Writes predictions: a table, JSON, and pictures with what was found."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from config.files import atomic_table, write_json
from models.count_interval import OUTPUTS
from reporting.cell_figures import draw_cells
from reporting.count_captions import caption_count, decide_none
from reporting.figures import draw_patch_counts
from reporting.mask_figures import draw_masks, draw_picture
from reporting.prediction import Prediction
from reporting.prediction_boxes import write_boxes_coco, write_boxes_voc
from reporting.prediction_figures import Preview, draw_blobs, draw_boxes
from reporting.prediction_masks import write_areas_csv, write_masks_coco
from reporting.prediction_points import write_points_coco, write_points_csv


def write_predictions_csv(predictions: Sequence[Prediction], path: Path) -> Path:
    """Write a row per picture: its name, its outputs, its error.

    A number per picture is a column of the output's name, K numbers are K columns
    (`patch_counts` gives patch_count_0 ... patch_count_{K-1}; where the prediction has names for
    them, `class_counts` gives class_count_red); larger outputs, such as masks, are left to other
    writers. `none_here`, true or false, is the decision on `none_probability`. What a prediction
    tells about its outputs follows them. The columns are the same in every row; a picture with an
    error, or with fewer numbers, leaves cells empty.

    Args:
        predictions: in the order of the rows.
        path: file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> prediction = Prediction("a,b.jpg", {"count": np.float32(2.5)})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_predictions_csv([prediction], Path(folder) / "predictions.csv")
        ...     path.read_text().splitlines()
        ['image,count,error', '"a,b.jpg",2.5,']
    """
    rows = [
        {
            "image": prediction.image,
            **flatten_outputs(prediction),
            **prediction.about,
            "error": prediction.error,
        }
        for prediction in predictions
    ]
    names = dict.fromkeys(["image", *(name for row in rows for name in row)])
    columns = [name for name in names if name != "error"] + ["error"]
    with atomic_table(path) as table:
        table.writerow(columns)
        table.writerows([row.get(column, "") for column in columns] for row in rows)
    return Path(path)


def flatten_outputs(prediction: Prediction) -> dict[str, str]:
    """Turn a prediction's numbers into the cells of a table's row.

    Args:
        prediction: of a picture or a frame.

    Returns:
        {column: text} as `write_predictions_csv` has them, `count` first.

    Example:
        >>> flatten_outputs(Prediction("a", {"patch_counts": np.array([1, 2])}))
        {'patch_count_0': '1', 'patch_count_1': '2'}
    """
    cells = {}
    for name, value in _in_order(prediction).items():
        value = np.asarray(value)
        if value.ndim == 0:
            cells[name] = _to_cell(value)
        elif value.ndim == 1:
            single, parts = _singular(name), prediction.names.get(name, range(len(value)))
            pairs = zip(parts, value, strict=True)
            cells.update({f"{single}_{part}": _to_cell(item) for part, item in pairs})
    return cells


def write_predictions_json(predictions: Sequence[Prediction], path: Path) -> Path:
    """Write {"predictions": [...]}: per picture its name, every output, and its error or null.

    Numbers that have names are an object, {name: number}, others a list. `none_here` is the
    decision on `none_probability`, as in the table. What a prediction tells about its outputs
    stands beside them.

    Args:
        predictions: in the order of the list.
        path: file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import json, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_predictions_json(
        ...         [Prediction("a.jpg", {"count": np.float32(2)})], Path(folder) / "a.json")
        ...     json.loads(path.read_text())["predictions"]
        [{'image': 'a.jpg', 'count': 2.0, 'error': None}]
    """
    rows = [
        {"image": item.image, **_to_values(item), **item.about, "error": item.error or None}
        for item in predictions
    ]
    return write_json({"predictions": rows}, path)


def draw_prediction(
    prediction: Prediction, image: np.ndarray | Preview, folder: Path
) -> Path | None:
    """Draw what was predicted on the picture, as `<folder>/<image>.png`.

    Args:
        prediction: of this picture.
        image: (H, W, 3) uint8 picture, or its preview where the prediction has blobs; coloured by
            what was found where it has masks, or is of saliency or of a class's evidence.
        folder: where pictures go, in the folders of their names.

    Returns:
        The file; None when no output can be drawn.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> draw_prediction(Prediction("a.jpg"), np.zeros((4, 4, 3), np.uint8), Path("x")) is None
        True
    """
    path = Path(folder) / f"{prediction.image}.png"
    if prediction.blobs is not None:
        return draw_blobs(image, prediction.blobs, path)
    if prediction.boxes is not None:
        return draw_boxes(image, prediction.boxes, path)
    if prediction.masks is not None:
        return draw_masks(image, prediction.masks, path)
    if {"salient_share", "cam_share"} & prediction.outputs.keys():
        return draw_picture(image, path)
    if "patch_counts" not in prediction.outputs:
        return None
    outputs, caption = prediction.outputs, None
    if "count" in outputs:
        caption = caption_count(outputs, about=prediction.about)
    if "cells" in outputs:
        num_patches = math.isqrt(len(outputs["patch_counts"]))
        return draw_cells(image, outputs["cells"], num_patches, path, caption=caption)
    return draw_patch_counts(image, outputs["patch_counts"], path, caption=caption)


# File or folder name -> who writes it, or returns None where the predictions hold nothing for it.
WRITERS: dict[str, Callable[[Sequence[Prediction], Path], Path | None]] = {
    "predictions.csv": write_predictions_csv,
    "predictions.json": write_predictions_json,
    "points.csv": write_points_csv,
    "points.coco.json": write_points_coco,
    "boxes.coco.json": write_boxes_coco,
    "voc": write_boxes_voc,
    "areas.csv": write_areas_csv,
    "masks.coco.json": write_masks_coco,
}


def _in_order(prediction):
    """Put `count` and how sure it is first, with the decision: what most readers look for."""
    outputs = prediction.outputs
    first = {name: outputs[name] for name in ("count", *OUTPUTS) if name in outputs}
    return first | decide_none(outputs, prediction.about) | outputs


def _singular(name):
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def _to_values(prediction):
    named = {
        name: dict(zip(parts, prediction.outputs[name], strict=True))
        for name, parts in prediction.names.items()
    }
    return {**_in_order(prediction), **named}


def _to_cell(value):
    # A NumPy scalar's text is the shortest that gives it back in its own precision.
    return str(value[()]).lower() if value.dtype == bool else str(value[()])
