"""Reads the boxes of one PASCAL VOC annotation file, the one place that knows its off by one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from config.errors import InputError
from datasets.box_flaws import BoxFlaw, describe_flaw, find_flaw
from datasets.named_objects import NamedObjects, make_picture
from datasets.xml_files import parse_number, read_xml

_SIDES = ("xmin", "ymin", "xmax", "ymax")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class VocFile:
    """The objects of one picture, as a VOC file lists them.

    Attributes:
        size: (height, width) of the picture, in pixels.
        names: N class names.
        boxes: (N, 4) float64 array, xyxy in pixels, half-open, inside the picture.
        difficult: (N,) bool array, the objects that VOC does not evaluate.
        folder: the folder of the picture, as the file calls it; "" where it does not.
        flaws: what was wrong with boxes; those "beyond" their picture were cut, others left out.

    Example:
        >>> VocFile((3, 4), ("cat",), np.array([[0.0, 0, 2, 2]]), np.array([False])).size
        (3, 4)
    """

    size: tuple[int, int]
    names: tuple[str, ...]
    boxes: np.ndarray
    difficult: np.ndarray
    folder: str = ""
    flaws: tuple[BoxFlaw, ...] = ()


def read_voc_boxes(path: Path) -> VocFile:
    """Read the boxes of one file.

    Off by one: VOC counts pixels from 1 and includes the last, so its box (xmin, ymin, xmax, ymax)
    becomes (xmin - 1, ymin - 1, xmax, ymax). What reaches beyond the picture is cut off. A box
    whose sides coincide or are swapped, as a stray click makes it, and a box outside the picture
    are left out and named in the log.

    Args:
        path: XML file with `<annotation>`, `<size>` and any number of `<object>`.

    Returns:
        The objects, in the file's order, difficult ones too.

    Raises:
        InputError: no such file, not XML, with entities, without a size, or an object has no name
            or no number for a side (with its place in the file, from 0).

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.xml"
        >>> box = "<xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>3</ymax>"
        >>> _ = path.write_text(
        ...     "<annotation><size><width>4</width><height>3</height></size>"
        ...     f"<object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
        ... )
        >>> read_voc_boxes(path).boxes
        array([[0., 0., 2., 3.]])

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010.
    """
    annotation = read_xml(path, "annotation")
    size = tuple(_read_side(annotation, side, path) for side in ("height", "width"))
    names, boxes, difficult, flaws = [], [], [], []
    for i, element in enumerate(annotation.iterfind("object")):
        where = f"`{path}` object {i}"
        name, box = _read_name(element, where), _read_box(element, where)
        if kind := _find_flaw(box, size):
            flaws.append(describe_flaw(kind, f"{where} `{name}`"))
        if kind not in ("", "beyond"):
            _logger.warning("Left out %s.", flaws[-1].text)
            continue
        names.append(name)
        boxes.append(np.clip(box, 0, [size[1], size[0]] * 2))
        difficult.append((element.findtext("difficult") or "").strip() == "1")
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    folder = (annotation.findtext("folder") or "").strip()
    return VocFile(size, tuple(names), boxes, np.array(difficult, bool), folder, tuple(flaws))


def make_voc_picture(
    image: Path, file: VocFile, *, split: str | None = None, name: str | None = None
) -> NamedObjects:
    """Make a picture of the objects of a file that are not difficult.

    Args:
        image: picture file.
        file: what `read_voc_boxes` returned.
        split: "train", "val" or "test"; None where none is told.
        name: class of all objects; None for those of the file.

    Returns:
        The picture; a point is the centre of its box.

    Example:
        >>> file = VocFile((3, 4), ("cat",), np.array([[0.0, 0, 2, 2]]), np.array([False]))
        >>> make_voc_picture(Path("a.jpg"), file).points
        array([[1., 1.]])
    """
    centres = (file.boxes[:, :2] + file.boxes[:, 2:]) / 2  # (N, 2) x, y
    kept = np.flatnonzero(~file.difficult)
    objects = [(centres[i, ::-1], file.boxes[i], name or file.names[i]) for i in kept]
    return make_picture(image, objects, split=split, size=file.size, flaws=file.flaws)


def _read_side(annotation: Element, side: str, path: Path) -> int:
    text = annotation.findtext(f"size/{side}")
    if text is None or not text.strip():
        raise InputError(
            f"`{path}`: `size/{side}` must be the picture's {side} in pixels. The file has none; "
            "write `<size><width>...</width><height>...</height></size>` into `<annotation>`."
        )
    length = parse_number(text, f"`{path}`: `size/{side}`")
    if length < 1 or length != int(length):
        raise InputError(
            f"`{path}`: `size/{side}` must be a whole number of pixels, at least 1. Received "
            f"{length:g}; write the picture's size there."
        )
    return int(length)


def _read_name(element: Element, where: str) -> str:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise InputError(f"{where}: `name` must name the object's class. It is empty or absent.")
    return name


def _read_box(element: Element, where: str) -> np.ndarray:
    """Return (4,) xyxy, half-open, as the file has it."""
    sides = [
        parse_number(element.findtext(f"bndbox/{side}"), f"{where}: `{side}`") for side in _SIDES
    ]
    return np.array(sides) - [1, 1, 0, 0]


def _find_flaw(box: np.ndarray, size: tuple[int, int]) -> str:
    """Tell what is wrong with a box; one whose corners are one pixel is a stray click."""
    clicked = box - [0, 0, 1, 1]  # xmin, ymin, xmax, ymax, less 1
    kind = find_flaw(clicked, size)
    return kind if kind in ("inverted", "empty") else find_flaw(box, size)
