import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.image_source import ImageSource


@pytest.fixture
def paths(tmp_path):
    generator = np.random.default_rng(0)
    made = []
    for name, size in (("a.png", (9, 12)), ("b.png", (20, 16))):
        pixels = generator.integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
        made.append(tmp_path / name)
    return made


@pytest.fixture(params=[2 * 6 * 8 * 3, 2 * 6 * 8 * 3 - 1], ids=["fits", "too large"])
def auto_bytes(request, monkeypatch):
    monkeypatch.setattr("datasets.pixel_cache.AUTO_BYTES", request.param)
    return request.param


def load_all(source):
    return np.stack([source.load(tf.constant(i, tf.int64)) for i in range(len(source.paths))])


def test_load_is_the_rounded_bilinear_resize(paths):
    loaded = load_all(ImageSource(paths, (6, 8), max_pixels=1000))
    pixels = np.asarray(Image.open(paths[0]))
    expected = np.round(tf.image.resize(pixels, (6, 8)).numpy()) / 255
    np.testing.assert_allclose(loaded[0], expected, atol=1e-6)


@pytest.mark.parametrize("cache", ["auto", "memory", "disk"])
def test_a_cache_changes_no_value(paths, tmp_path, cache):
    plain = load_all(ImageSource(paths, (6, 8), max_pixels=1000, cache="none"))
    source = ImageSource(paths, (6, 8), max_pixels=1000, cache=cache, cache_dir=tmp_path / "c")
    first, second = load_all(source), load_all(source)
    np.testing.assert_array_equal(first, plain)
    np.testing.assert_array_equal(second, plain)


def test_the_memory_cache_reads_a_file_once(paths):
    source = ImageSource(paths, (6, 8), max_pixels=1000, cache="memory")
    first = load_all(source)
    for path in paths:
        path.unlink()
    np.testing.assert_array_equal(load_all(source), first)


def test_the_auto_cache_keeps_what_fits(paths, auto_bytes):
    source = ImageSource(paths, (6, 8), max_pixels=1000, cache="auto")
    assert (source._cache is not None) == (auto_bytes == 2 * 6 * 8 * 3)  # two pictures


def test_the_disk_cache_outlives_the_process_that_filled_it(paths, tmp_path):
    options = {"max_pixels": 1000, "cache": "disk", "cache_dir": tmp_path / "c"}
    first = load_all(ImageSource(paths, (6, 8), **options))
    again = ImageSource(paths, (6, 8), **options)
    assert again._cache._filled.all()
    np.testing.assert_array_equal(load_all(again), first)


def test_the_disk_cache_notices_a_changed_file(paths, tmp_path):
    options = {"max_pixels": 1000, "cache": "disk", "cache_dir": tmp_path / "c"}
    load_all(ImageSource(paths, (6, 8), **options))
    Image.new("RGB", (12, 9), (255, 0, 0)).save(paths[0])
    changed = load_all(ImageSource(paths, (6, 8), **options))
    np.testing.assert_allclose(changed[0], np.broadcast_to([1.0, 0.0, 0.0], (6, 8, 3)))


def test_number_finds_a_path(paths):
    source = ImageSource(paths, (6, 8), max_pixels=1000)
    assert [source.number(path) for path in paths] == [0, 1]


def test_unknown_cache_is_refused(paths):
    with pytest.raises(InputError, match="`cache` must be one of auto, none, memory, disk"):
        ImageSource(paths, (6, 8), max_pixels=1000, cache="tape")


def test_a_disk_cache_needs_a_folder(paths):
    with pytest.raises(InputError, match="`cache_dir` must name a folder"):
        ImageSource(paths, (6, 8), max_pixels=1000, cache="disk")


def test_a_bad_picture_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    source = ImageSource([tmp_path / "broken.png"], (6, 8), max_pixels=1000, cache="none")
    with pytest.raises(tf.errors.OpError, match="InputError: .*broken.png"):
        next(iter(tf.data.Dataset.range(1).map(source.load)))
