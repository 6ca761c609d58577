"""Names the tags of shots by patterns, and chooses the classes of a data set of shots."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from config.errors import InputError
from datasets.named_shots import NamedShot


def name_tags(
    shots: Sequence[NamedShot], shot_tags: Mapping[str, str] | None, dataset: str
) -> list[NamedShot]:
    """Tag shots by their names, where folders are sequences and not classes.

    Args:
        shots: shots with the tags that the format tells.
        shot_tags: {pattern: tag}; a pattern such as `drift-*` is of the last part of a shot's
            name, or of the whole name. The first that matches counts; a shot that none matches
            keeps its tag. None changes nothing.
        dataset: the data set, for messages.

    Returns:
        The shots.

    Raises:
        InputError: a tag is not text, or a pattern matches no shot.

    Example:
        >>> shots = [NamedShot(f"davis/{name}", (), name) for name in ("drift-chicane", "goat")]
        >>> [shot.tag for shot in name_tags(shots, {"drift-*": "car"}, "davis")]
        ['car', 'goat']
    """
    shot_tags = shot_tags or {}
    for pattern, tag in shot_tags.items():
        if not isinstance(tag, str) or not tag:
            raise InputError(
                f"`shot_tags` must give {pattern} a name as its tag. Received {tag!r}."
            )
        if not any(_matches(shot, pattern) for shot in shots):
            names = [_last_part(shot) for shot in shots]
            nearest = difflib.get_close_matches(str(pattern), names, n=1, cutoff=0)
            raise InputError(
                f"`shot_tags` must have patterns of shots of `{dataset}`. None is called "
                f"{pattern}; the nearest is {nearest[0] if nearest else 'none'}."
            )
    named = []
    for shot in shots:
        tags = (tag for pattern, tag in shot_tags.items() if _matches(shot, pattern))
        named.append(replace(shot, tag=next(tags, shot.tag)))
    return named


def choose_shot_classes(
    shots: Sequence[NamedShot], classes: Sequence[str] | None, dataset: str
) -> tuple[str, ...]:
    """Name classes 1 to K.

    Args:
        shots: all shots of a data set; at least one.
        classes: tags to keep, in this order; None for all, sorted.
        dataset: the data set, for messages.

    Returns:
        The names.

    Raises:
        InputError: no name, one twice, or one that no shot has as its tag (with the nearest).

    Example:
        >>> shots = [NamedShot(name, (), name) for name in ("goat", "camel")]
        >>> choose_shot_classes(shots, None, "davis")
        ('camel', 'goat')
    """
    known = sorted({shot.tag for shot in shots})
    if classes is None:
        return tuple(known)
    if isinstance(classes, str) or not classes or len(set(classes)) < len(classes):
        raise InputError(
            f"`classes` must be a list of names, each once, or null. Received {classes!r}."
        )
    for name in classes:
        if name not in known:
            nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0)[0]
            raise InputError(
                f"`classes` must name tags of `{dataset}`. Received {name}; the nearest is "
                f"{nearest}."
            )
    return tuple(classes)


def _matches(shot: NamedShot, pattern: str) -> bool:
    return fnmatchcase(_last_part(shot), pattern) or fnmatchcase(shot.name, pattern)


def _last_part(shot: NamedShot) -> str:
    return shot.name.rpartition("/")[2]
