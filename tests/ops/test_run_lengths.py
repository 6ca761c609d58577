import numpy as np
import pytest

from ops.run_lengths import compress_runs, count_runs


def expand(text, size):
    """Read compressed run lengths back, letter by letter, as COCO's `rleFrString` does."""
    lengths, place = [], 0
    while place < len(text):
        number = shift = 0
        while True:
            group = ord(text[place]) - 48
            number |= (group & 31) << shift
            place, shift = place + 1, shift + 5
            if not group & 32:
                break
        if group & 16:
            number -= 1 << shift
        lengths.append(number + (lengths[-2] if len(lengths) > 2 else 0))
    pixels = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return pixels.reshape(size[::-1]).T


def test_count_runs_goes_column_by_column():
    mask = np.array([[1, 0, 0], [1, 1, 0]], bool)  # columns 11, 01, 00
    assert count_runs(mask) == [0, 2, 1, 1, 2]


def test_count_runs_of_empty_full_and_one_pixel():
    assert count_runs(np.zeros((0, 3), bool)) == []
    assert count_runs(np.zeros((2, 3), bool)) == [6]
    assert count_runs(np.ones((2, 3), bool)) == [0, 6]
    assert count_runs(np.ones((1, 1), bool)) == [0, 1]


def test_count_runs_refuses_numbers():
    with pytest.raises(ValueError, match="`mask` must be .H, W. bool. Received int64"):
        count_runs(np.ones((2, 3), np.int64))


@pytest.mark.parametrize(
    ("lengths", "text"),
    [
        ([], ""),
        ([15], "?"),  # 48 + 15
        ([16], "`0"),  # 48 + 16 + 32: its bit 4 would be a sign, so a 0 follows
        ([0, 5, 3, 2], "053M"),  # 2 - 5 = -3 = ...11101: 48 + 29
        ([1024], "PP1"),  # 0 + 32 (more), 0 + 32 (more), 1
    ],
)
def test_compress_runs_by_hand(lengths, text):
    assert compress_runs(lengths) == text


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (7, 300), (300, 200)])
def test_compress_runs_is_read_back(size):
    generator = np.random.default_rng(0)
    noise = generator.normal(size=size)
    for level in (-9, 0, 1.5, 9):
        mask = noise.cumsum(axis=0) > level
        np.testing.assert_array_equal(expand(compress_runs(count_runs(mask)), size), mask)
