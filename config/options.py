"""Options of a command: dataclass fields with a default, a meaning and bounds."""

from __future__ import annotations

import argparse
import dataclasses
import types
import typing
from typing import Any

from config.values import check_value, describe_field


def option(default: Any, meaning: str, **rules) -> Any:
    """Describe one option.

    Args:
        default: its value where the command line names none.
        meaning: one line that says what it does.
        **rules: `unit`, `minimum`, `maximum`, `choices`, as for `config.shared_params.param`.

    Returns:
        A dataclass field.

    Example:
        >>> option(4, "crops of a chain", minimum=2).metadata["minimum"]
        2
    """
    blank = {"unit": "", "minimum": None, "maximum": None, "choices": None}
    return dataclasses.field(default=default, metadata={**blank, "meaning": meaning, **rules})


def list_options(settings: type) -> dict[str, tuple[dataclasses.Field, Any]]:
    """List the options of a dataclass.

    Args:
        settings: a dataclass whose fields are made by `option`.

    Returns:
        Name -> (field, its type), in the order of the fields.

    Example:
        >>> @dataclasses.dataclass(frozen=True)
        ... class Crops:
        ...     chain_length: int = option(4, "crops of a chain")
        >>> list_options(Crops)["chain_length"][1].__name__
        'int'
    """
    hints = typing.get_type_hints(settings)
    return {field.name: (field, hints[field.name]) for field in dataclasses.fields(settings)}


def make_settings(settings: type, values: dict[str, Any], *, where: str) -> Any:
    """Make settings of what a command line gives, each value checked.

    Args:
        settings: a dataclass whose fields are made by `option`.
        values: name -> value; None, or no value, stands for the default.
        where: the command, for messages.

    Returns:
        An instance.

    Raises:
        InputError: a value is of another type or out of bounds.

    Example:
        >>> @dataclasses.dataclass(frozen=True)
        ... class Crops:
        ...     chain_length: int = option(4, "crops of a chain", minimum=2)
        >>> make_settings(Crops, {"chain_length": 1}, where="--method crops")
        Traceback (most recent call last):
        ...
        config.errors.InputError: --method crops: `chain_length` (crops of a chain) must be at \
least 2. Received 1.
    """
    checked = {
        name: check_value(field, hint, values[name], where)
        for name, (field, hint) in list_options(settings).items()
        if values.get(name) is not None
    }
    return settings(**checked)


def add_option(
    parser: argparse.ArgumentParser, field: dataclasses.Field, hint: Any, *, default: str = ""
) -> None:
    """Add an option to a command line; left out there, it is None.

    Args:
        parser: an `argparse` parser or a group of one.
        field: made by `option`.
        hint: its type: a number, text, true or false, a `Literal`, or a tuple of one kind.
        default: how the help tells the default; "" for that of the field.

    Example:
        >>> @dataclasses.dataclass(frozen=True)
        ... class Crops:
        ...     area_ratio: tuple[float, float] = option((0.3, 0.8), "share of the crop before")
        >>> parser = argparse.ArgumentParser()
        >>> add_option(parser, *list_options(Crops)["area_ratio"])
        >>> parser.parse_args("--area_ratio 0.5 0.6".split()).area_ratio
        [0.5, 0.6]
    """
    told = default or show_default(field)
    meaning = describe_field(field) + (f" (default: {told})" if told else "")
    flag, options = f"--{field.name}", {"default": None, "help": meaning.replace("%", "%%")}
    kinds = [kind for kind in _alternatives(hint) if kind is not type(None)]
    if kinds == [bool]:
        parser.add_argument(flag, action="store_true", **options)
        return
    inner = typing.get_args(kinds[0])
    if typing.get_origin(kinds[0]) is typing.Literal:
        parser.add_argument(flag, type=type(inner[0]), choices=inner, **options)
    elif typing.get_origin(kinds[0]) is tuple:
        nargs = "+" if inner[1:] == (...,) else len(inner)
        parser.add_argument(flag, type=inner[0], nargs=nargs, **options)
    else:
        parser.add_argument(flag, type=kinds[0], choices=field.metadata["choices"], **options)


def show_default(field: dataclasses.Field) -> str:
    """Say an option's default as a command line would.

    Args:
        field: made by `option`.

    Returns:
        Text; "" where nothing is the default.

    Example:
        >>> show_default(option((1, 2), "pixels"))
        '1 2'
    """
    default = field.default
    if isinstance(default, tuple):
        return " ".join(map(str, default))
    return "" if default is None or default is False else str(default)


def _alternatives(hint: Any) -> tuple:
    unions = (types.UnionType, typing.Union)
    return typing.get_args(hint) if typing.get_origin(hint) in unions else (hint,)
