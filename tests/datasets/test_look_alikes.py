"""Pictures that are the same or look alike belong to one group."""

import numpy as np
import pytest
from PIL import Image

from datasets.look_alikes import group_look_alikes, group_pictures


def save(path, seed, *, size=(64, 48), quality=90):
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path, quality=quality)
    return path


def test_group_pictures_finds_what_was_resized_or_saved_again(tmp_path):
    paths = [save(tmp_path / "a.jpg", 1), save(tmp_path / "b.jpg", 2)]
    paths.append(save(tmp_path / "c.jpg", 1, size=(128, 96), quality=70))
    assert group_pictures(paths).tolist() == [0, 1, 0]


def test_group_pictures_sees_that_a_file_has_changed(tmp_path):
    paths = [save(tmp_path / "a.png", 1), save(tmp_path / "b.png", 1)]
    assert group_pictures(paths).tolist() == [0, 0]
    save(tmp_path / "b.png", 2, size=(80, 60))
    assert group_pictures(paths).tolist() == [0, 1]


def test_group_pictures_of_plain_ones_are_equal_files_only(tmp_path):
    for name, value in (("a.png", 0), ("b.png", 9), ("c.png", 0)):
        Image.new("RGB", (4, 5), (value,) * 3).save(tmp_path / name)
    paths = sorted(tmp_path.iterdir())
    assert group_pictures(paths).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("fingerprints", "expected"),
    [
        ([0b1111, 0b11111111], [0, 0]),  # 4 bits differ
        ([0b1111, 0b111111111], [0, 1]),  # 5 bits differ
        ([0b1111, 0xFFF, 0xFF], [0, 0, 0]),  # 8 bits, but linked by the third
        ([None, None], [0, 1]),
        ([2**64 - 1, 2**64 - 1], [0, 0]),
        ([], []),
    ],
)
def test_group_look_alikes_by_bits(fingerprints, expected):
    keys = range(len(fingerprints))
    assert group_look_alikes(list(keys), fingerprints).tolist() == expected


def test_group_look_alikes_links_by_keys_too():
    assert group_look_alikes(["a", "b", "b"], [1 << 20, 1 << 20, 0xFFFF]).tolist() == [0, 0, 0]


def test_group_look_alikes_of_many_equal_ones_stays_small():
    assert len(set(group_look_alikes(range(20_000), [7] * 20_000).tolist())) == 1
