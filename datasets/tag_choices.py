"""Chooses the classes of tagged pictures: all, some in an order, or the commonest."""

from __future__ import annotations

import difflib
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from config.errors import InputError
from datasets.tagged_pictures import TaggedPicture

_COMMONEST = re.compile(r"commonest:(\d{1,6})")
_logger = logging.getLogger(__name__)


def choose_classes(
    pictures: Sequence[TaggedPicture], classes: Sequence[str] | str | None, dataset: str
) -> tuple[str, ...]:
    """Name classes 1 to K.

    Args:
        pictures: all pictures of a data set, with their tags.
        classes: names to keep, in this order; or "commonest:N" (also as a list of that alone), the
            N commonest of the classes in fewer than half of the pictures, the commonest first,
            equal ones by name; None for all, sorted.
        dataset: the data set, for messages.

    Returns:
        The names.

    Raises:
        InputError: no name, one twice, one that no picture has (with the nearest), fewer than N
            such classes, or no tags at all.

    Example:
        >>> from pathlib import Path
        >>> tags = [("hat", "skin"), ("hat", "skin"), ("skin", "tie"), ("skin", "tie"), ("skin",)]
        >>> pictures = [TaggedPicture(Path(str(i)), names) for i, names in enumerate(tags)]
        >>> choose_classes(pictures, "commonest:1", "clothes")
        ('hat',)
    """
    counts = Counter(name for picture in pictures for name in picture.names)
    if not counts:
        raise InputError(f"`{dataset}` must have pictures with tags. No picture has one.")
    if classes is None:
        return tuple(sorted(counts))
    listed = [classes] if isinstance(classes, str) else list(classes)
    rule = _COMMONEST.fullmatch(str(listed[0])) if len(listed) == 1 else None
    if rule and listed[0] not in counts:
        return _take_commonest(counts, int(rule[1]), len(pictures), dataset)
    if isinstance(classes, str) or not listed or len(set(listed)) < len(listed):
        raise InputError(
            "`classes` must be a list of names, each once, or commonest:N, or null. Received "
            f"{classes!r}."
        )
    for name in listed:
        if name not in counts:
            nearest = difflib.get_close_matches(str(name), counts, n=1, cutoff=0)[0]
            raise InputError(
                f"`classes` must name tags of `{dataset}`. Received {name}; the nearest is "
                f"{nearest}."
            )
    return tuple(listed)


def keep_tagged(
    pictures: Sequence[TaggedPicture], classes: Sequence[str], dataset: str
) -> list[TaggedPicture]:
    """Leave out the tags of other classes, and the pictures that then have none.

    Args:
        pictures: pictures with their tags.
        classes: names to keep.
        dataset: the data set, for messages.

    Returns:
        The pictures that are left; the log tells how many are not.

    Raises:
        InputError: none is left.

    Example:
        >>> from pathlib import Path
        >>> pictures = [TaggedPicture(Path(name), (name,)) for name in ("cat", "rat")]
        >>> [picture.names for picture in keep_tagged(pictures, ["rat"], "zoo")]
        [('rat',)]
    """
    chosen = set(classes)
    cut = [
        replace(each, names=tuple(name for name in each.names if name in chosen))
        for each in pictures
    ]
    kept = [picture for picture in cut if picture.names]
    if not kept:
        raise InputError(f"`{dataset}` must have pictures with tags. No picture has one.")
    if len(kept) < len(cut):
        told = (len(cut) - len(kept), len(cut), dataset)
        _logger.info("Left out %d of %d pictures of %s without a tag.", *told)
    return kept


def find_rarest(pictures: Sequence[TaggedPicture]) -> dict[str, int]:
    """Rank the classes, the one in fewest pictures first, equal ones by name.

    Args:
        pictures: pictures with their tags.

    Returns:
        Rank by name, from 0.

    Example:
        >>> from pathlib import Path
        >>> tags = [("cat",), ("cat", "rat")]
        >>> find_rarest([TaggedPicture(Path("a"), names) for names in tags])
        {'rat': 0, 'cat': 1}
    """
    counts = Counter(name for picture in pictures for name in picture.names)
    ordered = sorted(counts, key=lambda name: (counts[name], name))
    return {name: rank for rank, name in enumerate(ordered)}


def _take_commonest(counts: Counter, num: int, total: int, dataset: str) -> tuple[str, ...]:
    rare = [name for name in counts if counts[name] < total / 2]
    if not 1 <= num <= len(rare):
        raise InputError(
            f"`classes` commonest:{num} must ask for 1 to {len(rare)} classes, as many of "
            f"`{dataset}` are in fewer than half of its {total} pictures."
        )
    return tuple(sorted(rare, key=lambda name: (-counts[name], name))[:num])
