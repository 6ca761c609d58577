"""What fitting leaves in a run folder for the scoring: `fit.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.errors import InputError
from datasets.json_files import read_json

FIT_FILE = "fit.json"


def read_fit(run: Path, kind: str, *, part: str = "") -> dict[str, Any]:
    """Read what fitting left in a run folder.

    Args:
        run: run folder.
        kind: of run, for messages, such as "localization".
        part: the folder in it of one of several fittings; "" for the run folder itself.

    Returns:
        The content of `fit.json`.

    Raises:
        InputError: the folder holds no such run that was trained to its end.

    Example:
        >>> read_fit(Path("tests"), "points")
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a points run that was trained to its end, ...
    """
    file = Path(part) / FIT_FILE
    try:
        fitted, cause = read_json(run / file), None
    except (InputError, OSError) as error:
        fitted, cause = None, error
    if not isinstance(fitted, dict):
        raise InputError(
            f"{run}: must be a {kind} run that was trained to its end, with {file}. Finish it "
            f"with `--resume {run}`."
        ) from cause
    return fitted
