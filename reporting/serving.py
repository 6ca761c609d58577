"""Decodes picture files inside a TensorFlow graph, for a model that is served bytes."""

from __future__ import annotations

import tensorflow as tf

_JPEG_START = b"\xff\xd8\xff"
# The signature, then the length and name of the first chunk: IHDR, 13 bytes.
_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def decode_image(content: tf.Tensor, max_pixels: int) -> tf.Tensor:
    """Decode one JPEG or PNG file in graph, its size checked first.

    The size is read from the header, so that a small file cannot ask for all memory. EXIF
    orientation is not applied; alpha is dropped; 16-bit PNGs keep their high bytes.

    Args:
        content: string scalar, the file's bytes.
        max_pixels: most pixels allowed.

    Returns:
        (H, W, 3) uint8 RGB image.

    Raises:
        tf.errors.InvalidArgumentError: neither JPEG nor PNG, more than `max_pixels`, or damaged.

    Example:
        >>> content = tf.io.encode_png(tf.zeros((4, 5, 3), tf.uint8))
        >>> tuple(decode_image(content, max_pixels=20).shape)
        (4, 5, 3)
    """
    is_jpeg = _starts_with(content, _JPEG_START)
    is_png = _starts_with(content, _PNG_START)
    known = tf.debugging.Assert(
        is_jpeg | is_png, ["`images` must hold JPEG or PNG files. Received another format."]
    )
    with tf.control_dependencies(_operations(known)):
        num_pixels = tf.cond(is_jpeg, lambda: _jpeg_pixels(content), lambda: _png_pixels(content))
    allowed = tf.debugging.Assert(
        num_pixels <= max_pixels,
        [f"A picture must have at most {max_pixels} pixels. Received:", num_pixels],
    )
    with tf.control_dependencies(_operations(allowed)):
        return tf.cond(is_jpeg, lambda: _decode_jpeg(content), lambda: _decode_png(content))


def _starts_with(content, start):
    return tf.equal(tf.strings.substr(content, 0, len(start)), start)


def _jpeg_pixels(content):
    shape = tf.image.extract_jpeg_shape(content, output_type=tf.int32)
    return tf.cast(shape[0], tf.int64) * tf.cast(shape[1], tf.int64)


def _png_pixels(content):
    # Width and height follow the chunk's name, big-endian; a cut file is padded with zeros.
    header = tf.strings.join(
        [tf.strings.substr(content, len(_PNG_START), 8), tf.constant(bytes(8))]
    )
    size = tf.cast(tf.io.decode_raw(tf.strings.substr(header, 0, 8), tf.uint8), tf.int64)
    sides = tf.reduce_sum(tf.reshape(size, (2, 4)) * [[1 << 24, 1 << 16, 1 << 8, 1]], axis=1)
    # A side above 2^31 - 1 is invalid; the bound keeps the product from wrapping round.
    return tf.reduce_prod(tf.minimum(sides, 2**31 - 1))


def _decode_jpeg(content):
    return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_png(content):
    return tf.io.decode_png(content, channels=3)


def _operations(assertion):
    return [] if assertion is None else [assertion]
