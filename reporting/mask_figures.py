"""Lays masks and saliency over pictures, in colours that say which class it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.patches import Patch
from PIL import Image

from config.files import atomic_file
from ops.palettes import voc_palette
from reporting.canvas import new_figure, save_figure
from reporting.prediction import Masks
from reporting.prediction_figures import Preview, show_picture

VOID = 255
_MASK_WEIGHT, _SALIENCY_WEIGHT = 0.5, 0.75
_SALIENCY_COLOUR = np.array([255, 150, 0], np.float32)
_ALMOST_WHITE = 235
_CELL, _SHEET_SIDE = 2.4, 400  # inches and pixels of a picture on a sheet


def overlay_labels(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Colour a picture by its label map; background stays as it is, outlines are drawn solid.

    Args:
        image: (H, W, 3) uint8.
        labels: (H, W) whole numbers from 0 to 255: 0 background, 255 ignored, seen as a light veil.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the sizes differ.

    Example:
        >>> image = np.full((1, 2, 3), 100, np.uint8)
        >>> overlay_labels(image, np.array([[0, 1]])).tolist()
        [[[100, 100, 100], [128, 0, 0]]]
    """
    image, labels = np.asarray(image), np.asarray(labels)
    if labels.shape != image.shape[:2]:
        raise ValueError(
            f"`labels` must be of the picture's {image.shape[:2]} pixels. Received {labels.shape}."
        )
    colours = voc_palette()
    colours[VOID] = _ALMOST_WHITE
    weights = np.where(labels == 0, 0.0, _MASK_WEIGHT)
    weights[_outline(labels)] = 1.0
    weights = weights.astype(np.float32)[..., np.newaxis]
    return np.rint(image * (1 - weights) + colours[labels] * weights).astype(np.uint8)


def overlay_saliency(image: np.ndarray, saliency: np.ndarray) -> np.ndarray:
    """Tint a picture orange where it is salient, and draw the outline of what reaches half.

    Args:
        image: (H, W, 3) uint8.
        saliency: (H, W) in [0, 1].

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the sizes differ.

    Example:
        >>> image = np.zeros((1, 1, 3), np.uint8)
        >>> overlay_saliency(image, np.array([[0.4]])).tolist()  # .3 of 255, 150, 0
        [[[76, 45, 0]]]
    """
    image, saliency = np.asarray(image), np.asarray(saliency, np.float32)
    if saliency.shape != image.shape[:2]:
        raise ValueError(
            f"`saliency` must be of the picture's {image.shape[:2]} pixels. "
            f"Received {saliency.shape}."
        )
    weights = _SALIENCY_WEIGHT * saliency[..., np.newaxis]
    shown = np.rint(image * (1 - weights) + _SALIENCY_COLOUR * weights).astype(np.uint8)
    salient = (saliency > 0) & (saliency >= 0.5 * saliency.max())
    shown[_outline(salient.astype(np.uint8))] = 255
    return shown


def draw_masks(overlay: np.ndarray, masks: Masks, path: Path) -> Path:
    """Draw a picture that `overlay_labels` coloured, with the name and share of each class found.

    Args:
        overlay: (H, W, 3) uint8.
        masks: of the picture.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> masks = Masks((2, 3), np.array([4, 2]), ("horse",), {1: "42"}, {1: (0, 0, 1, 2)})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_masks(np.zeros((2, 3, 3), np.uint8), masks, Path(folder) / "a.png").name
        'a.png'
    """
    preview = Preview(overlay.shape[:2])
    preview.add(overlay, 0, 0)
    figure, _ = show_picture(preview)
    palette, num_pixels = voc_palette() / 255, max(1, masks.areas.sum())
    patches = [
        Patch(
            color=palette[number],
            label=f"{masks.class_names[number - 1]} {masks.areas[number] / num_pixels:.1%}",
        )
        for number in masks.runs
    ]
    if patches:
        legend = figure.legend(handles=patches, loc="outside lower center", ncols=4, fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)  # a name is no formula, whatever it holds
    return save_figure(figure, path)


def draw_picture(image: np.ndarray, path: Path) -> Path:
    """Write a picture as it is, whole or not at all.

    Args:
        image: (H, W, 3) uint8, or (H, W) uint8 grey.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_picture(np.zeros((2, 3), np.uint8), Path(folder) / "deep" / "a.png").name
        'a.png'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        Image.fromarray(image).save(temporary, "PNG")
    return path


def draw_sheet(
    rows: Sequence[tuple[str, Sequence[np.ndarray | None]]], titles: Sequence[str], path: Path
) -> Path:
    """Draw pictures in rows and named columns, such as picture, saliency, prediction and truth.

    Args:
        rows: (name, pictures (H, W, 3) uint8) each, a picture per column; None leaves a gap.
        titles: of the columns.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        ValueError: there is no row, or one has another number of pictures than there are titles.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> rows = [("1.jpg", [np.zeros((4, 6, 3), np.uint8), None])]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_sheet(rows, ["picture", "truth"], Path(folder) / "a.png").name
        'a.png'
    """
    if not rows or any(len(pictures) != len(titles) for _, pictures in rows):
        raise ValueError(
            f"`rows` must hold at least one row, each of {len(titles)} pictures. "
            f"Received {[len(pictures) for _, pictures in rows]}."
        )
    figure = new_figure(_CELL * len(titles), _CELL * len(rows) + 0.3)
    panels = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, (name, pictures) in zip(panels, rows, strict=True):
        for axes, picture in zip(row, pictures, strict=True):
            axes.set_axis_off()
            if picture is not None:
                step = -(-max(picture.shape[:2]) // _SHEET_SIDE)
                axes.imshow(picture[::step, ::step], interpolation="nearest")
        row[0].set_title(name, fontsize=7, loc="left").set_parse_math(False)
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=9, loc="right")
    return save_figure(figure, path)


def _outline(labels):
    """Return the labelled pixels beside another label, as (H, W) bool."""
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        differ = np.diff(labels.astype(np.int16), axis=axis) != 0
        before, after = [slice(None)] * 2, [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        edge[tuple(before)] |= differ
        edge[tuple(after)] |= differ
    return edge & (labels != 0)
