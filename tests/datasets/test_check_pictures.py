import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.check_pictures import describe_pictures, find_fingerprint, find_picture_flaws


def draw(seed=0, size=(64, 72)):
    """Draw smooth noise (H, W, 3)."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 9), np.uint8)
    image = Image.fromarray(noise).resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image.convert("RGB"))


def kinds(path):
    return [finding.kind for finding in find_picture_flaws(describe_pictures([path]))]


def test_find_fingerprint_compares_neighbours_in_a_row():
    # 8 x 9 values that rise in even rows and fall in odd ones: rows of eight 1 and of eight 0.
    rising = np.arange(9) * 20
    values = np.where(np.arange(8)[:, None] % 2 == 0, rising, rising[::-1]).astype(np.uint8)
    image = np.repeat(values[..., None], 3, axis=2)
    assert find_fingerprint(image) == 0xFF00FF00FF00FF00


def test_find_fingerprint_stays_when_a_picture_is_resized():
    small = np.asarray(Image.fromarray(draw()).resize((40, 31)))
    differing = find_fingerprint(draw()) ^ find_fingerprint(small)
    assert differing.bit_count() <= 4
    assert (find_fingerprint(draw(0)) ^ find_fingerprint(draw(1))).bit_count() > 10


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (6, 8)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_find_fingerprint_of_a_plain_picture_says_nothing(size, level):
    assert find_fingerprint(np.full((*size, 3), level, np.uint8)) is None


def test_describe_pictures_tells_what_is_needed(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (8, 6)).save(tmp_path / "a.jpg", exif=exif)
    (fact,) = describe_pictures([tmp_path / "a.jpg"]).values()
    assert (fact.problem, fact.size, fact.orientation) == ("", (8, 6), 6) and fact.mode.grey
    assert fact.digest == hashlib.sha256((tmp_path / "a.jpg").read_bytes()).hexdigest()


def test_find_picture_flaws_tells_missing_and_damaged_files(tmp_path):
    path = tmp_path / "a.jpg"
    assert kinds(path) == ["missing"]
    Image.fromarray(draw()).save(path)
    assert kinds(path) == []
    path.write_bytes(path.read_bytes()[:-200])
    assert kinds(path) == ["corrupt"]
    assert kinds(tmp_path) == ["corrupt"]  # a folder


def test_find_picture_flaws_refuses_large_pictures(tmp_path):
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    (finding,) = find_picture_flaws(describe_pictures([tmp_path / "a.png"], max_pixels=47))
    assert finding.kind == "corrupt" and "must have 1 to 47 pixels" in finding.text


@pytest.mark.parametrize(
    ("mode", "size", "expected"),
    [
        ("L", (8, 6), ["grey"]),
        ("RGBA", (8, 6), ["alpha"]),
        ("I;16", (8, 6), ["grey", "deep"]),
        ("RGB", (1, 1), ["thin"]),
        ("RGB", (8, 1), ["thin"]),
    ],
)
def test_find_picture_flaws_notes_unusual_pictures(tmp_path, mode, size, expected):
    Image.new(mode, size).save(tmp_path / "a.png")
    assert kinds(tmp_path / "a.png") == expected


def test_describe_pictures_of_many_keeps_their_order(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(9)]
    for i, path in enumerate(paths):
        Image.new("RGB", (i + 1, 2)).save(path)
    facts = describe_pictures(paths[::-1], workers=3)
    assert [fact.size[1] for fact in facts.values()] == list(range(9, 0, -1))
    assert all(isinstance(path, Path) for path in facts)
