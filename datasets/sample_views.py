"""Views of a sample: a window of its picture, mirrored and turned, drawn in a single warp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.samples import Sample
from ops.opencv import cv2

_MIRROR = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])  # of the unit square
_TURN = np.array([[0.0, 1, 0], [-1, 0, 1], [0, 0, 1]])  # as np.rot90: the right side comes up


@dataclass(frozen=True)
class View:
    """What a sample shows of a picture.

    Attributes:
        window: (x0, y0, x1, y1), pixels of the picture; it may reach beyond it.
        mirrored: left and right change places.
        turns: quarter turns against the clock, after mirroring.
        rescale: factor of the picture's sides before it is warped; it changes the sharpness only.

    Example:
        >>> View((0, 0, 8, 6)).turns
        0
    """

    window: tuple[float, float, float, float]
    mirrored: bool = False
    turns: int = 0
    rescale: float = 1.0


def view_matrix(view: View, size: tuple[int, int]) -> np.ndarray:
    """Say where a view puts each place of the picture.

    Args:
        view: the view.
        size: (height, width) of the view, pixels.

    Returns:
        (3, 3) float64: (x, y, 1) in the picture -> (x, y, 1) in the view, pixels that count from
        the corner of the first one.

    Example:
        >>> view_matrix(View((2, 0, 6, 4)), (8, 8)) @ [3, 1, 1]
        array([2., 2., 1.])
    """
    x0, y0, x1, y1 = view.window
    width, height = x1 - x0, y1 - y0
    matrix = np.array([[1 / width, 0, -x0 / width], [0, 1 / height, -y0 / height], [0, 0, 1]])
    if view.mirrored:
        matrix = _MIRROR @ matrix
    for _ in range(view.turns % 4):
        matrix = _TURN @ matrix
    return np.diag([size[1], size[0], 1.0]) @ matrix


def view_boxes(boxes: np.ndarray, view: View, size: tuple[int, int]) -> np.ndarray:
    """Move boxes into a view.

    Args:
        boxes: (N, 4) float xyxy pixels of the picture.
        view: the view.
        size: (height, width) of the view, pixels.

    Returns:
        (N, 4) float64 xyxy pixels of the view, not clipped.

    Example:
        >>> view_boxes(np.array([[0, 1, 3, 2]]), View((0, 0, 8, 4), mirrored=True), (4, 8))
        array([[5., 1., 8., 2.]])
    """
    corners = _move(np.reshape(boxes, (-1, 2)), view_matrix(view, size)).reshape(-1, 2, 2)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def warp_sample(sample: Sample, view: View, size: tuple[int, int]) -> Sample:
    """Draw a view of a sample: its picture and its labels together, each warped once.

    The picture is interpolated linearly. Beyond it lies its mean colour, where nothing counts: its
    border, repeated, would make an object that touches it longer than its box. Nothing is averaged
    where it shrinks, so a view should show at most about twice as many pixels a side as it has.

    Args:
        sample: what is seen; its sides have less than 32,768 pixels.
        view: the view.
        size: (height, width) of the view, pixels.

    Returns:
        The view's sample. Boxes are clipped to it; points lie at the middle of the pixel that held
        them before they are moved, so that they stay on their object's pixel, and may lie outside.

    Example:
        >>> image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
        >>> box, where = np.array([[0.0, 0.0, 1.0, 1.0]]), np.ones((1, 2), bool)
        >>> sample = Sample(image, np.zeros((0, 2)), where, box)
        >>> seen = warp_sample(sample, View((0, 0, 2, 1), mirrored=True), (1, 2))
        >>> seen.image.tolist(), seen.boxes.tolist()
        ([[[3, 4, 5], [0, 1, 2]]], [[1.0, 0.0, 2.0, 1.0]])
    """
    height, width = size
    matrix = view_matrix(view, size)
    middles = np.floor(sample.points)[:, ::-1] + 0.5  # x, y
    boxes = view_boxes(sample.boxes, view, size).clip(0, [width, height, width, height])
    image = _warp(_rescale(sample.image, view.rescale), sample.size, matrix, size)
    _fill_outside(image, view_boxes([[0, 0, *sample.size[::-1]]], view, size)[0], sample.image)
    return Sample(
        image,
        _move(middles, matrix)[:, ::-1],
        _warp(sample.where.astype(np.uint8), sample.size, matrix, size).astype(bool),
        boxes,
    )


def warp_labels(
    labels: np.ndarray, view: View, size: tuple[int, int], *, picture: tuple[int, int]
) -> np.ndarray:
    """Draw a view of a picture's label map; what lies beyond the picture is ignored.

    Args:
        labels: (h, w) uint8, 255 ignored; of the whole picture, at a size of its own perhaps.
        view: the view.
        size: (height, width) of the view, pixels.
        picture: (height, width) of the picture in which the view's window is told, pixels.

    Returns:
        (height, width) uint8, each pixel the label under its centre.

    Example:
        >>> labels = np.array([[0, 1]], np.uint8)
        >>> warp_labels(labels, View((0, 0, 8, 2), mirrored=True), (1, 4), picture=(2, 4)).tolist()
        [[255, 255, 1, 0]]
    """
    # 255 becomes 0, which is also what the warp puts outside; both become 255 again.
    shifted = np.asarray(labels, np.uint8) + np.uint8(1)
    return _warp(shifted, picture, view_matrix(view, size), size) - np.uint8(1)


def _move(places: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Move (N, 2) x, y."""
    return places @ matrix[:2, :2].T + matrix[:2, 2]


def _rescale(image: np.ndarray, factor: float) -> np.ndarray:
    if factor == 1:
        return image
    size = [max(1, round(side * factor)) for side in image.shape[1::-1]]
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=way)


def _fill_outside(image: np.ndarray, box: np.ndarray, picture: np.ndarray) -> None:
    """Give the pixels whose centres are outside `box`, the picture's, its mean colour; in place."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = np.rint(box).astype(int).clip(0, [width, height, width, height])
    if (x0, y0, x1, y1) != (0, 0, width, height):
        colour = [round(value) for value in cv2.mean(picture)[:3]]
        for part in (image[:y0], image[y1:], image[:, :x0], image[:, x1:]):
            part[:] = colour


def _warp(
    pixels: np.ndarray, picture: tuple[int, int], matrix: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Warp colours (h, w, 3), which may have another size than `picture`, or a mask (h, w)."""
    height, width = pixels.shape[:2]
    to_pixels = np.diag([width / picture[1], height / picture[0], 1.0]) @ np.linalg.inv(matrix)
    # OpenCV counts from the centre of the first pixel.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    inverse = np.linalg.inv(shift) @ to_pixels @ shift
    is_mask = pixels.ndim == 2
    return cv2.warpAffine(
        pixels,
        inverse[:2],
        (size[1], size[0]),
        flags=cv2.WARP_INVERSE_MAP | (cv2.INTER_NEAREST if is_mask else cv2.INTER_LINEAR),
        borderMode=cv2.BORDER_CONSTANT if is_mask else cv2.BORDER_REPLICATE,
    )
