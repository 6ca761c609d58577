import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.scaled_images import ScaledImages, resize_image, resize_mask, scaled_size


@pytest.fixture
def paths(tmp_path):
    generator = np.random.default_rng(0)
    for name, size in (("a.png", (9, 12)), ("b.png", (20, 16))):
        pixels = generator.integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    return [tmp_path / "a.png", tmp_path / "b.png"]


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.5])
def test_read_resizes_as_tensorflow_does(paths, scale):
    images = ScaledImages(paths, scale=scale, max_pixels=1000)
    for number, path in enumerate(paths):
        pixels = np.asarray(Image.open(path))
        expected = tf.image.resize(pixels, images.sizes[number], antialias=scale < 1)
        np.testing.assert_allclose(images.read(number), expected, atol=1.01)


@pytest.mark.parametrize("cache", ["auto", "memory", "disk"])
def test_read_is_the_same_with_a_cache(paths, tmp_path, cache):
    plain = ScaledImages(paths, scale=0.7, max_pixels=1000)
    cached = ScaledImages(
        paths, scale=0.7, max_pixels=1000, cache=cache, cache_dir=tmp_path / "cache"
    )
    for number in (0, 1, 0, 1):
        np.testing.assert_array_equal(cached.read(number), plain.read(number))


def test_read_with_a_cache_opens_a_file_once(paths):
    images = ScaledImages(paths, max_pixels=1000, cache="memory")
    first = images.read(1)
    paths[1].unlink()
    np.testing.assert_array_equal(images.read(1), first)


def test_scaled_images_name_a_picture_that_is_too_large(paths):
    with pytest.raises(InputError, match="a.png"):
        ScaledImages(paths, max_pixels=20)


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [((1, 1), 0.1, (1, 1)), ((5, 7), 1.5, (8, 10)), ((3, 3), 1, (3, 3))],
)
def test_scaled_size_rounds_and_keeps_a_pixel(size, scale, expected):
    assert scaled_size(size, scale) == expected  # 7.5 and 10.5 round to even


def test_resize_image_of_the_same_size_is_the_image():
    image = np.zeros((3, 4, 3), np.uint8)
    assert resize_image(image, (3, 4)) is image


def test_resize_mask_takes_the_value_under_the_centre():
    mask = np.array([[True, False, False, True]])
    assert resize_mask(mask, (1, 2)).tolist() == [[False, True]]  # centres at columns 1 and 3
    assert resize_mask(mask, (2, 8))[1].tolist() == [True] * 2 + [False] * 4 + [True] * 2


def test_read_gives_one_size_to_all(paths):
    images = ScaledImages(paths, size=(8, 6), max_pixels=1000)
    assert images.sizes == [(8, 6)] * 2 and images.file_sizes == [(9, 12), (20, 16)]
    expected = tf.image.resize(np.asarray(Image.open(paths[1])), (8, 6), antialias=True)
    np.testing.assert_allclose(images.read(1), expected, atol=1.01)


def test_scaled_images_of_one_longer_side_keep_their_shape(tmp_path):
    paths = []
    for i, size in enumerate([(40, 20), (10, 30), (1, 1)]):  # width, height
        paths.append(tmp_path / f"{i}.png")
        Image.new("RGB", size).save(paths[-1])
    images = ScaledImages(paths, longer_side=15, max_pixels=1000, cache="memory")
    # 40 x 20: .375 of it, 7.5 to even; 10 x 30: half; one pixel is enlarged
    assert images.sizes == [(8, 15), (15, 5), (15, 15)]
    for _ in range(2):
        assert [images.read(i).shape[:2] for i in range(3)] == images.sizes
