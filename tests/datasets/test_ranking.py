import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from datasets.ranking import join_lists, lists_from_counts
from datasets.records import CountRecord, PointRecord, RankedRecord


def records_of(counts):
    return [CountRecord(Path(f"{i:04d}.jpg"), count) for i, count in enumerate(counts)]


def brute_force(records, length):
    """All strictly decreasing lists, by trying every one."""
    return {
        tuple(record.image for record in chosen)
        for chosen in itertools.permutations(records, length)
        if all(a.count > b.count for a, b in itertools.pairwise(chosen))
    }


@pytest.mark.parametrize("length", [2, 3, 4])
def test_lists_from_counts_equals_brute_force(length):
    records = records_of([3, 1, 4, 1, 5, 9, 2, 3])
    lists = lists_from_counts(records, length, max_lists=10_000, seed=0)
    images = [ranked.images for ranked in lists]
    assert len(set(images)) == len(images)
    assert set(images) == brute_force(records, length)


def test_pairs_leaves_ties_out():
    # 4 pictures give 6 pairs; one of them is a tie.
    records = records_of([7, 7, 1, 0])
    pairs = lists_from_counts(records, 2, max_lists=100, seed=0)
    counts = {record.image: record.count for record in records}
    assert len(pairs) == 5
    assert all(counts[fuller] > counts[emptier] for fuller, emptier in (p.images for p in pairs))
    assert {pair.kind for pair in pairs} == {"counts"}


def test_pairs_samples_distinct_pairs_by_seed():
    records = records_of(range(30))  # 435 pairs
    first = lists_from_counts(records, 2, max_lists=50, seed=1)
    assert len(set(first)) == 50
    assert first == lists_from_counts(records, 2, max_lists=50, seed=1)
    assert first != lists_from_counts(records, 2, max_lists=50, seed=2)


def test_pairs_does_not_depend_on_the_order_of_the_records():
    records = records_of([5, 3, 8, 1, 9, 3])
    first = lists_from_counts(records, 2, max_lists=6, seed=0)
    assert first == lists_from_counts(records[::-1], 2, max_lists=6, seed=0)


def test_lists_from_counts_draws_every_list_alike():
    # Counts 3, 2, 1, 1: lists of 3 are (3, 2, 1) twice; pairs are 5. Each pair is drawn by about
    # a fifth of 2000 seeds: 400, with a standard deviation of sqrt(2000 * .2 * .8) = 17.9.
    records = records_of([3, 2, 1, 1])
    drawn = Counter(
        lists_from_counts(records, 2, max_lists=1, seed=seed)[0].images for seed in range(2000)
    )
    assert len(drawn) == 5
    assert all(abs(number - 400) < 90 for number in drawn.values())


def test_lists_from_counts_draws_from_more_lists_than_can_be_numbered_by_an_index():
    # 200 choose 20 is 1.6e27, beyond 2 ** 63.
    lists = lists_from_counts(records_of(range(200)), 20, max_lists=30, seed=0)
    assert len(set(lists)) == 30
    for ranked in lists:  # the file's number is its count
        counts = [int(path.stem) for path in ranked.images]
        assert counts == sorted(set(counts), reverse=True) and len(counts) == 20


def test_lists_from_counts_takes_points():
    records = [PointRecord(Path("a"), np.zeros((0, 2))), PointRecord(Path("b"), np.zeros((3, 2)))]
    (pair,) = lists_from_counts(records, 2, max_lists=9, seed=0)
    assert pair.images == (Path("b"), Path("a"))


@pytest.mark.parametrize("counts", [[], [4], [4, 4, 4]])
def test_pairs_needs_two_counts(counts):
    with pytest.raises(InputError, match="must have 2 different counts"):
        lists_from_counts(records_of(counts), 2, max_lists=9, seed=0)


def test_lists_from_counts_needs_as_many_counts_as_pictures():
    with pytest.raises(InputError, match="lists of 3 pictures must have 3.*4 pictures have 2"):
        lists_from_counts(records_of([1, 1, 2, 2]), 3, max_lists=9, seed=0)


@pytest.mark.parametrize("length, limit", [(1, 9), (2, 0)])
def test_lists_from_counts_checks_its_arguments(length, limit):
    with pytest.raises(InputError, match="`list_length` must be at least 2"):
        lists_from_counts(records_of([1, 2]), length, max_lists=limit, seed=0)


def chain(names, kind=""):
    return RankedRecord(tuple(Path(name) for name in names), kind)


def joined(records, length, *, max_lists=1000, seed=0):
    lists = join_lists(records, length, max_lists=max_lists, seed=seed)
    return ["".join(path.name for path in each.images) for each in lists]


def test_join_lists_makes_triplets_of_added_source_and_removed():
    pairs = [chain("AS", "added"), chain("SR", "removed"), chain("ST", "removed"), chain("XY")]
    lists = join_lists(pairs, 3, max_lists=9, seed=0)
    assert lists == [chain("ASR", "added+removed"), chain("AST", "added+removed")]


def test_join_lists_keeps_the_source_that_all_pairs_have():
    pairs = [RankedRecord((Path(a), Path(b)), "", source) for a, b, source in ("ABx", "BCx", "BDy")]
    lists = join_lists(pairs, 3, max_lists=9, seed=0)
    assert [each.source for each in lists] == ["x", ""]


def test_join_lists_equals_brute_force():
    generator = np.random.default_rng(0)
    edges = {tuple(generator.choice(list("abcdefgh"), 2, replace=False)) for _ in range(20)}
    expected = sorted(
        "".join(names)
        for names in itertools.permutations("abcdefgh", 4)
        if all(pair in edges for pair in itertools.pairwise(names))
    )
    assert joined([chain(pair) for pair in edges], 4) == expected


def test_join_lists_joins_chains_and_keeps_pairs_of_two():
    assert joined([chain("abc"), chain("cd")], 4) == ["abcd"]
    assert joined([chain("ab"), chain("ab"), chain("bc")], 2) == ["ab", "bc"]


def test_join_lists_leaves_out_what_comes_back_to_a_picture():
    assert joined([chain("ab"), chain("ba"), chain("bc")], 3) == ["abc"]


def test_join_lists_draws_distinct_lists_by_seed():
    pairs = [chain([f"{i}", f"{j}"]) for i in range(8) for j in range(i + 1, 8)]
    drawn = joined(pairs, 3, max_lists=20, seed=1)
    assert len(set(drawn)) == 20  # of 8 choose 3 = 56
    assert drawn == joined(pairs[::-1], 3, max_lists=20, seed=1)
    assert drawn != joined(pairs, 3, max_lists=20, seed=2)


@pytest.mark.parametrize("records", [[], [chain("ab"), chain("cd")], [chain("ab"), chain("ba")]])
def test_join_lists_needs_pairs_that_share_a_picture(records):
    with pytest.raises(InputError, match="`join_pairs` must find pairs .* to join 3 in a row"):
        join_lists(records, 3, max_lists=9, seed=0)


def test_join_lists_checks_its_arguments():
    with pytest.raises(InputError, match="`list_length` must be at least 2"):
        join_lists([chain("ab")], 1, max_lists=9, seed=0)
