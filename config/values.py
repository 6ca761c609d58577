"""Checks one value of a configuration: a name that is known, a type, choices and bounds."""

from __future__ import annotations

import dataclasses
import difflib
import json
import sys
import types
import typing
from collections.abc import Iterable
from typing import Any

from config.errors import InputError

LARGEST_INT = 2**63 - 1  # what a tensor holds


def require_known(name: str, known: Iterable[str], noun: str, *, where: str = "") -> None:
    """Require a name that is known.

    Args:
        name: a name that the user gave.
        known: those that there are, at least one.
        noun: what it names.
        where: where it comes from, the start of the message.

    Raises:
        InputError: it is not known; the nearest is told.

    Example:
        >>> require_known("epoch", ["epochs", "seed"], "key")
        Traceback (most recent call last):
        ...
        config.errors.InputError: unknown key `epoch`; the nearest known one is `epochs`.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    raise InputError(f"{where}unknown {noun} `{name}`; the nearest known one is `{near[0]}`.")


def describe_field(field: dataclasses.Field) -> str:
    """Say in words what a key of a configuration means.

    Args:
        field: of a dataclass of `config.schema`.

    Returns:
        Its meaning, with its unit.

    Example:
        >>> from config.schema import SCHEMAS
        >>> fields = dataclasses.fields(SCHEMAS["training/baseline"])
        >>> [describe_field(field) for field in fields if field.name == "max_pixels"]
        ['larger pictures are refused before decoding, in pixels']
    """
    unit = field.metadata["unit"]
    return field.metadata["meaning"] + (f", in {unit}" if unit else "")


def check_value(field: dataclasses.Field, hint: Any, value: Any, where: str) -> Any:
    """Return a value in the type that its key has.

    Args:
        field: of a dataclass of `config.schema`, with its bounds.
        hint: the field's type, resolved.
        value: what JSON or the command line gives.
        where: where it comes from, for messages.

    Returns:
        The value; whole numbers become floats, lists tuples, a text of names parted by commas a
        tuple of them, and a text of key=value pairs an object of lists, where the type is such.

    Raises:
        InputError: the value has another type, or lies out of bounds.

    Example:
        >>> from config.schema import SCHEMAS
        >>> fields = {each.name: each for each in dataclasses.fields(SCHEMAS["training/baseline"])}
        >>> check_value(fields["epochs"], int, 0, "here")
        Traceback (most recent call last):
        ...
        config.errors.InputError: here: `epochs` (...) must be between 1 and 100000. Received 0.
    """
    unions = (types.UnionType, typing.Union)  # `Literal[...] | None` is of the latter kind
    options = typing.get_args(hint) if typing.get_origin(hint) in unions else (hint,)
    for option in options:
        accepted, converted = _convert(option, value)
        if accepted:
            _check_bounds(field, converted, where)
            return converted
    names = " or ".join(_type_name(option) for option in options)
    raise InputError(
        f"{where}: `{field.name}` ({describe_field(field)}) must be {names}. "
        f"Received {_shorten(value)}."
    )


def _convert(option: Any, value: Any) -> tuple[bool, Any]:
    """Say whether `value` fits one type, and return it in that type."""
    origin = typing.get_origin(option)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if origin is typing.Literal:
        same = [choice for choice in typing.get_args(option) if choice == value]
        return bool(same) and type(same[0]) is type(value), value  # 8.0 and true are 8 and 1 too
    if origin is tuple:
        if isinstance(value, str) and str in typing.get_args(option):
            value = [name.strip() for name in value.split(",") if name.strip()]
        items = value if isinstance(value, (list, tuple)) else ()
        inner = typing.get_args(option)
        inner = inner[:1] * len(items) if inner[1:] == (...,) else inner
        fits = items is value and len(items) == len(inner)
        fits = fits and all(map(lambda kind, item: _convert(kind, item)[0], inner, items))
        return fits, tuple(value) if fits else value
    if option is dict and isinstance(value, str):
        return _read_pairs(value)
    if option is float:
        fits = is_number and abs(value) <= sys.float_info.max  # not so for NaN and infinities
        return fits, float(value) if fits else value
    if option is int:
        return isinstance(value, int) and is_number, value
    return isinstance(value, option), value


def _read_pairs(text: str) -> tuple[bool, Any]:
    """Read `cat=tabby,cat=tiger cat,dog=beagle` as {"cat": ["tabby", "tiger cat"], ...}."""
    pairs: dict[str, list[str]] = {}
    for part in text.split(","):
        key, _, value = (each.strip() for each in part.partition("="))
        if not key or not value:
            return False, text
        pairs.setdefault(key, []).append(value)
    return True, pairs


def _type_name(option: Any) -> str:
    if typing.get_origin(option) is typing.Literal:
        return " or ".join(json.dumps(choice) for choice in typing.get_args(option))
    if typing.get_origin(option) is tuple:
        length = len(typing.get_args(option))
        if typing.get_origin(typing.get_args(option)[0]) is typing.Literal:
            choices = typing.get_args(typing.get_args(option)[0])
            told = ", ".join(map(json.dumps, choices[:-1]))
            return f"a list of {f'{told} or ' if told else ''}{json.dumps(choices[-1])}"
        if ... in typing.get_args(option):
            return "a list of text" if str in typing.get_args(option) else "a list of numbers"
        return f"a list of {length} numbers"
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    return names.get(option, "null" if option is type(None) else "an object")


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:60]}..."


def _check_bounds(field: dataclasses.Field, value: Any, where: str) -> None:
    rules = field.metadata
    if rules["choices"] is not None and value not in rules["choices"]:
        require_known(value, rules["choices"], field.name, where=f"{where}: ")
    for item in value if isinstance(value, tuple) else (value,):
        if not isinstance(item, (int, float)) or isinstance(item, bool):
            continue
        low, high = rules["minimum"], rules["maximum"]
        if high is None and isinstance(item, int) and item > LARGEST_INT:
            high = LARGEST_INT
        if (low is not None and item < low) or (high is not None and item > high):
            bound = f"at least {low}" if high is None else f"at most {high}"
            bound = bound if None in (low, high) else f"between {low} and {high}"
            raise InputError(
                f"{where}: `{field.name}` ({describe_field(field)}) must be {bound}. "
                f"Received {_shorten(item)}."
            )
