"""Makes the labels that saliency is learnt from, a picture at a time, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from config.errors import InputError
from datasets.images import MAX_PIXELS, read_image, read_labels
from datasets.label_pngs import write_label_png
from ops.box_masks import BAND, box_labels, shrink_picture
from ops.saliency_labels import saliency_labels

SOURCES = ("boxes", "rbd")


def write_object_labels(
    image: Path,
    boxes: np.ndarray | None,
    path: Path,
    *,
    source: Literal["boxes", "rbd"],
    band: int = BAND,
    max_pixels: int = MAX_PIXELS,
) -> tuple[float, float]:
    """Write the label map of a picture, unless it is there already.

    A job for `datasets.job_pool.run_pool`: it loads no TensorFlow, and a stopped run goes on with
    the pictures that have no file yet.

    Args:
        image: picture file.
        boxes: (N, 4) xyxy pixels of the picture; needed by "boxes" only.
        path: PNG file to write; its folder is made. The map has the picture's aspect and a longer
            side of at most 256.
        source: "boxes" for `ops.box_masks.box_labels`, "rbd" for
            `ops.saliency_labels.saliency_labels`.
        band: pixels on either side of an outline that are ignored.
        max_pixels: larger pictures are refused.

    Returns:
        Shares of the map: (object, ignored).

    Raises:
        InputError: the picture cannot be read, or has no boxes where they are needed.
        ValueError: another source, or `band` is negative.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (8, 6)).save(folder / "a.png")
        >>> write_object_labels(folder / "a.png", None, folder / "labels" / "a.png", source="rbd")
        (0.0, 1.0)
    """
    if source not in SOURCES:
        raise ValueError(f"`source` must be one of {', '.join(SOURCES)}. Received {source}.")
    if source == "boxes" and boxes is None:
        raise InputError(
            f"`{image}` must have boxes to learn from. It has none; take `labels` rbd, or a format "
            "with boxes."
        )
    if not path.is_file():
        picture = read_image(image, max_pixels=max_pixels)
        small, boxes = shrink_picture(picture, np.zeros((0, 4)) if boxes is None else boxes)
        if source == "boxes":
            labels = box_labels(small, boxes, band=band)
        else:
            labels = saliency_labels(small, band=band)
        write_label_png(labels, path)
    labels = read_labels(path)
    return float((labels == 1).mean()), float((labels == 255).mean())
