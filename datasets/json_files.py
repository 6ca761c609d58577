"""Opens JSON files of annotations, bounded, and takes checked values out of them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.paths import require_size

LARGEST = 1e9  # far beyond any picture, near enough for sums and products to stay finite
_REQUIRED = {str: "text", int: "a whole number", list: "a list", dict: "an object"}


def read_json(path: Path, *, max_bytes: int = 1 << 28) -> Any:
    """Read a JSON file.

    Args:
        path: file in UTF-8.
        max_bytes: largest size allowed.

    Returns:
        Its content.

    Raises:
        InputError: no such file, too large, or not JSON.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.json"
        >>> _ = path.write_text('{"dots": []}')
        >>> read_json(path)
        {'dots': []}
    """
    require_size(path, max_bytes)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"`{path}` must be JSON in UTF-8. Reading says: {error}") from error


def take(item: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Take one value of an object.

    Args:
        item: what should be an object.
        key: the value's key.
        kind: what the value must be; true and false are no numbers.
        where: the file and record, for messages.

    Returns:
        The value.

    Raises:
        InputError: not an object, no such key, or a value of another kind.

    Example:
        >>> take({"image": "a.jpg"}, "image", str, "item 0")
        'a.jpg'
    """
    if not isinstance(item, dict) or key not in item:
        keys = ", ".join(map(str, item)) if isinstance(item, dict) else type(item).__name__
        raise InputError(f"{where} must be an object with `{key}`. Received {keys or 'no key'}.")
    if not isinstance(item[key], kind) or isinstance(item[key], bool):
        required = _REQUIRED.get(kind, "a number")
        raise InputError(f"{where}: `{key}` must be {required}. Received {_show(item[key])}.")
    return item[key]


def to_numbers(value: Any, shape: tuple[int, ...], where: str) -> np.ndarray:
    """Turn nested lists into an array of sane numbers: finite, below 1e9 in size.

    Args:
        value: nested lists of numbers.
        shape: the shape required; -1 stands for any length.
        where: the file, record and key, for messages.

    Returns:
        float64 array of that shape.

    Raises:
        InputError: another shape, or something that is no such number.

    Example:
        >>> to_numbers([[1, 2]], (-1, 2), "`points`").tolist()
        [[1.0, 2.0]]
    """
    numbers = _to_array(value)
    if numbers is not None and numbers.size == 0 and shape[0] == -1:
        return np.zeros((0, *shape[1:]))
    fits = numbers is not None and numbers.ndim == len(shape)
    if not fits or any(n not in (-1, m) for n, m in zip(shape, numbers.shape, strict=True)):
        wanted = " x ".join("N" if n == -1 else str(n) for n in shape)
        raise InputError(
            f"{where} must be {wanted} finite numbers below 1e9. Received {_show(value)}."
        )
    return numbers


def _to_array(value: Any) -> np.ndarray | None:
    """Return an array of sane numbers, or None; text and true are no numbers."""
    try:
        numbers = np.array(value)
        if numbers.dtype.kind not in "iuf" and not _holds_numbers(numbers):
            return None
        numbers = numbers.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return None
    return numbers if (np.abs(numbers) < LARGEST).all() else None  # false for NaN, too


def _holds_numbers(values: np.ndarray) -> bool:
    """Tell whether an array of objects, as whole numbers beyond 64 bits make, holds numbers."""
    return values.dtype == object and all(type(value) in (int, float) for value in values.flat)


def _show(value: Any, limit: int = 80) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "..."
