"""Finds pictures that are the same, or nearly, inside and between the splits of a data set."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from datasets.check_findings import Finding
from datasets.check_pictures import PictureFacts
from datasets.look_alikes import group_look_alikes


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
    labels = group_look_alikes(
        [facts[path].digest for path in sound], [facts[path].fingerprint for path in sound]
    )
    groups = defaultdict(list)
    for path, label in zip(sound, labels.tolist(), strict=True):
        groups[label].append(path)
    return [_judge(group, facts, splits) for group in groups.values() if len(group) > 1]


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
