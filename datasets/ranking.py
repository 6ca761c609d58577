"""Forms ranked lists: from counts, of which only the order is kept, or from shorter lists."""

from __future__ import annotations

import bisect
import itertools
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from datasets.records import CountRecord, PointRecord, RankedRecord


def lists_from_counts(
    records: Sequence[CountRecord | PointRecord],
    list_length: int,
    *,
    max_lists: int,
    seed: int,
) -> list[RankedRecord]:
    """Form lists of pictures whose counts decrease strictly.

    All such lists when there are at most `max_lists`, else that many distinct ones, each list as
    likely as any other. The lists are numbered, not built, before some are drawn: with pictures
    grouped by count, largest first, the number of lists of length l that begin in group g or later
    is N(l, g) = N(l, g + 1) + size(g) N(l - 1, g + 1).

    Args:
        records: pictures with counts.
        list_length: pictures a list, 2 or more.
        max_lists: most lists formed.
        seed: picks the lists when there are more.

    Returns:
        Lists of kind "counts", the fullest pictures first; the order of `records` has no influence.

    Raises:
        InputError: fewer different counts than `list_length`, or an argument out of bounds.

    Example:
        >>> records = [CountRecord(Path(f"{n}.jpg"), n) for n in (5, 9, 5, 2)]
        >>> lists = lists_from_counts(records, 3, max_lists=10, seed=0)
        >>> [[path.stem for path in ranked.images] for ranked in lists]
        [['9', '5', '2'], ['9', '5', '2']]
    """
    _check_sizes(list_length, max_lists)
    groups = _group(records)
    starts = _number_lists([len(group) for group in groups], list_length)
    total = starts[-1][-1]
    if total == 0:
        raise InputError(
            f"Ranked lists of {list_length} pictures must have {list_length} different counts. "
            f"The {len(records)} pictures have {len(groups)}; add pictures or shorten the lists."
        )
    chosen = _draw(total, max_lists, seed)
    return [RankedRecord(_build(number, groups, starts), "counts") for number in chosen]


def join_lists(
    records: Sequence[RankedRecord], list_length: int, *, max_lists: int, seed: int
) -> list[RankedRecord]:
    """Join lists that share a picture to longer ones: A > S and S > R give A > S > R.

    Every picture leads to those that come right after it in some list; the lists of length l that
    begin with picture v number N(l, v) = sum over its followers w of N(l - 1, w). All of them are
    formed when there are at most `max_lists`, else that many, each as likely as any other. One
    that comes back to a picture, as where A > B and B > A are both given, is left out.

    Args:
        records: pairs, or longer lists.
        list_length: pictures a list, 2 or more.
        max_lists: most lists formed.
        seed: picks the lists when there are more.

    Returns:
        Sorted lists; the kinds that a list is joined from are parted by "+", and a source is kept
        where all have the same.

    Raises:
        InputError: no list of that length can be joined, or an argument is out of bounds.

    Example:
        >>> pairs = [("added.jpg", "source.jpg"), ("source.jpg", "removed.jpg")]
        >>> pairs = [RankedRecord((Path(fuller), Path(other))) for fuller, other in pairs]
        >>> [path.stem for path in join_lists(pairs, 3, max_lists=10, seed=0)[0].images]
        ['added', 'source', 'removed']
    """
    _check_sizes(list_length, max_lists)
    pairs = {pair: record for record in records for pair in itertools.pairwise(record.images)}
    followers: dict[Path, list[Path]] = {image: [] for pair in pairs for image in pair}
    for fuller, other in sorted(pairs):
        followers[fuller].append(other)
    numbers = _number_walks(followers, list_length)
    starts = sorted(followers)
    running = [0, *itertools.accumulate(numbers[-1][image] for image in starts)]
    walks = []
    for number in _draw(running[-1], max_lists, seed):
        first = bisect.bisect_right(running, number) - 1
        walks.append(_walk(number - running[first], starts[first], followers, numbers))
    joined = [_join_pairs(walk, pairs) for walk in walks if len(set(walk)) == list_length]
    if not joined:
        raise InputError(
            f"`join_pairs` must find pairs that share pictures, to join {list_length} in a row. "
            f"Of {len(records)} none do; lower `list_length`, or set `join_pairs` to false."
        )
    return sorted(joined)


