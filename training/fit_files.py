"""What fitting leaves in a run folder for the scoring: `fit.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config.errors import InputError

FIT_FILE = "fit.json"


def read_fit(run: Path, kind: str) -> dict[str, Any]:
    """Read what fitting left in a run folder.

    Args:
        run: run folder.
        kind: of run, for messages, such as "localization".

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
    try:
        return json.loads((run / FIT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{run}: must be a {kind} run that was trained to its end, with {FIT_FILE}. Finish it "
            f"with `--resume {run}`."
        ) from error
