"""Finds the files of a Stable Diffusion 3 preset on this machine, or says which are missing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from config.errors import InputError
from datasets.json_files import read_json

BACKBONE = "StableDiffusion3Backbone"
WEIGHTS, SHARDS = "model.weights.h5", "model.weights.json"
_TOKENIZERS = [f"assets/clip_{size}_tokenizer" for size in "lg"]
_SMALL = ["config.json", "preprocessor.json"] + [
    f"{folder}/{name}" for folder in _TOKENIZERS for name in ("vocabulary.json", "merges.txt")
]
_MOST_BYTES = 1 << 24  # of a JSON file
_HALF = 2  # bytes of a number in half precision, as the presets are stored
_CHUNK = 1 << 22


def cached_folder(handle: str) -> Path:
    """Say where KerasHub keeps a preset that it fetched from Kaggle.

    Args:
        handle: "kaggle://owner/model/framework/variation/version".

    Returns:
        The folder in `$KAGGLEHUB_CACHE`, or in `~/.cache/kagglehub`.

    Example:
        >>> cached_folder("kaggle://keras/sd3/keras/medium/5").parts[-6:-3]
        ('models', 'keras', 'sd3')
    """
    cache = os.environ.get("KAGGLEHUB_CACHE") or Path.home() / ".cache" / "kagglehub"
    return Path(cache, "models", *handle.removeprefix("kaggle://").split("/"))


def list_preset_files(folder: Path, *, num_parameters: int = 0) -> list[Path]:
    """List the files of a preset, all there.

    Args:
        folder: the preset's folder, as KerasHub saves it.
        num_parameters: of the model, to tell the size of missing weights; 0 where not known.

    Returns:
        Its files, the weights last.

    Raises:
        InputError: a file is missing, or it is the preset of another model.

    Example:
        >>> list_preset_files(Path("absent"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `absent/config.json` is missing (a few MB at most). Put the \
preset's files there: config.json, preprocessor.json, assets/ and model.weights.h5, or give \
`--preset FOLDER` of another place.
    """
    folder = Path(folder)
    for name in _SMALL:
        if not (folder / name).is_file():
            raise missing_file(folder / name, "a few MB at most")
    config = read_json(folder / "config.json", max_bytes=_MOST_BYTES)
    found = config.get("class_name") if isinstance(config, dict) else type(config).__name__
    if found != BACKBONE:
        raise InputError(
            f"`{folder / 'config.json'}` must be of a {BACKBONE}, as this method draws with "
            f"Stable Diffusion 3. It is of {found}."
        )
    return [folder / name for name in _SMALL] + _list_weights(folder, num_parameters)


def missing_file(path: Path, size: str, *, cure: str = "") -> InputError:
    """Say which file of a preset is missing, how large it is and where to put it.

    Args:
        path: the file.
        size: in words.
        cure: a further way out.

    Returns:
        An error to raise.

    Example:
        >>> str(missing_file(Path("sd3/model.weights.h5"), "about 6.0 GB"))[:52]
        '`sd3/model.weights.h5` is missing (about 6.0 GB). Pu'
    """
    return InputError(
        f"`{path}` is missing ({size}). Put the preset's files there: config.json, "
        f"preprocessor.json, assets/ and {WEIGHTS}, or give `--preset FOLDER` of another place."
        + (f" {cure}" if cure else "")
    )


def tell_size(num_parameters: int) -> str:
    """Say how large the weights of a model are.

    Args:
        num_parameters: of the model; 0 where not known.

    Returns:
        Words.

    Example:
        >>> tell_size(2_987_080_931)
        'about 6.0 GB'
    """
    if not num_parameters:
        return "about 6.0 GB for stable_diffusion_3_medium"
    return f"about {num_parameters * _HALF / 1e9:.1f} GB"


def digest_files(folder: Path, paths: list[Path]) -> str:
    """Compute what tells the files of two presets apart.

    Args:
        folder: the preset's folder.
        paths: its files.

    Returns:
        The first 16 hexadecimal digits of the SHA-256 of their names and contents.

    Raises:
        OSError: a file cannot be read.

    Example:
        >>> digest_files(Path("."), [])
        'e3b0c44298fc1c14'
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:16]


def _list_weights(folder: Path, num_parameters: int) -> list[Path]:
    """List the one file of weights, or the index and the parts that it names."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    size = tell_size(num_parameters or _read_num_parameters(folder))
    if not (folder / SHARDS).is_file():
        raise missing_file(folder / WEIGHTS, size)
    index = read_json(folder / SHARDS, max_bytes=_MOST_BYTES)
    weights = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"`{folder / SHARDS}` must name the files of weights in `weight_map`.")
    parts = {str(part) for each in weights.values() for part in _as_list(each)}
    strange = [part for part in sorted(parts) if Path(part).name != part]
    if strange:
        raise InputError(
            f"`{folder / SHARDS}` must name files beside it. Received {strange[0][:80]!r}."
        )
    paths = [folder / part for part in sorted(parts)]
    for path in paths:
        if not path.is_file():
            raise missing_file(path, f"{size} with its {len(paths) - 1} other parts")
    return [folder / SHARDS, *paths]


def _as_list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _read_num_parameters(folder: Path) -> int:
    path = folder / "metadata.json"
    told = read_json(path, max_bytes=_MOST_BYTES) if path.is_file() else {}
    number = told.get("parameter_count") if isinstance(told, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
