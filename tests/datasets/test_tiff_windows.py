import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from config.errors import InputError
from datasets import tiff
from datasets.images import open_windows, read_image

SIZE = (70, 90)  # 6,300 pixels, and 2,500 allowed: read in parts
BOUND = 2500


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


def write(path, pixels, **options):
    tifffile.imwrite(path, pixels, **options)
    return path


def open_in_parts(path):
    return open_windows(path, max_pixels=BOUND)


def check_windows(path, max_pixels=BOUND):
    """Compare windows all over a picture, corners and thin ones too, with the whole of it."""
    whole = read_image(path)
    height, width = whole.shape[:2]
    places = [(0, 0, 40, 50), (height - 1, width - 1, 1, 1), (0, width - 3, height, 3)]
    places += [(height - 2, 0, 2, width), (16, 32, 16, 16), (13, 29, 37, 41)]
    with open_windows(path, max_pixels=max_pixels) as windows:
        assert (windows.height, windows.width) == (height, width)
        for top, left, rows, columns in places:
            window = windows.read(top, left, rows, columns)
            expected = whole[top : top + rows, left : left + columns]
            assert window.dtype == np.uint8
            np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("layout", [{"tile": (32, 48)}, {"rowsperstrip": 9}])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_open_windows_equals_read_image(tmp_path, compression, layout, byteorder):
    for name, shape, dtype, options in (
        ("grey", SIZE, np.uint8, {}),
        ("deep", SIZE, np.uint16, {}),
        ("rgb", (*SIZE, 3), np.uint8, {"photometric": "rgb"}),
        ("planes", (3, *SIZE), np.uint16, {"photometric": "rgb", "planarconfig": "separate"}),
        ("alpha", (*SIZE, 4), np.uint8, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        ("white", SIZE, np.uint8, {"photometric": "miniswhite"}),
    ):
        path = tmp_path / f"{name}.tif"
        options = {**options, **layout, "compression": compression, "byteorder": byteorder}
        check_windows(write(path, noise(*shape, dtype=dtype), **options))


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"predictor": True, "compression": "zlib"}])
def test_open_windows_reads_bigtiff_and_differences(tmp_path, options):
    check_windows(write(tmp_path / "a.tif", noise(*SIZE), tile=(16, 16), **options))


def test_open_windows_resolves_a_palette(tmp_path):
    colours = noise(3, 256, dtype=np.uint16)
    options = {"photometric": "palette", "colormap": colours, "tile": (16, 32)}
    check_windows(write(tmp_path / "a.tif", noise(*SIZE), **options))


@pytest.mark.parametrize(
    ("compression", "modes"),
    [
        ("tiff_lzw", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"]),
        ("packbits", ["1", "L", "P", "RGB", "RGBA", "CMYK"]),
        ("jpeg", ["L", "RGB", "CMYK"]),
        ("tiff_adobe_deflate", ["1", "L", "RGB", "I;16"]),
        ("group4", ["1"]),
    ],
)
def test_open_windows_reads_pillows_strips(tmp_path, compression, modes):
    row_bytes = {"1": 12, "RGB": 270, "RGBA": 360, "CMYK": 360, "I;16": 180}
    for mode in modes:
        picture = Image.fromarray(noise(*SIZE, 3)).convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            picture = Image.fromarray(noise(*SIZE, dtype=np.uint16))
        path = tmp_path / f"{mode[0]}{len(mode)}.tif"
        picture.save(path, compression=compression, strip_size=16 * row_bytes.get(mode, 90))
        check_windows(path)


def compress(path, tile, compression):
    """Return what libtiff makes of a tile, through Pillow."""
    Image.fromarray(tile).save(path, compression=compression, strip_size=1 << 30)
    with tifffile.TiffFile(path) as file:
        [offset], [count] = file.pages[0].dataoffsets, file.pages[0].databytecounts
    return path.read_bytes()[offset : offset + count]


def compress_as_slides_do(tile, streamtype):
    """Return a JPEG in YCbCr, colours at half the size: 1 its tables alone, 2 all but them."""
    file = io.BytesIO()
    Image.fromarray(tile).save(file, "JPEG", streamtype=streamtype)
    return file.getvalue()


def cut_tiles(pixels, side=32):
    for top in range(0, pixels.shape[0], side):
        for left in range(0, pixels.shape[1], side):
            tile = np.zeros((side, side, 3), np.uint8)
            part = pixels[top : top + side, left : left + side]
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def write_tiles(path, tiles, *, compression, photometric=2, tables=b""):
    """Write a little-endian TIFF of 70 x 90 RGB pixels: first the tiles of 32 x 32, then tags."""
    entries = [(256, 3, 1, 90), (257, 3, 1, 70), (259, 3, 1, compression), (277, 3, 1, 3)]
    entries += [(262, 3, 1, photometric), (322, 3, 1, 32), (323, 3, 1, 32)]
    body = b"".join(tiles)
    start = 8 + len(body)
    counts = [len(tile) for tile in tiles]
    offsets = np.cumsum([8, *counts])[:-1]
    body += struct.pack("<4H9I9I", 8, 8, 8, 0, *offsets, *counts) + tables
    entries += [(258, 3, 3, start), (324, 4, 9, start + 8), (325, 4, 9, start + 44)]
    entries += [(347, 7, len(tables), start + 80)] * bool(tables)
    rows = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    directory = struct.pack("<H", len(entries)) + rows + bytes(4)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory)


