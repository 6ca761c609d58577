"""Reads the XML of the tool CVAT, "CVAT for images 1.1"."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from config.errors import InputError
from datasets.named_objects import NO_BOX, NamedObjects, make_picture, make_records
from datasets.paths import find_listing, find_pictures
from datasets.records import PointRecord
from datasets.shapes import (
    box_centre,
    ellipse_box,
    enclosing_box,
    polygon_centre,
    turn_corners,
)
from datasets.split_rules import check_split
from datasets.xml_files import parse_number, read_xml

_MAX_BYTES = 1 << 28
_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_SHAPES = ("points", "box", "polygon", "ellipse")
_logger = logging.getLogger(__name__)


def read_cvat(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read pictures and one point an object.

    Layout: `annotations.xml` and the pictures in `images/` or beside it. `<points>` give every
    point they hold as an object, `<box>` and `<ellipse>` their centre, `<polygon>` that of its
    area; other shapes are left out, and the log names them. When each `<image>` has a `subset`
    called train, val (valid, validation) or test, in any case, these are the splits; otherwise
    every fifth picture by sorted name is "test" (see `datasets.split_rules`). Off by one: none;
    CVAT's positions start at the upper left corner of the first pixel, as ours do.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or an `.xml` file itself.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none for "val" when there is no such subset. A picture that is
        absent is listed all the same.

    Raises:
        InputError: no such file, one that is not XML, has entities or another shape (with the
            picture's and shape's place, from 0), or the split is absent.

    Example:
        >>> import tempfile
        >>> read_cvat(Path(tempfile.mkdtemp()), "cells", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    check_split(split)
    return make_records(list_cvat_objects(data_dir, dataset), split, _find_file(data_dir, dataset))


def list_cvat_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout and splits: see `read_cvat`. A turned `<box>`, `<ellipse>` or `<polygon>` has the upright
    box around it, `<points>` have none.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or an `.xml` file itself.

    Returns:
        Pictures in the order of the file; the split is None where the file tells none.

    Raises:
        InputError: see `read_cvat`.

    Example:
        >>> import tempfile
        >>> list_cvat_objects(Path(tempfile.mkdtemp()), "cells")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    path = _find_file(data_dir, dataset)
    elements = read_xml(path, "annotations", max_bytes=_MAX_BYTES).findall("image")
    if not elements:
        raise InputError(f"`{path}` must hold <image>. Export it as CVAT for images 1.1.")
    folders = (path.parent / "images", path.parent)
    names = [element.get("name") for element in elements]
    images = find_pictures(data_dir, folders, names, where=f"`{path}`")
    splits = [_SPLITS.get((element.get("subset") or "").lower()) for element in elements]
    splits = splits if all(splits) else [None] * len(splits)
    return [
        _read_picture(element, image, own, f"`{path}` image {i}")
        for i, (element, image, own) in enumerate(zip(elements, images, splits, strict=True))
    ]


def _find_file(data_dir: Path, dataset: str) -> Path:
    return find_listing(data_dir, dataset, "annotations.xml")


def _read_picture(element: Element, image: Path, split: str | None, where: str) -> NamedObjects:
    objects = [
        (point[::-1], box, _read_label(shape, f"{where} shape {i}"))  # x, y -> row, column
        for i, shape in enumerate(element)
        for point, box in _read_shape(shape, f"{where} shape {i}")
    ]
    return make_picture(image, objects, split=split, size=_read_size(element))


def _read_size(element: Element) -> tuple[int, int] | None:
    """Return (height, width) where the file says them."""
    sides = [element.get(side) or "" for side in ("height", "width")]
    if not all(side.isascii() and side.isdigit() and len(side) < 10 for side in sides):
        return None
    height, width = map(int, sides)
    return (height, width) if height and width else None


def _read_label(shape: Element, where: str) -> str:
    label = shape.get("label")
    if not label:
        raise InputError(f"{where}: `label` must name the object's class. It is empty or absent.")
    return label


def _read_shape(shape: Element, where: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give (x, y) and the box of each object that a shape stands for."""
    if shape.tag not in _SHAPES:
        _logger.warning("Left out %s, a <%s>.", where, shape.tag)
        return
    if shape.tag == "points":
        yield from ((point, NO_BOX) for point in _read_corners(shape, where))
    elif shape.tag == "polygon":
        corners = _read_corners(shape, where)
        yield polygon_centre(corners), enclosing_box(corners)
    elif shape.tag == "box":
        box = _read_numbers(shape, ("xtl", "ytl", "xbr", "ybr"), where)
        centre = box_centre(box.reshape(2, 2))
        yield centre, _turn_box(box, centre, _read_angle(shape, where))
    else:
        centre = _read_numbers(shape, ("cx", "cy"), where)
        yield centre, _find_ellipse_box(shape, centre, where)


def _find_ellipse_box(shape: Element, centre: np.ndarray, where: str) -> np.ndarray:
    if shape.get("rx") is None or shape.get("ry") is None:
        return NO_BOX
    radii = _read_numbers(shape, ("rx", "ry"), where)
    return ellipse_box(centre, radii, _read_angle(shape, where))


def _read_angle(shape: Element, where: str) -> float:
    """Return by how much a shape is turned, clockwise, in radians."""
    angle = shape.get("rotation")
    return np.deg2rad(parse_number(angle, f"{where}: `rotation`")) if angle else 0.0


def _turn_box(box: np.ndarray, centre: np.ndarray, angle: float) -> np.ndarray:
    """Return the upright box around a turned one; an upright one as it is, swapped sides too."""
    if angle == 0:
        return box
    x0, y0, x1, y1 = box
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    return enclosing_box(turn_corners(corners, centre, angle))


def _read_numbers(shape: Element, names: tuple[str, ...], where: str) -> np.ndarray:
    return np.array([parse_number(shape.get(name), f"{where}: `{name}`") for name in names])


def _read_corners(shape: Element, where: str) -> np.ndarray:
    """Return (M, 2) x, y of the text `x,y;x,y;...`."""
    pairs = [pair.split(",") for pair in (shape.get("points") or "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        text = (shape.get("points") or "")[:80]
        raise InputError(f"{where}: `points` must be `x,y;x,y;...`. Received {text!r}.")
    return np.array([[parse_number(n, f"{where}: `points`") for n in pair] for pair in pairs])
