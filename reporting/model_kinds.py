"""What kind of model it is, and what its export and prediction must know beside its graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras

from config.errors import InputError
from reporting.box_settings import (
    BOXES_FILE,
    BoxSettings,
    boxes_asset,
    find_box_settings,
    read_box_settings,
)
from reporting.count_settings import (
    COUNTS_FILE,
    CountSettings,
    counts_asset,
    find_count_settings,
    read_count_settings,
)
from reporting.mask_settings import (
    MASKS_FILE,
    MaskSettings,
    find_mask_settings,
    masks_asset,
    read_mask_settings,
)
from reporting.point_settings import (
    POINTS_FILE,
    PointSettings,
    find_settings,
    read_class_names,
    read_settings,
    settings_asset,
)
from reporting.tag_settings import TAGS_FILE, TagSettings, read_tag_settings

Settings = PointSettings | BoxSettings | MaskSettings | TagSettings | CountSettings | None


def model_assets(model: keras.Model, file: Path) -> dict[str, str]:
    """Return what the export of a run's model carries in `assets.extra/`.

    Args:
        model: the model to be exported.
        file: the `.keras` file that it was read from; a point counter's `points.json` or a
            segmenter's `masks.json` beside it names the classes.

    Returns:
        {file name: text} for `reporting.export.export_saved_model(assets=...)`.

    Raises:
        InputError: that file cannot be used.

    Example:
        >>> model_assets(keras.Sequential(), Path("counter.keras"))
        {}
    """
    return {
        **settings_asset(model, read_class_names(file)),
        **boxes_asset(model),
        **counts_asset(model),
        **masks_asset(model, file),
    }


def settings_of_file(
    model: keras.Model, file: Path, outputs: Mapping[str, tuple[int | None, ...]]
) -> Settings:
    """Tell by its outputs what a model finds, and read what is to be known of it.

    Args:
        model: what the file holds.
        file: a `.keras` file.
        outputs: {name: shape} of the model.

    Returns:
        The settings of a point counter, a locator, a segmenter or a counter with intervals; None
        for another kind of model.

    Raises:
        InputError: a `points.json` beside the file cannot be used or does not fit the model, or a
            segmenter's `masks.json` cannot be used.

    Example:
        >>> settings_of_file(keras.Sequential(), Path("counter.keras"), {"count": (None,)})
    """
    settings = None
    if _finds_blobs(outputs):
        settings = find_settings(model, read_class_names(file)) or PointSettings()
        _check_names(file.with_name(POINTS_FILE), settings, outputs)
    elif _finds_boxes(outputs):
        settings = find_box_settings(model) or BoxSettings()
    elif _finds_masks(outputs):
        settings = find_mask_settings(model, file) or MaskSettings()
    elif _tells_intervals(outputs):
        settings = find_count_settings(model) or CountSettings()
    return settings


def settings_of_export(folder: Path, outputs: Mapping[str, tuple[int | None, ...]]) -> Settings:
    """Read what an export says of itself; the usual settings where it says nothing.

    Args:
        folder: a SavedModel.
        outputs: {name: shape} of its signature.

    Returns:
        As `settings_of_file`.

    Raises:
        InputError: its `points.json`, `boxes.json`, `masks.json`, `tags.json` or `counts.json`
            cannot be used or does not fit.

    Example:
        >>> settings_of_export(Path("no_such_folder"), {"boxes": (None, 4), "scores": (None,)})
        BoxSettings(class_names=())
    """
    if _finds_blobs(outputs):
        name, read, settings = POINTS_FILE, read_settings, PointSettings()
    elif _finds_boxes(outputs):
        name, read, settings = BOXES_FILE, read_box_settings, BoxSettings()
    elif _finds_masks(outputs):
        name, read, settings = MASKS_FILE, read_mask_settings, MaskSettings()
    elif _tells_tags(outputs):
        name, read, settings = TAGS_FILE, read_tag_settings, TagSettings()
    elif _tells_intervals(outputs):
        name, read, settings = COUNTS_FILE, read_count_settings, CountSettings()
    else:
        return None
    path = folder / "assets.extra" / name
    if path.is_file():
        settings = read(path)
    # A label map does not tell how many classes, and a count has none.
    if not isinstance(settings, (MaskSettings, CountSettings)):
        _check_names(path, settings, outputs)
    return settings


def _finds_blobs(outputs):
    return {"probabilities", "points"} <= set(outputs)


def _finds_boxes(outputs):
    return {"boxes", "scores"} <= set(outputs)


def _finds_masks(outputs):
    return "label_map" in outputs


def _tells_tags(outputs):
    return {"tag_probabilities", "tag_maps"} <= set(outputs)


def _tells_intervals(outputs):
    return {"count", "count_low", "count_high"} <= set(outputs)


def _check_names(path, settings, outputs):
    """Refuse names that are not one for each class."""
    names = ("probabilities", "class_probabilities", "tag_probabilities")
    shape = next((outputs[name] for name in names if name in outputs), None)
    num_classes = shape[-1] if shape else 1
    if len(settings.class_names) not in (0, num_classes):
        raise InputError(
            f"`{path}`: `class_names` must name each of the model's {num_classes} classes. "
            f"It has {len(settings.class_names)} names."
        )
