import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from config.errors import InputError
from datasets.images import ImageHeader, read_header, read_image, read_labels
from datasets.tiff_colours import stretch


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


def write(path, pixels, **options):
    tifffile.imwrite(path, pixels, **options)
    return path


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_read_image_returns_the_exact_pixels(tmp_path, compression, tile):
    pixels = noise(30, 40, 3)
    path = write(tmp_path / "a.tif", pixels, compression=compression, tile=tile, photometric="rgb")
    np.testing.assert_array_equal(read_image(path), pixels)
    assert read_header(path) == ImageHeader("TIFF", 40, 30, 1)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
def test_read_image_reads_pillows_tiffs(tmp_path, compression):
    Image.fromarray(noise(30, 40, 3)).save(tmp_path / "a.tif", compression=compression)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), noise(30, 40, 3))


def test_read_image_reads_a_jpeg_in_a_tiff(tmp_path):
    Image.new("RGB", (32, 16), (200, 100, 50)).save(tmp_path / "a.tif", compression="jpeg")
    image = read_image(tmp_path / "a.tif").astype(int)
    assert image.shape == (16, 32, 3) and abs(image - [200, 100, 50]).max() <= 3


def test_read_image_stretches_16_bits_over_their_own_range(tmp_path):
    # (1200 - 1000) / (2000 - 1000) * 255 = 51.
    path = write(tmp_path / "a.tif", np.array([[1000, 1200, 2000]], np.uint16))
    assert read_image(path)[0].tolist() == [[0] * 3, [51] * 3, [255] * 3]


def test_read_image_stretches_colours_together(tmp_path):
    pixels = np.array([[[0, 100, 200], [400, 500, 1000]]], np.uint16)  # / 1000 * 255
    path = write(tmp_path / "a.tif", pixels, photometric="rgb")
    # 25.5 rounds to the even 26, 127.5 to the even 128.
    assert read_image(path)[0].tolist() == [[0, 26, 51], [102, 128, 255]]


def test_read_image_reads_big_endian_and_bigtiff(tmp_path):
    pixels = noise(6, 5, dtype=np.uint16)
    first = read_image(write(tmp_path / "a.tif", pixels, byteorder=">"))
    second = read_image(write(tmp_path / "b.tif", pixels, bigtiff=True))
    np.testing.assert_array_equal(first, second)


def test_read_image_picks_a_page(tmp_path):
    pages = noise(3, 6, 5)
    path = write(tmp_path / "a.tif", pages, photometric="minisblack")
    for i in range(3):
        np.testing.assert_array_equal(read_image(path, page=i)[..., 0], pages[i])
    with pytest.raises(InputError, match=r"`page` must be a page of .*a\.tif.*Received 3"):
        read_image(path, page=3)


def test_read_image_picks_an_lzw_page(tmp_path):
    frames = [Image.new("L", (5, 4), value) for value in (10, 20)]
    frames[0].save(
        tmp_path / "a.tif", save_all=True, append_images=frames[1:], compression="tiff_lzw"
    )
    assert (read_image(tmp_path / "a.tif", page=1) == 20).all()


def test_read_image_inverts_white_is_zero(tmp_path):
    path = write(tmp_path / "a.tif", np.array([[0, 255]], np.uint8), photometric="miniswhite")
    assert read_image(path)[0, :, 0].tolist() == [255, 0]


def test_read_image_resolves_a_palette_and_read_labels_does_not(tmp_path):
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 7] = [10 * 257, 20 * 257, 30 * 257]
    path = write(
        tmp_path / "a.tif", np.full((2, 3), 7, np.uint8), photometric="palette", colormap=colours
    )
    assert read_image(path)[0, 0].tolist() == [10, 20, 30]
    assert (read_labels(path) == 7).all()


def test_read_image_reads_separate_planes(tmp_path):
    pixels = noise(6, 5, 3)
    path = write(
        tmp_path / "a.tif",
        np.moveaxis(pixels, -1, 0),
        photometric="rgb",
        planarconfig="separate",
    )
    np.testing.assert_array_equal(read_image(path), pixels)


