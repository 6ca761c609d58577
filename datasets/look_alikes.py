"""Groups pictures that are the same or look alike, so that no split tears them apart."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from datasets.check_pictures import describe_pictures

LARGEST_DISTANCE = 4
_BLOCK = 1 << 22  # pairs compared at once


def group_pictures(paths: Sequence[Path]) -> np.ndarray:
    """Group picture files: one group holds pictures that are equal or look alike.

    Each file is decoded, see `datasets.check_pictures.describe_pictures`. One that cannot be is a
    group of its own.

    Args:
        paths: N distinct picture files.

    Returns:
        (N,) int64 number of each picture's group.

    Example:
        >>> group_pictures([Path("absent_1.png"), Path("absent_2.png")]).tolist()
        [0, 1]
    """
    facts = describe_pictures(paths)
    keys = [facts[path].digest or str(path) for path in paths]
    return group_look_alikes(keys, [facts[path].fingerprint for path in paths])


def group_look_alikes(keys: Sequence[Hashable], fingerprints: Sequence[int | None]) -> np.ndarray:
    """Group things by equal keys, and by fingerprints of which at most 4 of 64 bits differ.

    What a chain of such pairs links is one group.

    Args:
        keys: N keys, such as digests of files.
        fingerprints: N hashes, see `datasets.check_pictures.find_fingerprint`; None for none.

    Returns:
        (N,) int64 numbers of groups.

    Example:
        >>> group_look_alikes(["a", "b", "a", "c"], [None, 0b111, None, 0b1]).tolist()
        [0, 1, 0, 1]
    """
    first: dict[Hashable, int] = {}
    edges = [np.array([(first.setdefault(key, i), i) for i, key in enumerate(keys)], np.int64)]
    places = np.array([i for i, value in enumerate(fingerprints) if value is not None], np.int64)
    known = np.array([value for value in fingerprints if value is not None], np.uint64)  # (M,)
    hashes, starts, which = np.unique(known, return_index=True, return_inverse=True)
    edges.append(np.stack([places[starts[which]], places], axis=1))  # (M, 2), equal ones
    step = max(1, _BLOCK // max(1, len(hashes)))
    for start in range(0, len(hashes), step):
        differing = np.bitwise_count(hashes[start : start + step, None] ^ hashes[None, start:])
        near = np.argwhere(differing <= LARGEST_DISTANCE) + start  # (P, 2)
        edges.append(places[starts[near]])
    one, other = np.concatenate([each.reshape(-1, 2) for each in edges]).T
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(keys),) * 2)
    return connected_components(graph, directed=False)[1].astype(np.int64)
