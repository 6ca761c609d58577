"""What a counter's interval stands on: `counts.json` in an export, its layers in a `.keras`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras

from models.count_interval import find_calibration
from ops.count_calibration import NONE_BELOW, NONE_THRESHOLD, P_VALUE
from reporting.settings_files import is_number, make_asset, read_settings_file

COUNTS_FILE = "counts.json"


@dataclass(frozen=True)
class CountSettings:
    """What must be known beside `count_low`, `count_high` and `none_probability`.

    Attributes:
        interval: share of true counts that the interval is to hold; None where it is not told.
        calibrated_on: what the calibration pictures were, such as "drawn scenes".
        none_from: "empty pictures" or "p-value", see `ops.count_calibration`.

    Example:
        >>> CountSettings(0.8, "drawn scenes").none_from
        ''
    """

    interval: float | None = None
    calibrated_on: str = ""
    none_from: str = ""


def find_count_settings(model: keras.Model) -> CountSettings | None:
    """Read the settings out of a counter's layers.

    Args:
        model: any model.

    Returns:
        The settings; None for a model without intervals.

    Example:
        >>> find_count_settings(keras.Sequential()) is None
        True
    """
    calibration = find_calibration(model)
    if calibration is None:
        return None
    return CountSettings(calibration.interval, calibration.calibrated_on, calibration.none_from)


def counts_asset(model: keras.Model) -> dict[str, str]:
    """Return what a counter's export carries beside its graph.

    Args:
        model: the model to be exported.

    Returns:
        {"counts.json": text} for `export_saved_model(assets=...)`, with the `none_probability` from
        which on a picture holds none, `none_threshold`, and the count that it must be below for
        that, `none_below_count` (null: any); {} for another kind of model.

    Example:
        >>> counts_asset(keras.Sequential())
        {}
    """
    settings = find_count_settings(model)
    below = NONE_BELOW if settings is not None and settings.none_from == P_VALUE else None
    return make_asset(COUNTS_FILE, settings, none_threshold=NONE_THRESHOLD, none_below_count=below)


def read_count_settings(path: Path) -> CountSettings:
    """Read a `counts.json`; other keys are left alone.

    Args:
        path: the file.

    Returns:
        The settings; a key that the file lacks has its default.

    Raises:
        InputError: the file is too large, no JSON object, or holds a value that cannot be. The
            message names the file and the key.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "counts.json"
        >>> _ = path.write_text('{"interval": 0.8}')
        >>> read_count_settings(path).interval
        0.8
    """
    return CountSettings(**read_settings_file(path, _RULES))


_RULES = {
    "interval": (
        lambda x: is_number(x) and 0 < x < 1,
        "a number between 0 and 1",
        float,
    ),
    "calibrated_on": (lambda x: isinstance(x, str), "a text", str),
    "none_from": (lambda x: isinstance(x, str), "a text", str),
}
