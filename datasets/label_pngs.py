"""Writes label maps as PNG that any viewer shows in colours and any reader takes for numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from config.files import atomic_file
from ops.palettes import voc_palette


def write_label_png(labels: np.ndarray, path: Path) -> Path:
    """Write a label map as a PNG with PASCAL VOC's palette, whole or not at all.

    Args:
        labels: (H, W) whole numbers from 0 to 255: 0 background, 255 ignored.
        path: file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        ValueError: `labels` is no map of such numbers, or has no pixel.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> from datasets.images import read_labels
        >>> path = Path(tempfile.mkdtemp()) / "a.png"
        >>> read_labels(write_label_png(np.array([[0, 1, 255]]), path)).tolist()
        [[0, 1, 255]]
    """
    labels = np.asarray(labels)
    right = labels.ndim == 2 and labels.size and labels.dtype.kind in "iu"
    if not right or labels.min() < 0 or labels.max() > 255:
        raise ValueError(
            "`labels` must be (H, W) whole numbers from 0 to 255. "
            f"Received {labels.dtype} of shape {labels.shape}."
        )
    picture = Image.fromarray(labels.astype(np.uint8)).convert("P")
    picture.putpalette(voc_palette().tobytes())
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        picture.save(temporary, "PNG")
    return path
