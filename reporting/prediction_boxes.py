"""Predicts boxes with a locator, and writes them in COCO's and in PASCAL VOC's format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from config.files import atomic_file
from reporting.prediction import Boxes, Prediction, predict_images
from reporting.prediction_coco import to_number, write_coco
from reporting.predictors import Predictor

BOX_SIDES = ("x0", "y0", "x1", "y1")
UNNAMED = "object"
# Control characters that a file's name may hold and XML may not.
_NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def predict_boxes(
    predictor: Predictor,
    images: Sequence[tuple[str, Path]],
    *,
    max_pixels: int,
    batch_size: int = 1,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Find the one object of each picture; a bad picture gives an error and the rest go on.

    The outputs of a prediction are `box`, xyxy in pixels of the upright picture, half-open;
    `score`; `class`, its name or, where classes have none, its number from 1; and
    `class_probabilities`. A model of one class has no probabilities, and a class only if it has a
    name.

    Args:
        predictor: of a model with `boxes` and `scores`.
        images: (name, path) of each picture.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction with `boxes`, (H, W, 3) uint8 upright picture or None), in order.

    Example:
        >>> from reporting.box_settings import BoxSettings
        >>> predictor = Predictor(None, {"boxes": (None, 4), "scores": (None,)}, BoxSettings())
        >>> found = predict_boxes(predictor, [("a", Path("absent.jpg"))], max_pixels=100)
        >>> next(found)[0].error
        '`absent.jpg` must be a picture file. There is no such file.'
    """
    class_names = predictor.settings.class_names
    if not class_names and "class_probabilities" in predictor.outputs:
        num_classes = predictor.outputs["class_probabilities"][-1]
        class_names = tuple(str(c) for c in range(1, num_classes + 1))
    for prediction, picture in predict_images(
        predictor, images, max_pixels=max_pixels, batch_size=batch_size
    ):
        if not prediction.error:
            prediction = _describe(prediction, picture.shape[:2], class_names)
        yield prediction, picture


def write_boxes_coco(predictions: Sequence[Prediction], path: Path) -> Path | None:
    """Write the boxes in COCO's format, each with its score.

    COCO's box is x, y, width, height from the picture's upper left corner. Image ids count from
    1; pictures with an error are left out.

    Args:
        predictions: in the order of the images.
        path: file to write.

    Returns:
        `path`; None, and no file, when no prediction has boxes to tell of.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> write_boxes_coco([Prediction("a.jpg", {"count": 2})], Path("a.json")) is None
        True
    """
    found = [prediction for prediction in predictions if prediction.boxes is not None]
    if not found:
        return None
    pictures = [(prediction.image, prediction.boxes.size) for prediction in found]
    categories = [{"name": name} for name in found[0].boxes.class_names]
    return write_coco(pictures, categories, _to_annotations(found), path)


def write_boxes_voc(predictions: Sequence[Prediction], folder: Path) -> Path | None:
    """Write an XML file per picture in PASCAL VOC's format: `<folder>/<image without suffix>.xml`.

    VOC counts pixels from 1 and includes the last, so that a box (x0, y0, x1, y1) becomes
    (x0 + 1, y0 + 1, x1, y1), here rounded to whole pixels, which VOC's readers expect, and at
    least two a side where the picture has so many: one is a stray click to them. Pictures of one
    folder whose names differ in the suffix alone keep it: `a.png.xml`.

    Args:
        predictions: any order; those with an error are left out.
        folder: it is made; the files stand in the folders of their pictures' names.

    Returns:
        `folder`; None, and no file, when no prediction has boxes to tell of.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> write_boxes_voc([Prediction("a.jpg", {"count": 2})], Path("voc")) is None
        True

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010.
    """
    found = [prediction for prediction in predictions if prediction.boxes is not None]
    if not found:
        return None
    stems = Counter(PurePosixPath(prediction.image).with_suffix("") for prediction in predictions)
    for prediction in found:
        stem = PurePosixPath(prediction.image).with_suffix("")
        name = stem if stems[stem] == 1 else prediction.image
        path = Path(folder) / f"{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as temporary:
            temporary.write_bytes(_to_xml(prediction))
    return Path(folder)


def _describe(prediction, size, class_names):
    """Return the prediction with its box, what its numbers are called, and what can be drawn."""
    outputs = prediction.outputs
    number = int(outputs.get("classes", 1))
    shown = {"box": outputs["boxes"], "score": outputs["scores"]}
    names = {"box": BOX_SIDES}
    if class_names:
        shown["class"] = class_names[number - 1]
    if "class_probabilities" in outputs:
        shown["class_probabilities"] = outputs["class_probabilities"]
        names["class_probabilities"] = class_names
    boxes = Boxes(
        tuple(size),
        outputs["boxes"][np.newaxis],
        outputs["scores"][np.newaxis],
        np.array([number]),
        class_names or (UNNAMED,),
    )
    return replace(prediction, outputs=shown, names=names, boxes=boxes)


def _to_annotations(found: Sequence[Prediction]) -> Iterator[dict]:
    for image_id, prediction in enumerate(found, 1):
        _, *columns, _ = prediction.boxes
        for (x0, y0, x1, y1), score, number in zip(*columns, strict=True):
            width, height = x1 - x0, y1 - y0
            yield {
                "image_id": image_id,
                "category_id": int(number),
                "bbox": [to_number(value) for value in (x0, y0, width, height)],
                "area": to_number(width * height),
                "iscrowd": 0,
                "score": to_number(score),
            }


def _to_xml(prediction: Prediction) -> bytes:
    found, path = prediction.boxes, PurePosixPath(prediction.image)
    root = Element("annotation")
    _add(root, folder=path.parent.name, filename=path.name)
    height, width = found.size
    _add(SubElement(root, "size"), width=width, height=height, depth=3)
    _add(root, segmented=0)
    for box, number in zip(found.boxes, found.classes, strict=True):
        corner, end = _round_box(box, found.size)
        item = SubElement(root, "object")
        name = found.class_names[number - 1]
        _add(item, name=name, pose="Unspecified", truncated=0, difficult=0)
        sides = (*(corner + 1), *end)
        names = ("xmin", "ymin", "xmax", "ymax")
        _add(SubElement(item, "bndbox"), **dict(zip(names, sides, strict=True)))
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _round_box(box: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (x0, y0) and (x1, y1), half-open, inside the picture and two pixels apart."""
    most = np.array(size[::-1])
    corner, end = np.rint(box).astype(int).reshape(2, 2)
    corner = np.clip(corner, 0, np.maximum(most - 2, 0))
    return corner, np.minimum(np.maximum(end, corner + 2), most)


def _add(element: Element, **values) -> None:
    for name, value in values.items():
        SubElement(element, name).text = _NOT_XML.sub("?", str(value))
