"""How a point counter turns probabilities into blobs: `points.json`, beside a model or in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from models.picture_scale import ScaleImages
from models.point_counter import CountBlobs
from reporting.settings_files import (
    CLASS_NAMES_RULE,
    is_number,
    is_whole,
    make_asset,
    read_settings_file,
)

POINTS_FILE = "points.json"


@dataclass(frozen=True)
class PointSettings:
    """What a point counter's blobs are.

    Attributes:
        threshold: a blob's pixels have a probability above it, in [0, 1).
        min_area: smaller blobs are dropped, pixels of the picture.
        max_points: most points per picture that the exported model lists.
        scale: factor by which the model resizes pictures before it looks at them.
        levels: thresholds over which blobs that touch come apart, see `ops.blob_levels`.
        objects_per_blob: factor of the counts.
        class_names: the names of classes 1 to K; () where there is one class without a name.

    Example:
        >>> PointSettings(class_names=("red", "white")).threshold
        0.5
    """

    threshold: float = 0.5
    min_area: int = 1
    max_points: int = 4096
    scale: float = 1.0
    levels: int = 1
    objects_per_blob: float = 1.0
    class_names: tuple[str, ...] = ()

    @property
    def map_scale(self) -> float:
        """The side of a probability map over that of its picture."""
        return max(1.0, self.scale)


def find_settings(model: keras.Model, class_names: Sequence[str] = ()) -> PointSettings | None:
    """Read the settings out of a point counter's layers.

    Args:
        model: any model that takes pictures.
        class_names: the names of classes 1 to K, which a model does not hold.

    Returns:
        The settings; None for another kind of model.

    Example:
        >>> find_settings(keras.Sequential()) is None
        True
    """
    counting = [layer for layer in model.layers if isinstance(layer, CountBlobs)]
    scaling = [layer.scale for layer in model.layers if isinstance(layer, ScaleImages)]
    if not counting:
        return None
    layer = counting[0]
    scale = scaling[0] if scaling else 1.0
    return PointSettings(
        threshold=layer.threshold,
        min_area=layer.min_area,
        max_points=layer.max_points,
        scale=scale,
        levels=layer.levels,
        objects_per_blob=layer.objects_per_blob,
        class_names=tuple(class_names),
    )


def settings_asset(model: keras.Model, class_names: Sequence[str] = ()) -> dict[str, str]:
    """Return what a point counter's export carries beside its graph.

    Args:
        model: the model to be exported.
        class_names: the names of classes 1 to K.

    Returns:
        {"points.json": text} for `export_saved_model(assets=...)`; {} for another kind of model.

    Example:
        >>> settings_asset(keras.Sequential())
        {}
    """
    return make_asset(POINTS_FILE, find_settings(model, class_names))


def read_settings(path: Path) -> PointSettings:
    """Read a `points.json`; keys that say how the values were chosen are left alone.

    Args:
        path: the file.

    Returns:
        The settings; a key that the file lacks has its default.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "points.json"
        >>> _ = path.write_text('{"threshold": 0.6, "class_names": ["cell"]}')
        >>> read_settings(path)
        PointSettings(threshold=0.6, min_area=1, max_points=4096, scale=1.0, levels=1, \
objects_per_blob=1.0, class_names=('cell',))
    """
    return PointSettings(**read_settings_file(path, _RULES))


def read_class_names(model_file: Path) -> tuple[str, ...]:
    """Read the names of a point counter's classes from the `points.json` beside its file.

    Args:
        model_file: a `.keras` file.

    Returns:
        The names of classes 1 to K; () when there is no such file.

    Raises:
        InputError: as `read_settings`.

    Example:
        >>> read_class_names(Path("no_such_run/points.keras"))
        ()
    """
    path = Path(model_file).with_name(POINTS_FILE)
    return read_settings(path).class_names if path.is_file() else ()


_RULES = {
    "threshold": (lambda x: is_number(x) and 0 <= x < 1, "a number from 0 to below 1", float),
    "min_area": (is_whole, "a whole number from 1", int),
    "max_points": (is_whole, "a whole number from 1", int),
    "scale": (lambda x: is_number(x) and 0 < x < float("inf"), "a number above 0", float),
    "levels": (lambda x: is_whole(x) and x <= 100, "a whole number from 1 to 100", int),
    "objects_per_blob": (
        lambda x: is_number(x) and 0 < x < float("inf"),
        "a number above 0",
        float,
    ),
    "class_names": CLASS_NAMES_RULE,
}
