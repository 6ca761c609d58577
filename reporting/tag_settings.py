"""What the export of a video classifier says of it beside its graph: `tags.json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting.settings_files import CLASS_NAMES_RULE, make_asset, read_settings_file

TAGS_FILE = "tags.json"


@dataclass(frozen=True)
class TagSettings:
    """What the tags of a classifier are.

    Attributes:
        class_names: the names of tags 1 to K; () where they have none.

    Example:
        >>> TagSettings(("horse",)).class_names
        ('horse',)
    """

    class_names: tuple[str, ...] = ()


def tags_asset(class_names: Sequence[str]) -> dict[str, str]:
    """Return what a video classifier's export carries beside its graph.

    Args:
        class_names: the names of tags 1 to K.

    Returns:
        {"tags.json": text} for `export_saved_model(assets=...)`.

    Example:
        >>> list(tags_asset(["horse"]))
        ['tags.json']
    """
    return make_asset(TAGS_FILE, TagSettings(tuple(class_names)))


def read_tag_settings(path: Path) -> TagSettings:
    """Read a `tags.json`; other keys are left alone.

    Args:
        path: the file.

    Returns:
        The settings; a key that the file lacks has its default.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tags.json"
        >>> _ = path.write_text('{"class_names": ["horse"]}')
        >>> read_tag_settings(path)
        TagSettings(class_names=('horse',))
    """
    return TagSettings(**read_settings_file(path, {"class_names": CLASS_NAMES_RULE}))
