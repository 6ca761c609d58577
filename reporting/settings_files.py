"""Reads the small JSON files that tell of a model, beside it or in an export, value by value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from config.errors import InputError
from datasets.paths import require_size

_MAX_BYTES = 1 << 20

# (whether a value is right, what it must be in words, what turns it into the setting's type)
Rule = tuple[Callable[[Any], bool], str, Callable[[Any], Any]]


def read_settings_file(path: Path, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Read the settings that a JSON object holds; its other keys are left alone.

    Args:
        path: the file.
        rules: a rule for each setting.

    Returns:
        {name: value} of those that the file has.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "boxes.json"
        >>> _ = path.write_text('{"class_names": ["cat"], "made": "today"}')
        >>> read_settings_file(path, {"class_names": CLASS_NAMES_RULE})
        {'class_names': ('cat',)}
    """
    require_size(path, _MAX_BYTES)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{path}` must be JSON. It is not ({error}); export again.") from error
    if not isinstance(values, dict):
        raise InputError(f"`{path}` must hold a JSON object. It holds a {type(values).__name__}.")
    return {key: _check(path, key, values[key], rules[key]) for key in rules if key in values}


def make_asset(file_name: str, settings: Any, **facts: Any) -> dict[str, str]:
    """Write settings as what an export carries beside its graph.

    Args:
        file_name: of the file.
        settings: a dataclass; None for a model of another kind.
        **facts: what the file's readers want to know and this program does not read back.

    Returns:
        {file name: JSON text} for `export_saved_model(assets=...)`; {} without settings.

    Example:
        >>> make_asset("boxes.json", None)
        {}
    """
    if settings is None:
        return {}
    return {file_name: json.dumps(asdict(settings) | facts, indent=2, ensure_ascii=False) + "\n"}


def description_file(path: Path) -> Path:
    """Name the JSON file that describes an exported file.

    Args:
        path: the exported file.

    Returns:
        The same name with `.json` behind it, so that a model in several formats has one for each.

    Example:
        >>> description_file(Path("out/a.onnx")).name
        'a.onnx.json'
    """
    return path.with_name(f"{path.name}.json")


def is_number(value: Any) -> bool:
    """Say whether a JSON value is a number; true and false are none.

    Args:
        value: what a file holds.

    Returns:
        True for a number.

    Example:
        >>> is_number(1.5), is_number(True)
        (True, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Say whether a JSON value is a whole number from 1 that fits 32 bits.

    Args:
        value: what a file holds.

    Returns:
        True for such a number.

    Example:
        >>> is_whole(3), is_whole(0)
        (True, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31


def _are_names(value):
    named = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return named and len(set(value)) == len(value)


CLASS_NAMES_RULE: Rule = (_are_names, "a list of different names", tuple)


def _check(path, key, value, rule):
    is_right, what, kind = rule
    if not is_right(value):
        raise InputError(f"`{path}`: `{key}` must be {what}. It is {str(value)[:80]}.")
    return kind(value)
