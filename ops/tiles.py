"""Cuts a picture in tiles that overlap: what a network sees, and the core that counts of it."""

from __future__ import annotations

from typing import NamedTuple

ALIGNMENT = 32  # pixels; the coarsest stride of the networks


class Box(NamedTuple):
    """A box of whole pixels, half-open.

    Attributes:
        top: first row.
        left: first column.
        bottom: row behind the last.
        right: column behind the last.

    Example:
        >>> Box(2, 3, 10, 5).size
        (8, 2)
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.bottom - self.top, self.right - self.left


class Tile(NamedTuple):
    """One tile.

    Attributes:
        window: what the network sees, with the overlap.
        core: the part of the window that counts; the cores of all tiles make up the picture.

    Example:
        >>> plan_tiles((5, 7), tile=64, overlap=0)
        [Tile(window=Box(top=0, left=0, bottom=5, right=7), core=Box(top=0, left=0, ...))]
    """

    window: Box
    core: Box


def plan_tiles(size: tuple[int, int], *, tile: int, overlap: int) -> list[Tile]:
    """Cut a picture in tiles, row by row.

    Cores start at multiples of 32 pixels, so that with an overlap of such a multiple strided
    layers see each tile on the grid on which they see the whole picture.

    Args:
        size: (height, width) of the picture, pixels.
        tile: longest side of a window, pixels. A picture that is not longer is not cut.
        overlap: pixels that a window shows at least around its core, inside the picture.

    Returns:
        The tiles, row by row; all of a row have cores of one height.

    Raises:
        ValueError: `size` is empty, `overlap` is negative, or leaves no core of 32 pixels.

    Example:
        >>> [t.core[1::2] for t in plan_tiles((10, 200), tile=128, overlap=32)]
        [(0, 64), (64, 128), (128, 192), (192, 200)]
    """
    if min(size) < 1:
        raise ValueError(f"`size` must be at least one pixel each way. Received {tuple(size)}.")
    if overlap < 0 or tile - 2 * overlap < ALIGNMENT:
        raise ValueError(
            f"`tile` must be at least {ALIGNMENT} pixels more than two overlaps, and `overlap` not "
            f"negative. Received `tile` {tile} and `overlap` {overlap}."
        )
    rows, columns = (_cut(length, tile, overlap) for length in size)
    return [
        Tile(Box(top, left, bottom, right), Box(core_top, core_left, core_bottom, core_right))
        for (top, bottom), (core_top, core_bottom) in rows
        for (left, right), (core_left, core_right) in columns
    ]


def scale_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return the size of a map that is larger or smaller than its picture, as the models round it.

    Args:
        size: (height, width) of the picture, pixels.
        scale: side of the map over that of the picture.

    Returns:
        (height, width), halves rounded to even, at least one.

    Example:
        >>> scale_size((5, 7), 1.5)
        (8, 10)
    """
    return tuple(max(1, round(side * scale)) for side in size)


def scale_box(box: Box, size: tuple[int, int], scale: float) -> Box:
    """Find the part of a map that a box of its picture covers.

    Args:
        box: of whole map pixels, but where it ends with the picture.
        size: (height, width) of the picture, pixels.
        scale: side of the map over that of the picture.

    Returns:
        The box in pixels of the map; it ends with the map where `box` ends with the picture.

    Raises:
        ValueError: the box begins inside a pixel of the map.

    Example:
        >>> scale_box(Box(0, 4, 2, 7), (5, 7), 1.5)
        Box(top=0, left=6, bottom=3, right=10)
    """
    last = scale_size(size, scale)
    start = [side * scale for side in box[:2]]
    stop = [
        end if side == whole else side * scale
        for side, whole, end in zip(box[2:], size, last, strict=True)
    ]
    if any(side != int(side) for side in (*start, *stop)):
        raise ValueError(f"`box` must cover whole pixels of the map. Received {box}, {scale}.")
    return Box(*map(int, (*start, *stop)))


def core_size(size: tuple[int, int], *, tile: int, overlap: int) -> tuple[int, int]:
    """Return the height and width of the cores; at the lower and right border they may be smaller.

    Args:
        size: (height, width) of the picture, pixels.
        tile: see `plan_tiles`.
        overlap: see `plan_tiles`.

    Returns:
        (height, width), multiples of 32; larger than a picture that is not cut.

    Example:
        >>> core_size((50, 500), tile=128, overlap=16)
        (64, 96)
    """
    return tuple(_core_side(length, tile, overlap) for length in size)


def _core_side(length, tile, overlap):
    if length <= tile:
        return -(-length // ALIGNMENT) * ALIGNMENT
    return (tile - 2 * overlap) // ALIGNMENT * ALIGNMENT


def _cut(length, tile, overlap):
    """Return ((start, stop) of the window, (start, stop) of the core) along one axis."""
    side = _core_side(length, tile, overlap)
    cores = [(start, min(start + side, length)) for start in range(0, length, side)]
    return [((max(0, a - overlap), min(length, b + overlap)), (a, b)) for a, b in cores]
