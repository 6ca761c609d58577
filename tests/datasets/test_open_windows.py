import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from config.errors import InputError
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


def test_open_windows_cuts_other_formats(tmp_path):
    pixels, path = noise(*SIZE, 3), tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    with open_windows(path, max_pixels=6300) as windows:
        assert (windows.height, windows.width) == SIZE
        np.testing.assert_array_equal(windows.read(60, 7, 10, 83), pixels[60:, 7:])
    with pytest.raises(InputError, match=r"a\.png.*90 x 70; make it smaller"), open_in_parts(path):
        pass


def test_open_windows_turns_small_tiffs_upright_and_refuses_large_ones(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(noise(*SIZE, 3)).save(path, tiffinfo={0x0112: 6}, strip_size=1800)
    with open_windows(path, max_pixels=6300) as windows:
        assert (windows.height, windows.width) == SIZE[::-1]
        np.testing.assert_array_equal(windows.read(9, 8, 7, 6), read_image(path)[9:16, 8:14])
    with pytest.raises(InputError, match=r"upright .* tag is 6; turn it"), open_in_parts(path):
        pass


def test_open_windows_refuses_a_single_strip(tmp_path):
    path = write(tmp_path / "a.tif", noise(*SIZE), rowsperstrip=70)
    with pytest.raises(
        InputError, match=r"a\.tif.*They have 90 x 70; cut it in tiles with `tiffcp"
    ):
        open_in_parts(path).__enter__()


def test_open_windows_refuses_planes_of_libtiff(tmp_path):
    path = write(
        tmp_path / "a.tif",
        noise(3, *SIZE),
        photometric="rgb",
        planarconfig="separate",
        tile=(16, 16),
    )
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        place = file.pages[0].tags["Compression"].valueoffset
    data[place : place + 2] = struct.pack("<H", 5)
    path.write_bytes(data)
    with pytest.raises(InputError, match="samples of a pixel together"), open_in_parts(path):
        pass


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_open_windows_names_a_truncated_tile(tmp_path, compression):
    path = write(tmp_path / "half.tif", noise(*SIZE), tile=(16, 16), compression=compression)
    path.write_bytes(path.read_bytes()[:-700])  # the tags stand first, the last tiles are cut off
    with open_in_parts(path) as windows:
        windows.read(0, 0, 16, 16)
        with pytest.raises(InputError, match=r"half\.tif.*truncated"):
            windows.read(60, 80, 10, 10)


def test_open_windows_names_a_damaged_tile(tmp_path):
    path = write(tmp_path / "bad.tif", noise(*SIZE), tile=(16, 16), compression="zlib")
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[start : start + 20] = b"damaged by someone.."
    path.write_bytes(data)
    with (
        open_in_parts(path) as windows,
        pytest.raises(InputError, match=r"bad\.tif` must be a whole picture"),
    ):
        windows.read(0, 0, 2, 2)


def patch_tag(path, name, value):
    """Overwrite a tag's value, or its first one."""
    with tifffile.TiffFile(path) as file:
        tag = file.pages[0].tags[name]
        kind = "<I" if tag.dtype == tifffile.DATATYPE.LONG else "<H"
        place = tag.valueoffset
    data = bytearray(path.read_bytes())
    data[place : place + struct.calcsize(kind)] = struct.pack(kind, value)
    path.write_bytes(data)


def test_open_windows_refuses_a_tile_that_holds_more_than_it_says(tmp_path):
    bomb = zlib.compress(bytes(1_000_000))
    path = write(tmp_path / "bomb.tif", noise(*SIZE), tile=(16, 16), compression="zlib")
    start = path.stat().st_size
    path.write_bytes(path.read_bytes() + bomb)
    for name, value in (("TileOffsets", start), ("TileByteCounts", len(bomb))):
        patch_tag(path, name, value)
    with (
        open_in_parts(path) as windows,
        pytest.raises(InputError, match=r"bomb\.tif.*It holds more"),
    ):
        windows.read(0, 0, 2, 2)


def test_open_windows_refuses_sizes_without_tiles(tmp_path):
    path = write(tmp_path / "a.tif", noise(*SIZE), tile=(16, 16))
    patch_tag(path, "ImageWidth", 50_000)
    with pytest.raises(InputError, match="lacks strips or tiles"), open_in_parts(path):
        pass


def test_open_windows_bounds_the_sides(tmp_path):
    path = write(tmp_path / "a.tif", noise(1, 2_000_000), tile=(16, 4096))
    with pytest.raises(InputError, match=r"sides of at most 1000000 pixels. It says 2000000 x 1"):
        open_windows(path, max_pixels=100_000).__enter__()


def test_open_windows_bounds_tiles_and_windows(tmp_path):
    path = write(tmp_path / "a.tif", noise(*SIZE), tile=(64, 64))
    with pytest.raises(InputError, match="at most 2500 pixels .* They have 64 x 64"):
        open_in_parts(path).__enter__()
    with open_windows(path, max_pixels=4200) as windows:
        with pytest.raises(InputError, match=r"a\.tif.* at most 4200 pixels .*Received 90 x 70"):
            windows.read(0, 0, 70, 90)


@pytest.mark.parametrize("window", [(-1, 0, 5, 5), (0, 0, 0, 5), (66, 0, 5, 5), (0, 86, 5, 5)])
def test_open_windows_refuses_windows_outside(tmp_path, window):
    path = write(tmp_path / "a.tif", noise(*SIZE), tile=(16, 16))
    with open_in_parts(path) as windows:
        with pytest.raises(ValueError, match="inside the picture of 70 x 90 pixels"):
            windows.read(*window)


def test_open_windows_leaves_the_blocks_own_errors_alone(tmp_path):
    path = write(tmp_path / "a.tif", noise(*SIZE), tile=(16, 16))
    with pytest.raises(KeyError, match="mine"), open_in_parts(path):
        raise KeyError("mine")


def test_open_windows_takes_a_page(tmp_path):
    pages = noise(2, *SIZE)
    path = write(tmp_path / "a.tif", pages, photometric="minisblack", tile=(16, 16))
    with open_windows(path, max_pixels=BOUND, page=1) as windows:
        np.testing.assert_array_equal(windows.read(5, 6, 7, 8)[..., 0], pages[1, 5:12, 6:14])
    with pytest.raises(InputError, match="Received 2"), open_windows(path, page=2):
        pass


@pytest.mark.parametrize("name", ["absent.tif", "text.tif"])
def test_open_windows_names_what_is_no_picture(tmp_path, name):
    (tmp_path / "text.tif").write_text("II")
    with pytest.raises(InputError, match=name), open_windows(tmp_path / name):
        pass
