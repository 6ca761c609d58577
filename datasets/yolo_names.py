"""Reads the class names of a YOLO data set, from a list or from the one key of a YAML file."""

from __future__ import annotations

import re
from pathlib import Path

from config.errors import InputError
from datasets.paths import require_size

_MAX_BYTES = 1 << 20
_NAMES = re.compile(r"^names[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_ITEM = re.compile(r"\s+-\s+(.+)|-\s+(.+)|\s+['\"]?(\d+)['\"]?\s*:\s*(.+)")
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"([^\"\\]*)\"")


def read_class_list(path: Path) -> tuple[str, ...]:
    """Read a file with one class name a line.

    Args:
        path: e.g. `classes.txt`, in UTF-8; blank lines at its end do not count.

    Returns:
        Names; a class's number, from 0, is its place.

    Raises:
        InputError: no such file, too large, not text, without names, or a name comes twice.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "classes.txt"
        >>> _ = path.write_text("cat\\nrat\\n")
        >>> read_class_list(path)
        ('cat', 'rat')
    """
    return _check([line.strip() for line in _read_text(path).rstrip().splitlines()], path)


def read_yaml_names(path: Path) -> tuple[str, ...]:
    """Read the key `names` of a YAML file, and nothing else of it.

    Known are a list in brackets, which may go over several lines, a list of `- name` lines, and
    lines `0: name` (or the same in braces) whose numbers go from 0 without a gap. No general YAML
    reader is used, since tags and references of the format can do harm and are not needed.

    Args:
        path: e.g. `data.yaml`, in UTF-8.

    Returns:
        Names; a class's number, from 0, is its place.

    Raises:
        InputError: no such file, too large, not text, without such names, or a name comes twice.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "data.yaml"
        >>> _ = path.write_text("nc: 2\\nnames: ['cat', rat]  # both\\n")
        >>> read_yaml_names(path)
        ('cat', 'rat')
    """
    text = _read_text(path)
    start = _NAMES.search(text)
    if start is None:
        raise InputError(f"`{path}` must have the key `names`. It has none; or add `classes.txt`.")
    inline = start.group(1).strip()
    if inline.startswith(("[", "{")):
        closing = {"[": "]", "{": "}"}[inline[0]]
        inside, found, _ = text[start.start(1) :].lstrip()[1:].partition(closing)
        inside = " ".join(_drop_comment(line) for line in inside.splitlines())
        items = _number([_cut_item(item) for item in inside.split(",") if item.strip()], path)
        return _check(items if found else [], path)
    return _check(_number(_read_lines(text[start.end() :]), path), path)


def _read_text(path: Path) -> str:
    require_size(path, _MAX_BYTES)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"`{path}` must be text in UTF-8. Reading says: {error}") from error


def _read_lines(text: str) -> list[tuple[int | None, str]]:
    """Return the (number, name) of each line up to the next key of the file."""
    items = []
    for line in text.splitlines():
        line = _drop_comment(line).rstrip()
        if not line:
            continue
        match = _ITEM.fullmatch(line)
        if match is None:
            break
        items.append((int(match[3]) if match[3] else None, match[1] or match[2] or match[4]))
    return items


def _drop_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*$", "", line)


def _cut_item(item: str) -> tuple[int | None, str]:
    match = re.fullmatch(r"\s*['\"]?(\d+)['\"]?\s*:\s*(.+)", item)
    return (int(match[1]), match[2]) if match else (None, item)


def _number(items: list[tuple[int | None, str]], path: Path) -> list[str]:
    """Put (number, name) in order."""
    numbers = {number for number, _ in items}
    if numbers <= {None}:
        return [_unquote(name.strip()) for _, name in items]
    if len(numbers) < len(items) or numbers != set(range(len(items))):
        raise InputError(f"`{path}`: `names` must number the classes from 0 without a gap.")
    return [_unquote(name.strip()) for _, name in sorted(items)]


def _unquote(name: str) -> str:
    match = _QUOTED.fullmatch(name)
    if match is None:
        return name
    return match[1].replace("''", "'") if match[1] is not None else match[2]


def _check(names: list[str], path: Path) -> tuple[str, ...]:
    whole = all(name and name[0] not in "'\"[{&*!|>" for name in names)
    if not names or not whole or len(set(names)) < len(names):
        raise InputError(
            f"`{path}` must name the classes plainly, each once. It names "
            f"{', '.join(names)[:80] or 'none'}; a file `classes.txt` of one name a line will do."
        )
    return tuple(names)
