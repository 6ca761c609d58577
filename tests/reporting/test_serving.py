import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from reporting.serving import decode_image


def encode(image, format, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


def draw(height=13, width=17, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.fixture(scope="module")
def decode():
    return tf.function(
        lambda content, limit: decode_image(content, limit),
        input_signature=[tf.TensorSpec((), tf.string), tf.TensorSpec((), tf.int64)],
    )


def test_decode_image_gives_a_png_exactly(decode):
    image = draw()
    np.testing.assert_array_equal(decode(encode(image, "PNG"), 1000), image)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_decode_image_reads_jpeg_as_pillow_does(decode, options):
    content = encode(draw(40, 52), "JPEG", **options)
    np.testing.assert_allclose(
        decode(content, 10**6), np.asarray(Image.open(io.BytesIO(content))), atol=2
    )


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_decode_image_repeats_grey(decode, format):
    decoded = decode(encode(draw(channels=1), format), 1000).numpy()
    assert decoded.shape == (13, 17, 3)
    assert (decoded == decoded[..., :1]).all()


def test_decode_image_drops_alpha(decode):
    image = draw(channels=4)
    np.testing.assert_array_equal(decode(encode(image, "PNG"), 1000), image[..., :3])


def test_decode_image_does_not_apply_exif(decode):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert decode(encode(draw(13, 17), "JPEG", exif=exif), 1000).shape == (13, 17, 3)


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_decode_image_counts_pixels_before_it_decodes(decode, format):
    content = encode(draw(13, 17), format)
    assert decode(content, 13 * 17).shape[0] == 13
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have at most"):
        decode(content, 13 * 17 - 1)


def test_decode_image_refuses_a_bomb_by_its_header(decode):
    # Both sides 2^32 - 1: a product in 32 bits, or one that wraps round, would look small.
    content = bytearray(encode(draw(), "PNG"))
    content[16:24] = struct.pack(">II", 2**32 - 1, 2**32 - 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have at most"):
        decode(bytes(content), 10**8)


@pytest.mark.parametrize("content", [b"", b"\xff", b"GIF89a" + bytes(30), b"BM" + bytes(60)])
def test_decode_image_names_the_formats_it_takes(decode, content):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must hold JPEG or PNG"):
        decode(content, 1000)


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [4, 16, 20, 40])
def test_decode_image_refuses_a_cut_file(decode, format, kept):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode(encode(draw(), format)[:kept], 1000)
