"""The one place that imports OpenCV, so that a machine without its libraries gets a cure."""

from __future__ import annotations

import importlib
from types import ModuleType


def import_opencv(name: str = "cv2") -> ModuleType:
    """Import OpenCV, or say which system packages it misses.

    Other modules write `from ops.opencv import cv2`.

    Args:
        name: module to import; tests pass another one.

    Returns:
        The imported module.

    Raises:
        ImportError: the module or a library that it links to is absent.

    Example:
        >>> import_opencv().__name__
        'cv2'
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"`{name}` needs the system libraries libGL and glib besides the wheels of "
            f"requirements.txt. Importing it failed: {error}. On Debian or Ubuntu run "
            "`apt-get install libgl1 libglib2.0-0`."
        ) from error


cv2 = import_opencv()
