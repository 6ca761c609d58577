"""Objects cut out of pictures with their outlines, to be pasted elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ops.opencv import cv2
from ops.saliency import check_picture

SOLID = 0.5  # alpha from which a pixel shows the object
_REACH = 3.0  # standard deviations of the outline that a window keeps
_LEAST_MARGIN = 6  # pixels of its surroundings that every cut-out keeps, for Poisson blending
_LEAST_ALPHA = 0.1  # below it, what the object adds to the ground drowns in noise
_MOST_TOUCHING = 0.25  # of an object's outline; more, and part of it is hidden
_LEAST_AREA = 0.4  # of the median area; smaller ones are remains of hidden objects
_LEAST_WHOLE = 8  # cut-outs; fewer repeat themselves


@dataclass(frozen=True, eq=False)
class CutOut:
    """An object and its outline, with a rim of what lay around it.

    Attributes:
        pixels: (h, w, 3) uint8 RGB, the object's own colours where alpha is above 0.
        alpha: (h, w) float32, 1 the object, 0 its surroundings.
        point: (row, column) of the object's point in the window, pixels.

    Example:
        >>> CutOut(np.zeros((2, 3, 3), np.uint8), np.ones((2, 3), np.float32), (1.0, 1.5)).size
        (2, 3)
    """

    pixels: np.ndarray
    alpha: np.ndarray
    point: tuple[float, float]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the object itself, in pixels; (0, 0) without a solid pixel."""
        solid = np.argwhere(self.alpha >= SOLID)
        if not len(solid):
            return 0, 0
        height, width = np.ptp(solid, axis=0) + 1
        return int(height), int(width)


def cut_out(
    image: np.ndarray,
    mask: np.ndarray,
    *,
    point: tuple[float, float] | None = None,
    ground: np.ndarray | None = None,
    softness: float = 0.7,
) -> CutOut:
    """Cut an object out of a picture.

    The outline is the mask's edge blurred. Pixels there mix object and surroundings: without
    `ground` only the inner half of the blur is kept, so that no rim of the old surroundings
    comes along. With it, the object's own colour F is solved from image = alpha F +
    (1 - alpha) ground, and soft objects such as cells keep their halos.

    Args:
        image: (H, W, 3) uint8 RGB, or grey.
        mask: (H, W) bool, the object's pixels.
        point: the object's (row, column) in the picture, pixels; None for its centroid.
        ground: (H, W, 3) what the picture shows without the object, 0 to 255; None if unknown.
        softness: standard deviation of the outline's blur, pixels; 0 for a hard one.

    Returns:
        The object in the smallest window with a rim of at least 6 pixels of its surroundings.

    Raises:
        ValueError: the arrays do not fit, the mask is empty, or `softness` is negative.

    Example:
        >>> image = np.full((12, 16, 3), 50, np.uint8)
        >>> image[4:8, 5:11] = 200
        >>> cut = cut_out(image, image[..., 0] > 99, softness=0)
        >>> cut.alpha.shape, cut.size, cut.point
        ((12, 16), (4, 6), (5.5, 7.5))
    """
    image, mask = check_picture(image), np.asarray(mask)
    _check(image, mask, ground, softness)
    rows, columns = np.nonzero(mask)
    centre = (rows.mean(), columns.mean()) if point is None else point
    margin = max(_LEAST_MARGIN, math.ceil(_REACH * softness))
    window = tuple(slice(max(each.min() - margin, 0), each.max() + 1 + margin)
                   for each in (rows, columns))  # fmt: skip
    alpha = mask[window].astype(np.float32)
    if softness > 0:
        # Beyond the picture's edge the object goes on.
        alpha = cv2.GaussianBlur(alpha, (0, 0), softness, borderType=cv2.BORDER_REPLICATE)
        alpha = alpha if ground is not None else (2 * alpha - 1).clip(0, 1)
    pixels = image[window].copy()
    if ground is not None:
        pixels = _own_colours(pixels, alpha, np.asarray(ground, np.float32)[window])
    corner = [side.start for side in window]
    return CutOut(pixels, alpha, (float(centre[0] - corner[0]), float(centre[1] - corner[1])))


def _own_colours(pixels, alpha, ground):
    weight = alpha[..., None]
    own = (pixels - (1 - weight) * ground) / np.maximum(weight, _LEAST_ALPHA)
    own = np.where(weight >= _LEAST_ALPHA, own, pixels)
    return np.rint(own).clip(0, 255).astype(np.uint8)


