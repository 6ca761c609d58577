import numpy as np
import pytest

from config.errors import InputError
from datasets.pixel_cache import describe_files, open_cache

SIZES = [(1, 2), (4, 3), (1, 1)]  # 6 + 36 + 3 bytes


def picture(number):
    generator = np.random.default_rng(number)
    return generator.integers(0, 256, (*SIZES[number], 3), np.uint8)


@pytest.mark.parametrize("mode", ["auto", "memory", "disk"])
def test_open_cache_keeps_pictures_of_any_sizes_apart(tmp_path, mode):
    cache = open_cache(mode, tmp_path, sizes=SIZES, key="")
    for number in (2, 0):
        cache.put(number, picture(number))
    assert cache.get(1) is None
    for number in (2, 0):
        np.testing.assert_array_equal(cache.get(number), picture(number))


def test_open_cache_auto_keeps_what_fits(monkeypatch):
    monkeypatch.setattr("datasets.pixel_cache.AUTO_BYTES", 45)
    assert open_cache("auto", None, sizes=SIZES, key="") is not None
    monkeypatch.setattr("datasets.pixel_cache.AUTO_BYTES", 44)
    assert open_cache("auto", None, sizes=SIZES, key="") is None


def test_open_cache_on_disk_depends_on_the_key(tmp_path):
    open_cache("disk", tmp_path, sizes=SIZES, key="a").put(0, picture(0))
    assert open_cache("disk", tmp_path, sizes=SIZES, key="b").get(0) is None
    np.testing.assert_array_equal(
        open_cache("disk", tmp_path, sizes=SIZES, key="a").get(0), picture(0)
    )


def test_open_cache_without_pictures():
    assert open_cache("memory", None, sizes=[], key="").sizes == []


def test_open_cache_names_an_unknown_mode_and_a_missing_folder():
    with pytest.raises(InputError, match="`cache` must be one of auto, .* Received tape"):
        open_cache("tape", None, sizes=SIZES, key="")
    with pytest.raises(InputError, match="`cache_dir` must name a folder"):
        open_cache("disk", None, sizes=SIZES, key="")


def test_describe_files_tells_of_a_change(tmp_path):
    path = tmp_path / "a.png"
    absent = describe_files([path])
    path.write_bytes(b"1")
    assert describe_files([path]) != absent
