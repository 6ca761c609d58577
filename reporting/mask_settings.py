"""What a segmenter's export and run folder say of it beside its graph: `masks.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras

from reporting.settings_files import CLASS_NAMES_RULE, make_asset, read_settings_file

MASKS_FILE = "masks.json"


@dataclass(frozen=True)
class MaskSettings:
    """What the labels of a segmenter's maps are.

    Attributes:
        class_names: the names of labels 1 to K; () where they have none. 0 is background.

    Example:
        >>> MaskSettings(("horse",)).class_names
        ('horse',)
    """

    class_names: tuple[str, ...] = ()


def find_mask_settings(model: keras.Model, file: Path) -> MaskSettings | None:
    """Read the settings of a segmenter: out of its layers, else from the file beside it.

    Args:
        model: any model that takes pictures.
        file: the `.keras` file that it was read from.

    Returns:
        The settings; None for another kind of model, which gives no `label_map`.

    Raises:
        InputError: the `masks.json` beside the file cannot be used.

    Example:
        >>> find_mask_settings(keras.Sequential(), Path("counter.keras")) is None
        True
    """
    outputs = model.output if model.built else None
    if not isinstance(outputs, Mapping) or "label_map" not in outputs:
        return None
    for layer in model.layers:
        if names := getattr(layer, "class_names", ()):
            return MaskSettings(tuple(names))
    path = Path(file).with_name(MASKS_FILE)
    return read_mask_settings(path) if path.is_file() else MaskSettings()


def masks_asset(model: keras.Model, file: Path) -> dict[str, str]:
    """Return what a segmenter's export carries beside its graph, as its run folder does.

    Args:
        model: the model to be exported.
        file: the `.keras` file that it was read from.

    Returns:
        {"masks.json": text} for `export_saved_model(assets=...)`; {} for another kind of model.

    Raises:
        InputError: the `masks.json` beside the file cannot be used.

    Example:
        >>> masks_asset(keras.Sequential(), Path("counter.keras"))
        {}
    """
    return make_asset(MASKS_FILE, find_mask_settings(model, file))


def read_mask_settings(path: Path) -> MaskSettings:
    """Read a `masks.json`; other keys are left alone.

    Args:
        path: the file.

    Returns:
        The settings; a key that the file lacks has its default.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "masks.json"
        >>> _ = path.write_text('{"class_names": ["horse"]}')
        >>> read_mask_settings(path)
        MaskSettings(class_names=('horse',))
    """
    return MaskSettings(**read_settings_file(path, {"class_names": CLASS_NAMES_RULE}))
