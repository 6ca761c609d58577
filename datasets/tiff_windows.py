"""Reads windows of a TIFF page that is too large to decode whole, by its strips or tiles."""

from __future__ import annotations

import io
import math
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tifffile
from PIL import TiffImagePlugin
from tifffile import PLANARCONFIG

from config.errors import InputError
from datasets import pillow_pictures, tiff
from datasets.tiff_colours import count_colours, samples_to_rgb, stretch

LARGEST_SIDE = 1_000_000  # pixels; a row of labels is kept in memory
# What libtiff needs to know of a strip or tile that becomes a file of its own: bits, compression,
# photometric, fill order, samples, planes, T4 and T6 options, predictor, colour map, extra samples,
# sample format, JPEG tables, and the YCbCr coefficients, subsampling, positioning and range.
_COPIED_TAGS = (258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 338, 339, 347, 529, 530, 531, 532)


class TiffWindows:
    """Decodes only the strips or tiles that a window touches, and keeps the latest in memory.

    Pixels equal those of `datasets.images.read_image`. A page of 16 bits is stretched by its own
    smallest and largest value, which are found in one pass over all segments before the first
    window.

    Attributes:
        height: rows of the page, pixels.
        width: columns of the page, pixels.

    Example:
        >>> # see `datasets.images.open_windows`
    """

    def __init__(
        self, file: BinaryIO, page: tifffile.TiffPage, path: Path, *, number: int, max_pixels: int
    ):
        self.width, self.height = tiff.page_size(page)
        self._page, self._path, self._max_pixels = page, path, max_pixels
        self._segment_size = (
            (page.tilelength, page.tilewidth)
            if page.is_tiled
            else (min(page.rowsperstrip, self.height), self.width)
        )
        self._across = math.ceil(self.width / self._segment_size[1])
        self._down = math.ceil(self.height / self._segment_size[0])
        self._num_planes = page.samplesperpixel if page.axes == "SYX" else 1
        self._kept: OrderedDict[int, np.ndarray] = OrderedDict()
        self._limits: tuple[int, int] | None = None
        self._check()
        self._tags = None
        if tiff.needs_libtiff(page):
            self._tags = tiff.open_with_libtiff(file, number).tag_v2

    def read(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """Decode a window that lies inside the page.

        Args:
            top: first row.
            left: first column.
            height: rows.
            width: columns.

        Returns:
            (height, width, 3) uint8 RGB.

        Raises:
            InputError: a segment is missing, cut off, or larger than it says.
            Exception: whatever a decoder says; `datasets.images` names the file.

        Example:
            >>> # see `datasets.images.open_windows`
        """
        if self._limits is None and self._page.dtype == np.uint16:
            self._limits = self._find_limits()
        rows, columns = slice(top, top + height), slice(left, left + width)
        planes = [self._read_plane(plane, rows, columns) for plane in range(self._num_planes)]
        return self._to_rgb(np.concatenate(planes, axis=-1))

    def _read_plane(self, plane, rows, columns):
        """Put together the samples of a window from the segments: (height, width, C)."""
        down, across = self._segment_size
        pixels = None
        for i in range(rows.start // down, -(-rows.stop // down)):
            for j in range(columns.start // across, -(-columns.stop // across)):
                segment = self._segment((plane * self._down + i) * self._across + j)
                if pixels is None:
                    size = (rows.stop - rows.start, columns.stop - columns.start)
                    pixels = np.empty((*size, segment.shape[-1]), segment.dtype)
                mine, theirs = _overlap(rows, i * down, segment.shape[0])
                mine_across, theirs_across = _overlap(columns, j * across, segment.shape[1])
                pixels[mine, mine_across] = segment[theirs, theirs_across]
        return pixels

    def _segment(self, index):
        """Decode a segment: its part inside the page, (h, w, C)."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        pixels = self._decode(index)
        self._kept[index] = pixels
        most = max(1, self._max_pixels // math.prod(self._segment_size))
        while len(self._kept) > most:
            self._kept.popitem(last=False)
        return pixels

    def _decode(self, index):
        data = tiff.read_segment(self._page, self._path, index)
        i, j = index // self._across % self._down, index % self._across
        height = min(self._segment_size[0], self.height - i * self._segment_size[0])
        width = min(self._segment_size[1], self.width - j * self._segment_size[1])
        if self._tags is None:
            pixels = self._page.decode(data, index)[0][0]
        else:
            pixels = self._decode_with_libtiff(data, height)
        if pixels.shape[0] < height or pixels.shape[1] < width:
            raise ValueError(f"segment {index} is too small")
        return pixels[:height, :width]

    def _decode_with_libtiff(self, data, height):
        """Decode a segment as the only strip of a file of its own: RGB, or 16-bit grey."""
        length, width = self._segment_size
        length = length if self._page.is_tiled else height  # the last strip may be shorter
        header = TiffImagePlugin.ImageFileDirectory_v2(prefix=self._tags.prefix)
        for tag in _COPIED_TAGS:
            if tag in self._tags:
                header.tagtype[tag] = self._tags.tagtype[tag]
                header[tag] = self._tags[tag]
        # Width, length, where the strip starts (behind this directory), rows in it, bytes.
        for tag, value in ((256, width), (257, length), (273, 0), (278, length), (279, len(data))):
            header.tagtype[tag] = 4
            header[tag] = value
        file = io.BytesIO()
        header.save(file)
        file.write(data)
        picture = tiff.open_with_libtiff(file, 0)
        if picture.mode[0] in "IF":
            return pillow_pictures.to_labels(picture)[..., np.newaxis]
        return pillow_pictures.to_rgb(picture)

    def _to_rgb(self, pixels):
        if self._tags is None:
            return samples_to_rgb(self._page, pixels, self._limits)
        pixels = stretch(pixels, self._limits)
        return np.broadcast_to(pixels, (*pixels.shape[:2], 3))

    def _find_limits(self):
        """Return the smallest and largest colour of the page, one segment in memory at a time."""
        lows, highs = [], []
        for index in range(self._num_planes * self._down * self._across):
            plane = index // (self._down * self._across)
            colours = self._decode(index)[..., : max(0, count_colours(self._page) - plane)]
            if colours.size:
                lows.append(int(colours.min()))
                highs.append(int(colours.max()))
        return min(lows), max(highs)

    def _check(self):
        page, path = self._page, self._path
        tiff.check_bytes(page, path, [page.chunks], self._max_pixels)
        if max(self.width, self.height) > LARGEST_SIDE:
            raise InputError(
                f"`{path}` must have sides of at most {LARGEST_SIDE} pixels. It says {self.width} "
                f"x {self.height}; cut it."
            )
        if tiff.page_orientation(page) != 1:
            raise InputError(
                f"`{path}` must be stored upright to be read in parts. Its orientation tag is "
                f"{tiff.page_orientation(page)}; turn it, e.g. with `vips autorot`, or raise "
                "`max_pixels` to read it whole."
            )
        if math.prod(self._segment_size) > self._max_pixels:
            length, width = self._segment_size
            raise InputError(
                f"`{path}` must have strips or tiles of at most {self._max_pixels} pixels "
                f"(`max_pixels`) to be read in parts. They have {width} x {length}; cut it in "
                "tiles with `tiffcp -t in.tif out.tif` or `tifffile.imwrite(..., tile=(512, 512))`."
            )
        if tiff.needs_libtiff(page) and page.planarconfig == PLANARCONFIG.SEPARATE:
            raise InputError(
                f"`{path}` must store the samples of a pixel together to be read in parts. It has "
                "a plane for each; rewrite it with `tiffcp -p contig in.tif out.tif`."
            )
        if len(page.dataoffsets) < self._num_planes * self._down * self._across:
            raise InputError(
                f"`{path}` must be a whole TIFF. It lacks strips or tiles; replace it."
            )


def _overlap(window: slice, start: int, length: int) -> tuple[slice, slice]:
    """Return where a window and a segment meet: in the window, and in the segment."""
    first, last = max(window.start, start), min(window.stop, start + length)
    return slice(first - window.start, last - window.start), slice(first - start, last - start)