def _join_pairs(
    walk: tuple[Path, ...], pairs: dict[tuple[Path, Path], RankedRecord]
) -> RankedRecord:
    own = [pairs[pair] for pair in itertools.pairwise(walk)]
    kinds = dict.fromkeys(each.kind for each in own if each.kind)
    sources = {each.source for each in own}
    return RankedRecord(walk, "+".join(kinds), sources.pop() if len(sources) == 1 else "")


def _number_walks(followers: dict[Path, list[Path]], list_length: int) -> list[dict[Path, int]]:
    """Return for each length from 1 on the number of lists that begin with each picture."""
    numbers = [dict.fromkeys(followers, 1)]
    for _ in range(list_length - 1):
        shorter = numbers[-1]
        numbers.append({v: sum(shorter[w] for w in after) for v, after in followers.items()})
    return numbers


def _walk(
    number: int, first: Path, followers: dict[Path, list[Path]], numbers: list[dict[Path, int]]
) -> tuple[Path, ...]:
    """Build the list of a number among those that begin with `first`."""
    images = [first]
    for of_length in reversed(numbers[:-1]):
        for image in followers[images[-1]]:
            if number < of_length[image]:
                break
            number -= of_length[image]
        images.append(image)
    return tuple(images)


def _check_sizes(list_length: int, max_lists: int) -> None:
    if list_length < 2 or max_lists < 1:
        raise InputError(
            "`list_length` must be at least 2 and `max_lists` at least 1. Received "
            f"{list_length} and {max_lists}."
        )


def _group(records: Sequence[CountRecord | PointRecord]) -> list[list[Path]]:
    """Return the pictures by count, the largest count first."""
    ordered = sorted(records, key=lambda record: (-record.count, record.image))
    by_count = itertools.groupby(ordered, key=lambda record: record.count)
    return [[record.image for record in group] for _, group in by_count]


def _number_lists(sizes: list[int], list_length: int) -> list[list[int]]:
    """Return for each length l = 0.. the running number of lists that begin before group g."""
    starts = [[0] * len(sizes) + [1]]  # one empty list, wherever it begins
    for length in range(1, list_length + 1):
        shorter = starts[-1]
        running = [0]
        for group, size in enumerate(sizes):
            rest = 1 if length == 1 else shorter[-1] - shorter[group + 1]
            running.append(running[-1] + size * rest)
        starts.append(running)
    return starts


def _draw(total: int, number: int, seed: int) -> Sequence[int]:
    """Draw distinct numbers below `total`, sorted; all of them where they are not more."""
    if total <= number:
        return range(total)
    generator = random.Random(seed)
    if total <= sys.maxsize:
        return sorted(generator.sample(range(total), number))
    drawn: set[int] = set()  # `range` has no length beyond maxsize; collisions are rare there
    while len(drawn) < number:
        drawn.add(generator.randrange(total))
    return sorted(drawn)


def _build(number: int, groups: list[list[Path]], starts: list[list[int]]) -> tuple[Path, ...]:
    """Build the list of a number: find each picture's group, then its place in the group."""
    images, first = [], 0
    for length in range(len(starts) - 1, 0, -1):
        position = starts[length][first] + number
        group = bisect.bisect_right(starts[length], position) - 1
        rest = 1 if length == 1 else starts[length - 1][-1] - starts[length - 1][group + 1]
        place, number = divmod(position - starts[length][group], rest)
        images.append(groups[group][place])
        first = group + 1
    return tuple(images)
