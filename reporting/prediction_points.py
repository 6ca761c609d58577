"""Writes the objects that a point counter found: a table, and COCO's format."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.files import atomic_file
from reporting.prediction import Prediction


def write_points_csv(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write a row per object: image, row, column, class, area.

    Row and column are those of the object's pixel nearest to its centroid, whole numbers where the
    model's map is as large as the picture; class is the name, or the number from 1 where classes
    have none; the area is in pixels. The objects of a picture come in the order of their numbers in
    its label map.

    Args:
        predictions: in the order of the rows.
        path: file to write.

    Returns:
        `path`; None, and no file, when no prediction has objects to tell of.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> write_points_csv([Prediction("a.jpg", {"count": 2})], Path("points.csv")) is None
        True
    """
    if all(prediction.blobs is None for prediction in predictions):
        return None
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "row", "column", "class", "area"])
        for prediction in predictions:
            if (blobs := prediction.blobs) is None:
                continue
            for point, number, area in zip(blobs.points, blobs.classes, blobs.areas, strict=True):
                row, column = map(_show, point)
                name = blobs.class_names[number - 1]
                writer.writerow([prediction.image, row, column, name, _show(area)])
    return Path(path)


def write_points_coco(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write the objects in COCO's format: an annotation with a box and a keypoint for each.

    COCO's `x` and `y` run from the picture's corner: pixel (row, column) has its middle at
    x = column + .5, y = row + .5. Image ids count from 1; pictures with an error are left out.

    Args:
        predictions: in the order of the images.
        path: file to write.

    Returns:
        `path`; None, and no file, when no prediction has objects to tell of.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> write_points_coco([Prediction("a.jpg", {"count": 2})], Path("a.json")) is None
        True

    References:
        COCO, "Data format", cocodataset.org: object and keypoint detection.
    """
    found = [prediction for prediction in predictions if prediction.blobs is not None]
    if not found:
        return None
    head = {
        "images": [
            {
                "id": i,
                "file_name": item.image,
                "height": item.blobs.size[0],
                "width": item.blobs.size[1],
            }
            for i, item in enumerate(found, 1)
        ],
        "categories": [
            {"id": c, "name": name, "keypoints": ["centre"], "skeleton": []}
            for c, name in enumerate(found[0].blobs.class_names, 1)
        ],
    }
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        # An object per line: a list of millions would not be made in memory.
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "annotations": [')
        for number, annotation in enumerate(_to_annotations(found), 1):
            text = json.dumps({"id": number, **annotation})
            file.write(("\n" if number == 1 else ",\n") + text)
        file.write("\n]}\n")
    return Path(path)


def _to_annotations(found: Sequence[Prediction]) -> Iterator[dict]:
    for image_id, prediction in enumerate(found, 1):
        _, *columns, _ = prediction.blobs
        for (row, column), number, area, box in zip(*columns, strict=True):
            left, top, right, bottom = (_number(side) for side in box)
            yield {
                "image_id": image_id,
                "category_id": int(number),
                "bbox": [left, top, _number(right - left), _number(bottom - top)],
                "area": _number(area),
                "iscrowd": 0,
                "keypoints": [_number(column + 0.5), _number(row + 0.5), 2],
                "num_keypoints": 1,
            }


def _number(value: float) -> int | float:
    """Round to a thousandth of a pixel; whole numbers stay whole."""
    value = round(float(value), 3)
    return int(value) if value.is_integer() else value


def _show(value: float) -> str:
    return str(_number(value))
