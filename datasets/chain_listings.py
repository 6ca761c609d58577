"""Lists chains of pictures for `annotations.json`, and holds some sources out to validate on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from config.errors import InputError

Item = TypeVar("Item")
_VALIDATION_SHARE = 0.15
_NUM_NAMED = 3
_SPLIT = 22  # key of the stream that picks the sources that validate


def list_chains(groups: list[list[dict]], *, kind: str, seed: int) -> dict[str, list[dict]]:
    """List the chains of a data set; all of one source are on one side.

    Args:
        groups: descriptions of each source's pictures, at least two sources; those of one chain
            share "chain" and follow each other, the fullest first. They have "side", "train" or
            "val", where that was decided before they were made.
        kind: the chains' `info.type`, where a description has no "kind" of its own.
        seed: picks the sources that validate, 15 % of them and at least one.

    Returns:
        {"train": [...], "val": [...]} of `{"images": [...], "info": {"type", "source"}}`, or of
        upstream's pairs where a chain has two pictures.

    Raises:
        InputError: there is no source to train on, or none to validate on.

    Example:
        >>> groups = [[{"image": f"{i}_{n}.jpg", "chain": 0} for n in "abc"] for i in range(2)]
        >>> list_chains(groups, kind="crops", seed=0)["val"][0]["images"]
        ['0_a.jpg', '0_b.jpg', '0_c.jpg']
    """
    sides = split_sources(len(groups), seed=seed)
    sides = [group[0].get("side", side) for group, side in zip(groups, sides, strict=True)]
    _require_both(sides, groups)
    listed: dict[str, list[dict]] = {"train": [], "val": []}
    for group, side in zip(groups, sides, strict=True):
        chains = itertools.groupby(group, key=lambda each: each["chain"])
        listed[side] += [_make_item(list(chain), kind) for _, chain in chains]
    return listed


def split_sources(num: int, *, seed: int) -> list[str]:
    """Pick the sources that validate: the last 15 % of a seeded order, at least one.

    Args:
        num: sources.
        seed: same seed, same pick.

    Returns:
        "train" or "val" for each.

    Example:
        >>> split_sources(20, seed=0).count("val")
        3
    """
    num_val = max(1, round(num * _VALIDATION_SHARE))
    order = np.random.default_rng([seed, _SPLIT]).permutation(num)
    held_out = set(order[num - num_val :].tolist())
    return ["val" if i in held_out else "train" for i in range(num)]


def keep_side(sources: Sequence[Item], side: str, *, seed: int) -> list[Item]:
    """Keep the sources that train, or those that validate.

    Args:
        sources: any; a single one is on both sides.
        side: "train" or "val".
        seed: same seed, same sides.

    Returns:
        Those of the side, in their order.

    Example:
        >>> len(keep_side("abcdefgh", "val", seed=0))
        1
    """
    if len(sources) < 2:
        return list(sources)
    sides = split_sources(len(sources), seed=seed)
    return [each for each, other in zip(sources, sides, strict=True) if other == side]


def _require_both(sides: list[str], groups: list[list[dict]]) -> None:
    for side in ("train", "val"):
        if side not in sides:
            sources = sorted({group[0].get("source", "") for group in groups})
            told = ", ".join(f"`{name}`" for name in sources[:_NUM_NAMED])
            raise InputError(
                "There must be chains to train on and one to validate on. Those of "
                f"{told or 'no photo'} can be used, which leaves none to {side}; add photos, or "
                "mend those that cannot."
            )


def _make_item(chain: list[dict], kind: str) -> dict[str, Any]:
    images = [each["image"] for each in chain]
    info = {"type": chain[0].get("kind", kind), "source": chain[0].get("source", "")}
    if len(images) == 2:
        return {"source_image": images[0], "target_image": images[1], "info": info}
    return {"images": images, "info": info}
