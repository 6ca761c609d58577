"""Turns the rows of `datasets.synthesis_methods` into a command line, and that into settings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.options import add_option, list_options, make_settings, show_default
from datasets.synthesis_methods import METHODS, Method


def add_method_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of all methods, each once, in groups by the methods that have them.

    Args:
        parser: takes the options; one that is left out is None.

    Example:
        >>> parser = argparse.ArgumentParser()
        >>> add_method_options(parser)
        >>> parser.parse_args(["--chain_length", "3"]).chain_length
        3
    """
    groups: dict[tuple[str, ...], Any] = {}
    for name, methods in sorted(_find_owners().items(), key=lambda item: -len(item[1])):
        if methods not in groups:
            groups[methods] = parser.add_argument_group(_name_group(methods))
        options = [list_options(METHODS[method].settings)[name] for method in methods]
        told = {
            method: show_default(each[0]) for method, each in zip(methods, options, strict=True)
        }
        default = ""
        if len(set(told.values())) > 1:
            default = ", ".join(f"{value} ({method})" for method, value in told.items() if value)
        add_option(groups[methods], *options[0], default=default)


def read_settings(values: dict[str, Any], method: str) -> Any:
    """Make the settings of a method from what the command line gives.

    Args:
        values: name -> value of the options of all methods; None where left out.
        method: a key of `METHODS`.

    Returns:
        An instance of the method's settings.

    Raises:
        InputError: an option of other methods is given, or one that does nothing beside the
            others, two that exclude each other are, or a value is out of range.

    Example:
        >>> read_settings({"chain_length": 3}, "crops").chain_length
        3
        >>> read_settings({"max_enlargement": 3.0}, "scenes")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--max_enlargement` goes with `--method crops`. Received it with \
scenes; leave it out.
    """
    for name, methods in _find_owners().items():
        if values.get(name) is not None and method not in methods:
            raise InputError(
                f"`--{name}` goes with `--method {' | '.join(methods)}`. Received it with "
                f"{method}; leave it out."
            )
    for first, second in METHODS[method].exclusive:
        if values.get(first) and values.get(second):
            raise InputError(f"`--{first}` and `--{second}` exclude each other; leave one out.")
    settings = make_settings(METHODS[method].settings, values, where=f"--method {method}")
    for name, (chooser, choices) in METHODS[method].only_with.items():
        chosen = getattr(settings, chooser)
        if values.get(name) is not None and chosen not in choices:
            raise InputError(
                f"`--{name}` goes with `--{chooser} {' | '.join(choices)}`. Received it with "
                f"{chosen}; leave it out, or choose another `--{chooser}`."
            )
    return settings


def refuse_method_options(values: dict[str, Any], action: str) -> None:
    """Refuse options of methods where nothing is made.

    Args:
        values: name -> value of the options of all methods; None where left out.
        action: what is asked for instead, for messages.

    Raises:
        InputError: an option of a method is given.

    Example:
        >>> refuse_method_options({"seed": None}, "--check")
    """
    for name in _find_owners():
        if values.get(name) is not None:
            raise InputError(
                f"`--{name}` goes with `--method`. Received it with {action}; leave it out."
            )


def default_workers() -> int:
    """Return the number of processes where none is asked for: one per core, 8 at most.

    Returns:
        Their number.

    Example:
        >>> 1 <= default_workers() <= 8
        True
    """
    return min(os.cpu_count() or 1, 8)


def write_method(values: dict[str, Any]) -> list[Path]:
    """Write what a command line asks for.

    Args:
        values: "method", "data_dir", "name", "workers", "overwrite", and the options of all
            methods, None where left out; so may "name" and "workers" be.

    Returns:
        The folders.

    Raises:
        InputError: an argument is out of range, or a folder holds other data.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> # see `synthesize.py`
    """
    row, name = METHODS[values["method"]], values["name"]
    settings = read_settings(values, values["method"])
    workers = _choose_workers(values["workers"], values["method"])
    if name is not None:
        _check_name(name, row)
    options = {"workers": workers, "overwrite": values["overwrite"]}
    return row.write(Path(values["data_dir"]), name or row.name, settings, **options)


def _choose_workers(asked: int | None, method: str) -> int:
    alone = METHODS[method].one_process
    if asked is None:
        return 1 if alone else default_workers()
    if asked < 1:
        raise InputError(f"`workers` (`--workers`) must be at least 1. Received {asked}.")
    if alone and asked > 1:
        raise InputError(
            f"`--workers` is not for `--method {method}`, whose model works in one process. "
            f"Received {asked}; leave it out."
        )
    return asked


def _check_name(name: str, row: Method) -> None:
    if not row.name:
        raise InputError(
            f"`--name` must be left out, as several data sets are written. Received {name}."
        )
    if name in ("", "..") or Path(name).name != name:
        raise InputError(f"`--name` must be a folder's name. Received {name!r}.")


def _find_owners() -> dict[str, tuple[str, ...]]:
    """Return the methods that have each option."""
    owners: dict[str, tuple[str, ...]] = {}
    for method, row in METHODS.items():
        for name in list_options(row.settings):
            owners[name] = (*owners.get(name, ()), method)
    return owners


def _name_group(methods: tuple[str, ...]) -> str:
    if len(methods) == 1:
        return f"--method {methods[0]}: {METHODS[methods[0]].meaning}"
    return f"--method {' | '.join(methods)}"
