"""Reads `<experiment>.params.json` strictly: every key known, present, typed and in bounds."""

from __future__ import annotations

import dataclasses
import difflib
import json
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.schema import SCHEMAS

LARGEST_INT = 2**63 - 1  # what a tensor holds
MOST_LEVELS = 32  # of nested JSON


def find_schema(experiment: str, *, where: str = "") -> type:
    """Give the dataclass of an experiment's configuration.

    Args:
        experiment: e.g. "training/baseline".
        where: where the name comes from, the start of the message.

    Returns:
        One of the dataclasses of `config.schema`.

    Raises:
        InputError: `experiment` is not known.

    Example:
        >>> find_schema("training/baseline").__name__
        'BaselineParams'
    """
    _require_known(str(experiment), SCHEMAS, "experiment", where=where)
    return SCHEMAS[experiment]


def find_params_file(params_dir: Path, experiment: str) -> Path:
    """Name the config file of an experiment.

    A fine-tuning experiment whose last folder is also a training experiment's reads
    `<last folder>.finetune.params.json`, so that the two never share a file.

    Args:
        params_dir: folder of config files.
        experiment: e.g. "training/baseline".

    Returns:
        `<params_dir>/<last folder>[.finetune].params.json`; the file need not exist.

    Raises:
        InputError: `experiment` is not known.

    Example:
        >>> find_params_file(Path("config"), "training/baseline").name
        'baseline.params.json'
    """
    find_schema(experiment)
    name = Path(experiment).name
    stage = Path(experiment).parts[0]
    twin = any(Path(other).name == name and Path(other).parts[0] == "training" for other in SCHEMAS)
    suffix = ".finetune.params.json" if stage == "finetuning" and twin else ".params.json"
    return Path(params_dir) / f"{name}{suffix}"


def load_params(params_dir: Path, experiment: str, overrides: Sequence[str] = ()) -> Any:
    """Load the resolved parameters of an experiment.

    Args:
        params_dir: folder of config files.
        experiment: e.g. "training/baseline".
        overrides: `key=value` strings; the value is JSON, or plain text when it is not.

    Returns:
        The experiment's frozen dataclass.

    Raises:
        InputError: the file is missing or not JSON, a key is unknown or missing, or a value has
            another type or lies out of bounds.

    Example:
        >>> load_params(Path("config"), "training/baseline", ["epochs=3"]).epochs
        3
    """
    path = find_params_file(params_dir, experiment)
    schema = find_schema(experiment)
    values = override_values(_read_json(path), schema, overrides)
    return params_from_dict(schema, values, where=str(path))


def override_values(values: dict, schema: type, overrides: Sequence[str]) -> dict:
    """Replace single values of a configuration.

    Args:
        values: name -> value.
        schema: one of the dataclasses of `config.schema`.
        overrides: as for `load_params`; "none" is null where it is no word that the key takes.

    Returns:
        A new dict, its values not checked yet.

    Raises:
        InputError: an override has no "=", or its key is unknown.

    Example:
        >>> override_values({"epochs": 1}, SCHEMAS["training/baseline"], ["epochs=3"])
        {'epochs': 3}
    """
    hints = typing.get_type_hints(schema)
    replaced = dict(values)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise InputError(f"`--set` takes key=value. Received `{override}`.")
        _require_known(key, hints, "key")
        replaced[key] = _read_text(key, text, hints[key])
    return replaced


def params_from_dict(schema: type, values: dict, *, where: str) -> Any:
    """Check a plain dict against a schema and freeze it.

    Args:
        schema: one of the dataclasses of `config.schema`.
        values: name -> value.
        where: where the values come from, for messages.

    Returns:
        An instance of `schema`.

    Raises:
        InputError: a key is unknown or missing, or a value has another type or lies out of bounds.

    Example:
        >>> params_from_dict(SCHEMAS["training/baseline"], {"epoch": 1}, where="here")
        Traceback (most recent call last):
        ...
        config.errors.InputError: here: unknown key `epoch`; the nearest known one is `epochs`.
    """
    fields = {field.name: field for field in dataclasses.fields(schema)}
    for key in values:
        _require_known(key, fields, "key", where=f"{where}: ")
    missing = [name for name in fields if name not in values]
    if missing:
        near = difflib.get_close_matches(missing[0], list(values), n=1, cutoff=0.0)
        nearest = f"; the nearest one given is `{near[0]}`" if near else ""
        raise InputError(
            f"{where}: key `{missing[0]}` ({_describe(fields[missing[0]])}) is missing{nearest}."
        )
    hints = typing.get_type_hints(schema)
    checked = {name: _check(fields[name], hints[name], values[name], where) for name in fields}
    return schema(**checked)