def turn_cut_out(
    cut: CutOut, *, scale: float = 1.0, angle: float = 0.0, flipped: bool = False
) -> CutOut:
    """Scale, turn and mirror a cut-out.

    Args:
        cut: the object.
        scale: new size over old, above 0.
        angle: degrees counter-clockwise.
        flipped: mirror left and right first.

    Returns:
        The object in the smallest window that holds the turned one.

    Raises:
        ValueError: `scale` is not above 0.

    Example:
        >>> square = CutOut(np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32), (1.5, 1.5))
        >>> half = turn_cut_out(square, scale=0.5)
        >>> half.size, half.point
        ((2, 2), (0.5, 0.5))
    """
    if not scale > 0:
        raise ValueError(f"`scale` must be above 0. Received {scale}.")
    pixels, alpha, (row, column) = cut.pixels, cut.alpha, cut.point
    if flipped:
        pixels, alpha = pixels[:, ::-1].copy(), alpha[:, ::-1].copy()
        column = alpha.shape[1] - 1 - column
    pixels, alpha, (row, column) = _resize(pixels, alpha, (row, column), scale)
    if angle % 360:
        pixels, alpha, (row, column) = _rotate(pixels, alpha, (row, column), angle)
    return CutOut(pixels, alpha.clip(0, 1), (row, column))


def _resize(pixels, alpha, point, scale):
    if scale == 1:
        return pixels, alpha, point
    size = tuple(max(1, round(side * scale)) for side in alpha.shape)
    factors = [new / old for new, old in zip(size, alpha.shape, strict=True)]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels, alpha = (cv2.resize(each, size[::-1], interpolation=how) for each in (pixels, alpha))
    # Pixel i covers i - .5 to i + .5 on both grids.
    moved = tuple((each + 0.5) * f - 0.5 for each, f in zip(point, factors, strict=True))
    return pixels, alpha, moved


def _rotate(pixels, alpha, point, angle):
    height, width = alpha.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    new_width, new_height = (
        math.ceil(each - 1e-6) for each in abs(matrix[:, :2]) @ alpha.shape[::-1]
    )
    matrix[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    size = (new_width, new_height)
    pixels = cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha, matrix, size)
    column, row = matrix @ (point[1], point[0], 1)
    return pixels, alpha, (float(row), float(column))


def whole_objects(labels: np.ndarray) -> np.ndarray:
    """Pick the objects of a label map that show themselves whole.

    One that touches the picture's edge is cut off; one whose outline touches others in more than a
    quarter of its length, or that has less than .4 of the median area, is partly hidden. When
    fewer than 8 are left, the bound on the touching outline goes; then that on the edge.

    Args:
        labels: (H, W) integers, 0 background, 1 to N the objects.

    Returns:
        (M,) int64 their labels, ascending.

    Example:
        >>> labels = np.zeros((9, 30), int)
        >>> labels[3:6, 4:7], labels[0:3, 12:15] = 1, 2
        >>> whole_objects(labels).tolist()
        [1]
    """
    labels = np.asarray(labels)
    num = int(labels.max(initial=0))
    areas = np.bincount(labels.ravel(), minlength=num + 1)[1:]
    if not areas.any():
        return np.zeros(0, np.int64)
    large = areas >= _LEAST_AREA * np.median(areas[areas > 0])
    edge = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
    inside = large & ~np.isin(np.arange(1, num + 1), edge)
    apart = inside & (_touching_shares(labels, num) <= _MOST_TOUCHING)
    for chosen in (apart, inside):
        if np.count_nonzero(chosen) >= min(_LEAST_WHOLE, np.count_nonzero(areas)):
            return np.flatnonzero(chosen) + 1
    chosen = next(each for each in (inside, large) if each.any())
    return np.flatnonzero(chosen) + 1


def _touching_shares(labels, num):
    """Return (num,) the share of each object's outer rim that other objects take."""
    shares = np.zeros(num)
    for i, place in enumerate(ndimage.find_objects(labels, num)):
        if place is None:
            continue
        window = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in place)
        own = labels[window] == i + 1
        rim = ndimage.binary_dilation(own) & ~own
        shares[i] = (labels[window][rim] > 0).mean() if rim.any() else 0
    return shares


def _check(image, mask, ground, softness):
    if mask.shape != image.shape[:2] or mask.dtype != bool:
        raise ValueError(
            f"`mask` must be a bool map of the picture's {image.shape[:2]} pixels. Received shape "
            f"{mask.shape}, {mask.dtype}."
        )
    if not mask.any():
        raise ValueError("`mask` must show an object. It is empty.")
    if ground is not None and np.shape(ground) != image.shape:
        raise ValueError(
            f"`ground` must be of the picture's shape {image.shape}. Received {np.shape(ground)}."
        )
    if not softness >= 0:
        raise ValueError(f"`softness` must not be negative. Received {softness}.")
