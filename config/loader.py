"""Reads `<experiment>.params.json` strictly: every key known, present, typed and in bounds."""

from __future__ import annotations

import dataclasses
import difflib
import json
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.overrides import find_origins
from config.schema import SCHEMAS
from config.values import check_value, describe_field, require_known

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
    require_known(str(experiment), SCHEMAS, "experiment", where=where)
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
    return params_from_dict(schema, values, where=str(path), overrides=overrides)


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
        require_known(key, hints, "key")
        replaced[key] = _read_text(key, text, hints[key])
    return replaced


def params_from_dict(
    schema: type, values: dict, *, where: str, overrides: Sequence[str] = ()
) -> Any:
    """Check a plain dict against a schema and freeze it.

    Args:
        schema: one of the dataclasses of `config.schema`.
        values: name -> value.
        where: where the values come from, for messages.
        overrides: of `override_values`; what they give came from the command line instead.

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
        require_known(key, fields, "key", where=f"{where}: ")
    missing = [name for name in fields if name not in values]
    if missing:
        near = difflib.get_close_matches(missing[0], list(values), n=1, cutoff=0.0)
        nearest = f"; the nearest one given is `{near[0]}`" if near else ""
        meaning = describe_field(fields[missing[0]])
        raise InputError(f"{where}: key `{missing[0]}` ({meaning}) is missing{nearest}.")
    hints = typing.get_type_hints(schema)
    origins = dict.fromkeys(fields, where) | find_origins(overrides)
    return schema(
        **{
            name: check_value(fields[name], hints[name], values[name], origins[name])
            for name in fields
        }
    )


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
