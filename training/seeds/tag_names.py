"""The tags that a seeds run knows, and where they stand in another run's order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from reporting.tag_settings import TAGS_FILE, read_tag_settings


def read_tag_names(run: Path) -> tuple[str, ...]:
    """Read the names of a seeds run's tags.

    Args:
        run: its folder.

    Returns:
        The names of tags 1 to K.

    Raises:
        InputError: the run has no sound `tags.json`.

    Example:
        >>> read_tag_names(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/tags.json must name the tags of a run of seeds. ...
    """
    path = run / TAGS_FILE
    names = read_tag_settings(path).class_names if path.is_file() else ()
    if not names:
        raise InputError(
            f"{path} must name the tags of a run of seeds. It is absent or names none; score the "
            "run with `python -m training.seeds.eval`."
        )
    return names


def find_columns(known: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Find tags by name in the scores and the maps of a seeder.

    Args:
        known: the names of the seeder's tags 1 to K.
        wanted: names in the order of the data.

    Returns:
        The column of each wanted tag, from 0.

    Raises:
        InputError: the seeder does not know a tag.

    Example:
        >>> find_columns(["disc", "square", "triangle"], ["triangle", "disc"])
        [2, 0]
    """
    for name in wanted:
        if name not in known:
            raise InputError(
                f"`classes` must name tags that the run of seeds has learnt: {', '.join(known)}. "
                f"Received {name}; leave it out, or train seeds on it."
            )
    return [list(known).index(name) for name in wanted]