def test_read_image_reads_one_bit(tmp_path):
    Image.fromarray(np.array([[True, False, True]])).save(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif")[0, :, 0].tolist() == [255, 0, 255]
    assert read_labels(tmp_path / "a.tif").tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("kind, expected", [("unassalpha", 204), ("assocalpha", 255)])
def test_read_image_lays_alpha_on_white(tmp_path, kind, expected):
    # Alpha 51 = 0.2: straight 0 * 0.2 + 255 * 0.8 = 204; multiplied already 51 + 204 = 255.
    value = 0 if kind == "unassalpha" else 51
    pixels = np.full((1, 1, 4), value, np.uint8)
    pixels[..., 3] = 51
    path = write(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=[kind])
    assert read_image(path).tolist() == [[[expected] * 3]]


def test_read_image_turns_ink_into_light(tmp_path):
    # Cyan 255, black 51: red 0, green and blue 255 * 204 / 255 = 204.
    path = write(
        tmp_path / "a.tif", np.array([[[255, 0, 0, 51]]], np.uint8), photometric="separated"
    )
    assert read_image(path).tolist() == [[[0, 204, 204]]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_read_image_turns_upright(tmp_path, compression, orientation):
    # One rule whoever decodes: as a PNG of the same orientation.
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(noise(6, 4, 3))
    picture.save(tmp_path / "a.png", exif=exif)
    picture.save(tmp_path / "a.tif", compression=compression, tiffinfo={0x0112: orientation})
    expected = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), expected)
    header = read_header(tmp_path / "a.tif")
    assert (header.height, header.width) == expected.shape[:2]


def test_read_labels_keeps_16_bits(tmp_path):
    labels = noise(6, 5, dtype=np.uint16)
    np.testing.assert_array_equal(read_labels(write(tmp_path / "a.tif", labels)), labels)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_read_image_names_a_truncated_file(tmp_path, compression, share):
    path = write(tmp_path / "half.tif", noise(60, 50), compression=compression)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"half\.tif"):
        read_image(path)


def test_read_image_refuses_too_many_pixels(tmp_path):
    with pytest.raises(InputError, match="40 x 30"):
        read_image(write(tmp_path / "a.tif", noise(30, 40)), max_pixels=1199)


def test_read_image_refuses_other_number_types(tmp_path):
    with pytest.raises(InputError, match="1, 8 or 16 bits. It holds float32"):
        read_image(write(tmp_path / "a.tif", np.zeros((3, 4), np.float32)))


def test_read_image_refuses_a_strip_that_expands_beyond_its_size(tmp_path):
    # A 4 x 4 page whose one deflate strip holds a million bytes.
    strip = zlib.compress(b"\0" * 1_000_000)
    entries = [(256, 4), (257, 4), (258, 8), (259, 8), (262, 1), (273, 8), (278, 4)]
    entries.append((279, len(strip)))
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    start = struct.pack("<2sHI", b"II", 42, 8 + len(strip))
    (tmp_path / "bomb.tif").write_bytes(start + strip + directory + struct.pack("<I", 0))
    with pytest.raises(InputError, match=r"bomb\.tif.*It holds more"):
        read_image(tmp_path / "bomb.tif")


def test_read_image_refuses_a_tile_larger_than_the_bound(tmp_path):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, noise(30, 40), tile=(16, 16))
    data = buffer.getvalue()
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        places = [file.pages[0].tags[name].valueoffset for name in ("TileWidth", "TileLength")]
    changed = bytearray(data)
    for place in places:
        changed[place : place + 2] = struct.pack("<H", 65520)
    (tmp_path / "tile.tif").write_bytes(changed)
    with pytest.raises(InputError, match=r"tile\.tif"):
        read_image(tmp_path / "tile.tif")


def test_stretch_maps_a_flat_picture_to_0():
    assert stretch(np.full((2, 2), 500, np.uint16)).tolist() == [[0, 0], [0, 0]]


def test_stretch_leaves_8_bits_alone():
    pixels = np.array([3, 9], np.uint8)
    assert stretch(pixels) is pixels


def test_stretch_of_other_integers_equals_that_of_uint16():
    pixels = noise(50, dtype=np.uint16)
    np.testing.assert_array_equal(stretch(pixels), stretch(pixels.astype(np.int32)))