def params_to_dict(params: Any) -> dict:
    """Turn resolved parameters into a JSON-ready dict.

    Args:
        params: an instance of a dataclass of `config.schema`.

    Returns:
        name -> value, in the order of the schema.

    Example:
        >>> params = load_params(Path("config"), "finetuning/unsupervised/noisy_synth_regress")
        >>> params_to_dict(params)["N"]
        2
    """
    return json.loads(json.dumps(dataclasses.asdict(params)))


def _read_json(path: Path) -> dict:
    if not path.is_file():
        raise InputError(
            f"{path}: no such config file. `--params_dir` must be a folder that holds it, "
            "such as `config` or `config/demo`."
        )
    try:
        values = _parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: must be JSON. Received: {error}.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: must be a JSON object of keys and values.")
    return values


def _read_text(key: str, text: str, hint: Any) -> Any:
    options = typing.get_args(hint) or (hint,)
    if text in options or any(text in typing.get_args(option) for option in options):
        return text  # "none" may be a word
    try:
        return _parse_json(text)
    except json.JSONDecodeError:
        none = text if str in options and type(None) not in options else None
        return {"none": none, "None": none, "True": True, "False": False}.get(text, text)
    except ValueError as error:
        raise InputError(f"`--set {key}` must be plain JSON or text. Received: {error}.") from error


def _parse_json(text: str) -> Any:
    """Parse JSON, or raise ValueError, be it malformed, too deep or a number of many digits."""
    try:
        value = json.loads(text)
        if _is_shallow(value, MOST_LEVELS):
            return value
    except RecursionError:
        pass
    raise ValueError(f"more than {MOST_LEVELS} levels of nested lists and objects")


def _is_shallow(value: Any, levels: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_is_shallow(item, levels - 1) for item in items)


def _require_known(name: str, known, noun: str, where: str = "") -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    raise InputError(f"{where}unknown {noun} `{name}`; the nearest known one is `{near[0]}`.")


def _describe(field: dataclasses.Field) -> str:
    unit = field.metadata["unit"]
    return field.metadata["meaning"] + (f", in {unit}" if unit else "")


def _check(field: dataclasses.Field, hint: Any, value: Any, where: str) -> Any:
    """Return `value` in its declared type, or say what is required."""
    unions = (types.UnionType, typing.Union)  # `Literal[...] | None` is of the latter kind
    options = typing.get_args(hint) if typing.get_origin(hint) in unions else (hint,)
    for option in options:
        accepted, converted = _convert(option, value)
        if accepted:
            _check_bounds(field, converted, where)
            return converted
    names = " or ".join(_type_name(option) for option in options)
    raise InputError(
        f"{where}: `{field.name}` ({_describe(field)}) must be {names}. Received {_shorten(value)}."
    )


def _convert(option: Any, value: Any) -> tuple[bool, Any]:
    """Say whether `value` fits one type, and return it in that type."""
    origin = typing.get_origin(option)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if origin is typing.Literal:
        same = [choice for choice in typing.get_args(option) if choice == value]
        return bool(same) and type(same[0]) is type(value), value  # 8.0 and true are 8 and 1 too
    if origin is tuple:
        items = value if isinstance(value, (list, tuple)) else ()
        inner = typing.get_args(option)
        inner = inner[:1] * len(items) if inner[1:] == (...,) else inner
        fits = items is value and len(items) == len(inner)
        fits = fits and all(map(lambda kind, item: _convert(kind, item)[0], inner, items))
        return fits, tuple(value) if fits else value
    if option is float:
        fits = is_number and abs(value) <= sys.float_info.max  # not so for NaN and infinities
        return fits, float(value) if fits else value
    if option is int:
        return isinstance(value, int) and is_number, value
    return isinstance(value, option), value


def _type_name(option: Any) -> str:
    if typing.get_origin(option) is typing.Literal:
        return " or ".join(json.dumps(choice) for choice in typing.get_args(option))
    if typing.get_origin(option) is tuple:
        length = len(typing.get_args(option))
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
        _require_known(value, rules["choices"], field.name, where=f"{where}: ")
    for item in value if isinstance(value, tuple) else (value,):
        if not isinstance(item, (int, float)) or isinstance(item, bool):
            continue
        low, high = rules["minimum"], rules["maximum"]
        if high is None and isinstance(item, int) and item > LARGEST_INT:
            high = LARGEST_INT
        if (low is not None and item < low) or (high is not None and item > high):
            bound = f"at least {low}" if high is None else f"between {low} and {high}"
            raise InputError(
                f"{where}: `{field.name}` ({_describe(field)}) must be {bound}. "
                f"Received {_shorten(item)}."
            )