def test_open_windows_reads_lzw_tiles(tmp_path):
    pixels, path = noise(*SIZE, 3), tmp_path / "a.tif"
    tiles = [compress(tmp_path / "tile.tif", tile, "tiff_lzw") for tile in cut_tiles(pixels)]
    write_tiles(path, tiles, compression=5)
    np.testing.assert_array_equal(read_image(path), pixels)
    check_windows(path)


def test_open_windows_reads_the_jpeg_tiles_of_slides(tmp_path):
    pixels, path = np.full((*SIZE, 3), [200, 100, 50], np.uint8), tmp_path / "a.tif"
    pixels[32:64, 32:64] = [20, 200, 150]
    tiles = [compress_as_slides_do(tile, 2) for tile in cut_tiles(pixels)]
    tables = compress_as_slides_do(pixels, 1)
    write_tiles(path, tiles, compression=7, photometric=6, tables=tables)
    assert abs(read_image(path)[32:, :64].astype(int) - pixels[32:, :64]).mean() < 3
    check_windows(path)


def test_open_windows_stretches_by_the_whole_page(tmp_path):
    # The window holds 1200 alone; of 1000 to 2000 that is 51.
    pixels = np.full(SIZE, 1200, np.uint16)
    pixels[0, 0], pixels[-1, -1] = 1000, 2000
    path = write(tmp_path / "a.tif", pixels, tile=(16, 16))
    with open_in_parts(path) as windows:
        assert (windows.read(30, 30, 2, 2) == 51).all()


def test_open_windows_decodes_what_a_window_touches_and_keeps_it(tmp_path, monkeypatch):
    path = write(tmp_path / "a.tif", noise(*SIZE), tile=(16, 16), compression="zlib")
    read, right = [], tiff.read_segment
    monkeypatch.setattr(
        tiff,
        "read_segment",
        lambda page, path, index: read.append(index) or right(page, path, index),
    )
    with open_in_parts(path) as windows:
        windows.read(15, 16, 2, 17)  # Rows of tiles 0 and 1, columns 1 and 2; 6 tiles in a row.
        assert read == [1, 2, 7, 8]
        windows.read(0, 20, 5, 5)
        assert len(read) == 4
        for top in range(0, 70, 10):  # 2,500 pixels are 9 tiles of 256
            windows.read(top, 0, 1, 90)
        windows.read(15, 16, 2, 17)
        assert read[-4:] == [1, 2, 7, 8]


def test_open_windows_refuses_a_jpeg_tile_larger_than_it_says(tmp_path):
    path = tmp_path / "bomb.tif"
    big = compress(tmp_path / "tile.tif", np.zeros((4096, 4096, 3), np.uint8), "jpeg")
    write_tiles(path, [big] * 9, compression=7)
    with (
        open_in_parts(path) as windows,
        pytest.raises(InputError, match=r"bomb\.tif"),
    ):
        windows.read(0, 0, 2, 2)
