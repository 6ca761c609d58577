"""Writes the objects that a point counter found: a table, and COCO's format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from config.files import atomic_table
from reporting.prediction import Prediction
from reporting.prediction_coco import to_number, write_coco


def write_points_csv(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write a row per blob: image, row, column, class, area.

    Row and column are those of the blob's pixel nearest to its centroid; class is the name, or the
    number from 1 where classes have none; the area is in pixels. Of a model that enlarges pictures
    they are fractions, rounded to 4 decimals. The blobs of a picture come in the order of their
    numbers in its label map.

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
    with atomic_table(path) as table:
        table.writerow(["image", "row", "column", "class", "area"])
        for prediction in predictions:
            if (blobs := prediction.blobs) is None:
                continue
            for point, number, area in zip(blobs.points, blobs.classes, blobs.areas, strict=True):
                row, column = map(to_number, point)
                name = blobs.class_names[number - 1]
                table.writerow([prediction.image, row, column, name, to_number(area)])
    return Path(path)


def write_points_coco(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write the blobs in COCO's format: an annotation with a box and a keypoint for each.

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
    categories = [
        {"name": name, "keypoints": ["centre"], "skeleton": []}
        for name in found[0].blobs.class_names
    ]
    pictures = [(prediction.image, prediction.blobs.size) for prediction in found]
    return write_coco(pictures, categories, _to_annotations(found), path)


def _to_annotations(found: Sequence[Prediction]) -> Iterator[dict]:
    for image_id, prediction in enumerate(found, 1):
        _, *columns, _, _ = prediction.blobs
        for (row, column), number, area, box in zip(*columns, strict=True):
            left, top, right, bottom = box.tolist()
            width, height = right - left, bottom - top
            yield {
                "image_id": image_id,
                "category_id": int(number),
                "bbox": [to_number(value) for value in (left, top, width, height)],
                "area": to_number(area),
                "iscrowd": 0,
                "keypoints": [to_number(column + 0.5), to_number(row + 0.5), 2],
                "num_keypoints": 1,
            }
