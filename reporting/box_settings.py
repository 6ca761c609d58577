"""What a locator's export and run folder say of it beside its graph: `boxes.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras

from models.locator import find_class_names
from reporting.settings_files import CLASS_NAMES_RULE, make_asset, read_settings_file

BOXES_FILE = "boxes.json"


@dataclass(frozen=True)
class BoxSettings:
    """What a locator's classes are.

    Attributes:
        class_names: the names of classes 1 to K, or of the one class of a locator without
            classes; () where they have no names.

    Example:
        >>> BoxSettings(("cat", "dog")).class_names
        ('cat', 'dog')
    """

    class_names: tuple[str, ...] = ()


def find_box_settings(model: keras.Model) -> BoxSettings | None:
    """Read the settings out of a locator's layers.

    Args:
        model: any model that takes pictures.

    Returns:
        The settings; None for another kind of model.

    Example:
        >>> find_box_settings(keras.Sequential()) is None
        True
    """
    class_names = find_class_names(model)
    return None if class_names is None else BoxSettings(class_names)


def boxes_asset(model: keras.Model) -> dict[str, str]:
    """Return what a locator's export carries beside its graph, and its run folder beside its file.

    Args:
        model: the model to be exported.

    Returns:
        {"boxes.json": text} for `export_saved_model(assets=...)`; {} for another kind of model.

    Example:
        >>> boxes_asset(keras.Sequential())
        {}
    """
    return make_asset(BOXES_FILE, find_box_settings(model))


def read_box_settings(path: Path) -> BoxSettings:
    """Read a `boxes.json`; other keys are left alone.

    Args:
        path: the file.

    Returns:
        The settings; a key that the file lacks has its default.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "boxes.json"
        >>> _ = path.write_text('{"class_names": ["cat"]}')
        >>> read_box_settings(path)
        BoxSettings(class_names=('cat',))
    """
    return BoxSettings(**read_settings_file(path, {"class_names": CLASS_NAMES_RULE}))
