import io
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from config.errors import InputError
from datasets.images import ImageHeader, read_header, read_image, read_labels

ORIENTATION = 0x0112


def noise(height=30, width=40, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("kind", ["PNG", "BMP"])
def test_read_image_returns_the_exact_pixels_of_a_lossless_format(tmp_path, kind):
    pixels = noise()
    image = read_image(save(tmp_path / "picture", pixels, format=kind))
    np.testing.assert_array_equal(image, pixels)
    assert image.flags.c_contiguous


def test_read_image_reads_lossless_webp(tmp_path):
    path = save(tmp_path / "a.webp", noise(), lossless=True)
    np.testing.assert_array_equal(read_image(path), noise())


def test_read_image_tells_the_format_by_content(tmp_path):
    path = save(tmp_path / "really_a_png.jpg", noise(), format="PNG")
    assert read_header(path) == ImageHeader("PNG", 40, 30, 1)
    np.testing.assert_array_equal(read_image(path), noise())


def test_read_image_gives_the_first_frame_of_a_gif(tmp_path):
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert (read_image(tmp_path / "a.gif") == [255, 0, 0]).all()


def test_read_image_repeats_grey(tmp_path):
    grey = noise()[..., 0]
    image = read_image(save(tmp_path / "grey.png", grey))
    np.testing.assert_array_equal(image, np.stack([grey] * 3, axis=-1))


def test_read_image_scales_one_bit_to_0_and_255(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[0, :, 0].tolist() == [255, 0]


def test_read_image_lays_alpha_on_white(tmp_path):
    # Black at alpha 0, 255 and 51: white, black, and 255 * (1 - 51/255) = 204.
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = [0, 255, 51]
    assert read_image(save(tmp_path / "a.png", pixels))[0, :, 1].tolist() == [255, 0, 204]


def test_read_image_lays_a_transparent_palette_entry_on_white(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=0)
    assert read_image(tmp_path / "a.png").tolist() == [[[255, 255, 255], [0, 255, 0]]]


def test_read_image_resolves_a_palette(tmp_path):
    picture = Image.new("P", (1, 1))
    picture.putpalette([10, 20, 30])
    picture.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").tolist() == [[[10, 20, 30]]]


def test_read_image_turns_cmyk_into_rgb(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    red, green, blue = read_image(tmp_path / "a.jpg")[8, 8].tolist()
    assert red > 240 and green < 20 and blue < 20


def test_read_image_stretches_16_bit_grey_png_over_its_own_range(tmp_path):
    # (1200 - 1000) / (2000 - 1000) * 255 = 51.
    pixels = np.array([[1000, 1200, 2000]], np.uint16)
    image = read_image(save(tmp_path / "a.png", pixels))
    np.testing.assert_array_equal(image[0], [[0] * 3, [51] * 3, [255] * 3])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_read_image_turns_upright_as_pillow_does(tmp_path, kind, orientation):
    path = save(tmp_path / "a", noise(), format=kind, exif=exif(orientation), quality=100)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    np.testing.assert_array_equal(read_image(path), expected)
    header = read_header(path)
    assert (header.height, header.width) == expected.shape[:2]
    assert header.orientation == orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_read_image_puts_the_stored_corner_where_exif_says(tmp_path, orientation):
    # The standard: row 0 is the visual top, right, bottom or left; column 0 likewise.
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corner |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    pixels = np.zeros((3, 5), np.uint8)
    pixels[0, 0] = 255
    image = read_image(save(tmp_path / "a.png", pixels, exif=exif(orientation)))
    assert image.shape == ((3, 5, 3) if orientation < 5 else (5, 3, 3))
    assert image[corner[orientation]].tolist() == [255, 255, 255]
    assert image.sum() == 3 * 255


def test_read_header_finds_the_orientation_behind_the_pixels_of_a_png(tmp_path):
    data = save(tmp_path / "a.png", noise()).read_bytes()
    late = png_chunk(b"eXIf", exif(6).tobytes().removeprefix(b"Exif\x00\x00"))
    (tmp_path / "a.png").write_bytes(data[:-12] + late + data[-12:])
    assert read_header(tmp_path / "a.png") == ImageHeader("PNG", 30, 40, 6)
    assert read_image(tmp_path / "a.png").shape == (40, 30, 3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_read_image_takes_damaged_exif_for_upright(tmp_path):
    path = save(tmp_path / "a.jpg", noise(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert read_image(path).shape == (30, 40, 3)


def test_read_image_takes_an_orientation_out_of_range_for_upright(tmp_path):
    path = save(tmp_path / "a.jpg", noise(), exif=exif(9))
    assert read_header(path).orientation == 1


def test_read_image_reads_one_pixel(tmp_path):
    path = save(tmp_path / "a.png", np.array([[[1, 2, 3]]], np.uint8))
    assert read_image(path).tolist() == [[[1, 2, 3]]]


# 800 x 600 decoded at 1/2 is 400 x 300, at 1/4 200 x 150, at 1/8 100 x 75.
@pytest.mark.parametrize(
    "min_size, shape",
    [
        ((300, 400), (300, 400)),
        ((301, 400), (600, 800)),
        ((75, 100), (75, 100)),
        ((76, 100), (150, 200)),
        ((10, 10), (75, 100)),
        ((2000, 10), (600, 800)),
    ],
)
def test_read_image_decodes_a_jpeg_not_below_min_size(tmp_path, min_size, shape):
    path = save(tmp_path / "a.jpg", noise(600, 800))
    assert read_image(path, min_size=min_size).shape[:2] == shape


def test_read_image_takes_min_size_in_the_upright_frame(tmp_path):
    path = save(tmp_path / "a.jpg", noise(600, 800), exif=exif(6))
    assert read_image(path, min_size=(400, 300)).shape == (400, 300, 3)
    assert read_image(path, min_size=(400, 301)).shape == (800, 600, 3)


def test_read_image_ignores_min_size_for_other_formats(tmp_path):
    path = save(tmp_path / "a.png", noise())
    assert read_image(path, min_size=(1, 1)).shape == (30, 40, 3)


@pytest.mark.parametrize("read", [read_header, read_image, read_labels])
def test_too_many_pixels_are_refused(tmp_path, read):
    path = save(tmp_path / "a.png", noise())
    read(path, max_pixels=1200)
    with pytest.raises(InputError, match=r"a\.png.*1199.*40 x 30.*`max_pixels`"):
        read(path, max_pixels=1199)


def test_read_image_refuses_a_bomb_by_its_header(tmp_path):
    # 60,000 x 60,000 pixels in under a kilobyte; decoding it would take 10 GB.
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    data += png_chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + png_chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(data)
    with pytest.raises(InputError, match=r"bomb\.png.*60000 x 60000"):
        read_image(tmp_path / "bomb.png")


def test_max_pixels_above_pillows_own_bound_is_heeded(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", noise())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read_image(path).shape == (30, 40, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_read_image_names_a_truncated_file(tmp_path, kind, share):
    path = save(tmp_path / "half", noise(), format=kind)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match="half.*must be a whole picture"):
        read_image(path)


def test_read_image_names_an_empty_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputError, match=r"empty\.jpg.*is empty"):
        read_image(tmp_path / "empty.jpg")


@pytest.mark.parametrize(
    "data", [b"hello, I am text", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"P6 1 1 255 "]
)
def test_read_image_refuses_other_content(tmp_path, data):
    (tmp_path / "note.png").write_bytes(data)
    with pytest.raises(InputError, match=r"note\.png.*must be a JPEG, PNG"):
        read_image(tmp_path / "note.png")


def test_read_image_names_an_absent_file_and_a_folder(tmp_path):
    for path in (tmp_path / "absent.png", tmp_path):
        with pytest.raises(InputError, match="no such file"):
            read_image(path)


def test_read_image_refuses_a_page_of_a_png(tmp_path):
    with pytest.raises(InputError, match="`page` must be 0 for a PNG"):
        read_image(save(tmp_path / "a.png", noise()), page=1)


def test_read_image_is_the_same_in_threads(tmp_path):
    paths = [save(tmp_path / f"{i}.png", noise(seed=i)) for i in range(8)]
    results = {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: read_image(paths[i])}))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(8):
        np.testing.assert_array_equal(results[i], noise(seed=i))


def test_read_labels_keeps_palette_indices(tmp_path):
    indices = np.array([[0, 1, 2]], np.uint8)
    picture = Image.frombytes("P", (3, 1), indices.tobytes())
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), indices)


@pytest.mark.parametrize("channels", [3, 4])
def test_read_labels_keeps_the_first_channel(tmp_path, channels):
    pixels = noise(channels=channels)
    labels = read_labels(save(tmp_path / "a.png", pixels))
    np.testing.assert_array_equal(labels, pixels[..., 0])


def test_read_labels_keeps_16_bits(tmp_path):
    labels = np.array([[0, 300, 65535]], np.uint16)
    np.testing.assert_array_equal(read_labels(save(tmp_path / "a.png", labels)), labels)


def test_read_labels_gives_0_and_1_for_one_bit(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    labels = read_labels(tmp_path / "a.png")
    assert labels.dtype == np.uint8 and labels.tolist() == [[1, 0]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF"])
def test_hostile_bytes_give_a_picture_or_an_input_error(tmp_path, kind):
    buffer = io.BytesIO()
    Image.fromarray(noise()).save(buffer, kind)
    generator = np.random.default_rng(0)
    for _ in range(40):
        data = np.frombuffer(buffer.getvalue(), np.uint8).copy()
        places = generator.integers(0, len(data), 6)
        data[places] = generator.integers(0, 256, 6)
        (tmp_path / "a").write_bytes(data.tobytes())
        try:
            image = read_image(tmp_path / "a")
        except InputError as error:
            assert str(tmp_path / "a") in str(error)
        else:
            assert image.ndim == 3 and image.dtype == np.uint8
