"""Finds the places of ranked lists that the scores of rankers contradict."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def standardise_scores(scores: np.ndarray) -> np.ndarray:
    """Give every ranker's scores mean 0 and standard deviation 1, so that they can be averaged.

    Args:
        scores: (K, P), each of K rankers' scores of P pictures, of any scale.

    Returns:
        (K, P) float64; zeros for a ranker that scores all pictures alike.

    Raises:
        ValueError: `scores` is not (K, P), or not finite.

    Example:
        >>> standardise_scores(np.array([[1.0, 3.0], [5.0, 5.0]])).tolist()
        [[-1.0, 1.0], [0.0, 0.0]]
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2 or not scores.size or not np.isfinite(scores).all():
        raise ValueError(
            "`scores` must be (K, P) finite numbers, one row per ranker. Received shape "
            f"{scores.shape}, {np.isfinite(scores).sum()} finite."
        )
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    # Rounding leaves equal scores a spread that is not quite 0.
    alike = spread <= 1e-9 * np.abs(scores).max(axis=1, keepdims=True)
    return np.where(alike, 0.0, centred / np.where(alike, 1.0, spread))


def mean_list_scores(scores: np.ndarray, lists: np.ndarray, judges: np.ndarray) -> np.ndarray:
    """Average the scores of the pictures of each list over the rankers that may judge it.

    Args:
        scores: (K, P) standardised scores of P pictures by K rankers.
        lists: (N, L) int, the pictures of each list.
        judges: (K, N) bool, which rankers judge which list; at least one each.

    Returns:
        (N, L) float64.

    Raises:
        ValueError: the shapes do not fit, or a list has no judge.

    Example:
        >>> scores = np.array([[1.0, 2.0], [3.0, 0.0]])
        >>> mean_list_scores(scores, np.array([[0, 1], [1, 0]]), np.array([[1, 0], [1, 1]]) > 0)
        array([[2., 1.],
               [0., 3.]])
    """
    lists, judges = np.asarray(lists, np.int64), np.asarray(judges, bool)
    if judges.shape != (len(scores), len(lists)) or not judges.any(axis=0).all():
        raise ValueError(
            f"`judges` must be ({len(scores)}, {len(lists)}), with a judge for every list. "
            f"Received shape {judges.shape}."
        )
    total = np.zeros(lists.shape)
    for own, judged in zip(scores, judges, strict=True):  # A ranker at a time: memory stays O(NL).
        total += judged[:, np.newaxis] * own[lists]
    return total / judges.sum(axis=0)[:, np.newaxis]


def keep_in_order(scores: np.ndarray, *, margin: float) -> np.ndarray:
    """Keep of each list as many pictures as can stay without two that contradict its order.

    A pair i < j contradicts the order where s_j > s_i + margin. Of equally many pictures those
    stay whose first and last are further apart. Where no two can stay, none does: of a pair that
    contradicts nothing is left, a longer list loses the pictures that disturb it.

    Args:
        scores: (N, L) scores, the picture that should score highest first.
        margin: by how much a picture may score higher than a fuller one, in units of the score.

    Returns:
        (N, L) bool.

    Raises:
        ValueError: `scores` is not (N, L) or not finite, or `margin` is negative.

    Example:
        >>> keep_in_order(np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]]), margin=0).tolist()
        [[True, True, False], [False, False, False]]
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 2 or not np.isfinite(scores).all() or not margin >= 0:
        raise ValueError(
            "`scores` must be (N, L) finite numbers, one row per list, and `margin` not negative. "
            f"Received shape {scores.shape}, {np.isfinite(scores).sum()} finite, margin {margin}."
        )
    kept = np.zeros(scores.shape, bool)
    for row, own in zip(kept, scores, strict=True):
        places = _longest_order(own.tolist(), margin)
        row[places if len(places) > 1 else []] = True
    return kept


def count_pairs(kept: np.ndarray) -> np.ndarray:
    """Count the pairs of pictures that are kept of each list.

    Args:
        kept: (N, L) bool.

    Returns:
        (N,) int64.

    Example:
        >>> count_pairs(np.array([[True, True, True], [True, False, True]])).tolist()
        [3, 1]
    """
    numbers = np.asarray(kept, bool).sum(axis=-1)
    return numbers * (numbers - 1) // 2


def link_lists(lists: np.ndarray) -> np.ndarray:
    """Group lists so that two which share a picture, or a chain of such, are in one group.

    Args:
        lists: (N, L) int, the pictures of each list, from 0.

    Returns:
        (N,) int, the group of each list, from 0.

    Example:
        >>> link_lists(np.array([[0, 1], [2, 3], [1, 4]])).tolist()
        [0, 1, 0]
    """
    lists = np.asarray(lists, np.int64)
    if not lists.size:
        return np.zeros(len(lists), int)
    num = len(lists)
    edges = (np.repeat(np.arange(num), lists.shape[1]), num + lists.ravel())
    size = num + int(lists.max()) + 1
    graph = coo_array((np.ones(lists.size, bool), edges), shape=(size, size))
    labels = connected_components(graph, directed=False)[1][:num]
    return np.unique(labels, return_inverse=True)[1]


def deal_groups(groups: np.ndarray, num_parts: int, *, seed: int) -> np.ndarray:
    """Deal lists to parts of nearly equal size, a group never to two of them.

    The largest groups are dealt first, each to the part that has fewest lists; groups of one size
    come in an order that the seed decides.

    Args:
        groups: (N,) int, the group of each list.
        num_parts: number of parts.
        seed: same seed, same parts.

    Returns:
        (N,) int, the part of each list, from 0.

    Raises:
        ValueError: `num_parts` is below 1.

    Example:
        >>> deal_groups(np.array([0, 0, 1, 2]), 2, seed=0).tolist()
        [0, 0, 1, 1]
    """
    if num_parts < 1:
        raise ValueError(f"`num_parts` must be at least 1. Received {num_parts}.")
    names, places, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    filled, part_of = [0] * num_parts, np.zeros(len(names), int)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        part_of[group] = filled.index(min(filled))
        filled[part_of[group]] += int(sizes[group])
    return part_of[places]


def _longest_order(scores: list[float], margin: float) -> list[int]:
    """Return the places that stay, by the lowest picture of what is kept so far.

    Whatever comes next is held against the lowest score alone: one that is no lower, and within
    the margin, changes nothing but the number; a lower one becomes the lowest.
    """
    found: dict[int, list[int]] = {}  # place of the lowest score -> places kept

    def rank(places: list[int]) -> tuple[int, float]:
        return len(places), scores[places[0]] - scores[places[-1]]

    for place, score in enumerate(scores):
        ends = [[place]]
        for lowest, places in found.items():
            if scores[lowest] > score:
                ends.append([*places, place])
            elif score <= scores[lowest] + margin:
                found[lowest] = [*places, place]
        found[place] = max(ends, key=rank)
    return max(found.values(), key=rank, default=[])
