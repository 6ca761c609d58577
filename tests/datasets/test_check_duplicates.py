import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from datasets.check_duplicates import find_duplicates
from datasets.check_pictures import PictureFacts


def find(*pictures):
    """Find duplicates among (digest, fingerprint, split)."""
    paths = [Path(f"{i}.png") for i in range(len(pictures))]
    facts, splits = {}, {}
    for path, (digest, fingerprint, split) in zip(paths, pictures, strict=True):
        facts[path] = PictureFacts("", digest=digest, fingerprint=fingerprint)
        splits[path] = {split}
    found = find_duplicates(facts, splits)
    return [(each.kind, "".join(image.stem for image in each.images)) for each in found]


def test_find_duplicates_allows_four_bits():
    assert find(("a", 0b0, None), ("b", 0b1111, None)) == [("similar", "01")]
    assert find(("a", 0b0, None), ("b", 0b11111, None)) == []
    assert find(("a", 0, None), ("b", 1 << 63, None)) == [("similar", "01")]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (("a", 0, "train"), ("a", 0, "test"), "leak"),
        (("a", 0, "train"), ("b", 1, "val"), "leak"),
        (("a", 0, "train"), ("a", 0, "train"), "duplicate"),
        (("a", 0, None), ("a", 0, None), "duplicate"),
        (("a", None, None), ("a", None, None), "duplicate"),
        (("a", 0, "test"), ("b", 1, "test"), "alike"),
        (("a", 0, None), ("b", 1, "test"), "similar"),
    ],
)
def test_find_duplicates_tells_the_kind_by_the_splits(first, second, kind):
    assert find(first, second) == [(kind, "01")]


def test_find_duplicates_joins_chains():
    chain = [(str(i), (1 << 4 * i) - 1, None) for i in range(4)]  # 0, 4, 8 and 12 bits
    assert find(*chain, ("x", (1 << 64) - 1, None)) == [("similar", "0123")]


def test_find_duplicates_does_not_compare_plain_or_damaged_pictures():
    assert find(("a", None, None), ("b", None, None)) == []
    paths = [Path("a"), Path("b")]
    assert (
        find_duplicates({p: PictureFacts("bad") for p in paths}, {p: {None} for p in paths}) == []
    )
    assert find_duplicates({}, {}) == []


def test_find_duplicates_equals_a_plain_double_loop(monkeypatch):
    monkeypatch.setattr("datasets.look_alikes._BLOCK", 40)  # several blocks
    generator = np.random.default_rng(0)
    hashes = [int(h) for h in generator.integers(0, 1 << 62, 20)]
    for i in range(0, 20, 5):
        hashes.append(hashes[i] ^ 0b10010010001)
    pairs = [
        f"{i}{j}"
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (hashes[i] ^ hashes[j]).bit_count() <= 4
    ]
    assert len(pairs) == 4
    found = find(*((str(i), h, None) for i, h in enumerate(hashes)))
    assert found == [("similar", pair) for pair in pairs]


def test_find_duplicates_pairs_equal_fingerprints_with_one_of_them_alone():
    tracemalloc.start()
    ((kind, names),) = find(*((str(i), 5 << 4, None) for i in range(5000)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert kind == "similar" and names == "".join(map(str, range(5000)))
    assert most < 50e6  # all 12.5 million pairs of two numbers would be 200 MB and more
