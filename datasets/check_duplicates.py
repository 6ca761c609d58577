"""Finds pictures that are the same, or nearly, inside and between the splits of a data set."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datasets.check_findings import Finding
from datasets.check_pictures import PictureFacts

LARGEST_DISTANCE = 4
_BLOCK = 1 << 22  # pairs compared at once


def find_duplicates(
    facts: dict[Path, PictureFacts], splits: dict[Path, set[str | None]]
) -> list[Finding]:
    """Find pictures that are the same or look alike.

    Pictures belong together when their files are equal, or when at most 4 of the 64 bits of their
    fingerprints differ; so do those of a chain of such pairs. A group in several splits is a
    "leak": the model is tested on what it was trained on. Inside a split equal files are a
    "duplicate", others "alike", which is no mistake; without splits they are "similar".

    Args:
        facts: from `datasets.check_pictures.describe_pictures`.
        splits: the splits of each picture; {None} where the data set tells none.

    Returns:
        One finding a group, in the order of the first pictures.

    Example:
        >>> one, two = Path("a.png"), Path("b.png")
        >>> facts = {path: PictureFacts("", digest="0", fingerprint=1) for path in (one, two)}
        >>> find_duplicates(facts, {one: {"train"}, two: {"test"}})[0].kind
        'leak'
    """
    sound = [path for path, fact in facts.items() if not fact.problem]
    pairs = np.concatenate(
        [
            _pair_equals(np.array([facts[path].digest for path in sound])),
            _pair_alike([facts[path].fingerprint for path in sound]),
        ]
    )
    if not len(pairs):
        return []
    graph = coo_array((np.ones(len(pairs), np.int8), tuple(pairs.T)), shape=(len(sound),) * 2)
    labels = connected_components(graph, directed=False)[1]
    groups = defaultdict(list)
    for path, label in zip(sound, labels, strict=True):
        groups[label].append(path)
    return [_judge(group, facts, splits) for group in groups.values() if len(group) > 1]


def _pair_equals(values: np.ndarray) -> np.ndarray:
    """Pair each place with the first one of an equal value: (M, 2) int64."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    places = np.arange(len(values))
    pairs = np.stack([first[inverse], places], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _pair_alike(fingerprints: list[int | None]) -> np.ndarray:
    """Pair places whose fingerprints differ by at most `LARGEST_DISTANCE` bits: (M, 2) int64.

    Equal ones are paired with the first of them alone, so that many of them, as the frames of a
    film that stands still, make no more pairs than there are pictures.
    """
    places = np.array([i for i, value in enumerate(fingerprints) if value is not None], np.int64)
    hashes = np.array([value for value in fingerprints if value is not None], np.uint64)  # (N,)
    found = [places[_pair_equals(hashes)]]
    hashes, first = np.unique(hashes, return_index=True)  # (D,)
    step = max(1, _BLOCK // max(1, len(hashes)))
    for start in range(0, len(hashes), step):
        differing = np.bitwise_count(hashes[start : start + step, None] ^ hashes[None, start:])
        near = np.argwhere(differing <= LARGEST_DISTANCE)  # (M, 2), from `start`
        near = near[near[:, 0] < near[:, 1]] + start
        found.append(places[first[near]])
    return np.concatenate(found)


def _judge(
    group: list[Path], facts: dict[Path, PictureFacts], splits: dict[Path, set[str | None]]
) -> Finding:
    told = set().union(*(splits[path] for path in group))
    if len(told - {None}) > 1:
        kind = "leak"
    elif len({facts[path].digest for path in group}) < len(group):
        kind = "duplicate"
    else:
        kind = "similar" if None in told else "alike"
    names = []
    for path in group:
        own = "/".join(sorted(splits[path] - {None}))
        names.append(f"`{path}` ({own})" if own else f"`{path}`")
    return Finding(kind, ", ".join(names), tuple(group))
