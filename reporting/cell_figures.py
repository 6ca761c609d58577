"""Draws how a density-guided counter read a picture: its cells, what they are, their counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from models.cell_layers import CUT, DENSE, NONE, SPARSE, UNSEEN
from ops.cell_grids import cell_boxes, find_grids
from reporting.canvas import BLUE, GREY, ORANGE, save_figure
from reporting.prediction_figures import Preview, show_picture

_COLOURS = {NONE: GREY, SPARSE: BLUE, DENSE: ORANGE}


def draw_cells(
    image: np.ndarray, cells: np.ndarray, num_patches: int, path: Path, *, caption: str
) -> Path:
    """Draw each cell that was read to the end: empty ones grey, sparse blue, dense orange.

    Args:
        image: (H, W, 3) uint8 picture.
        cells: (P, 2) counts and states, see `models.density_counter`.
        num_patches: N, cells along each axis at depth 0.
        path: PNG file to write; its folder is made.
        caption: what stands above.

    Returns:
        `path`.

    Raises:
        ValueError: the cells are not those of N x N and finer grids, or do not fit the picture.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> cells = np.array([[2.5, 2.0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.png"
        ...     draw_cells(np.zeros((9, 9, 3), np.uint8), cells, 1, path, caption="2.5").name
        'a.png'
    """
    grids = find_grids(len(cells), num_patches)
    boxes = cell_boxes(*image.shape[:2], grids)
    preview = Preview(image.shape[:2])
    preview.add(image, 0, 0)
    figure, axes = show_picture(preview)
    size = min(12, 150 * min(figure.get_size_inches()) / 5 / (2 + grids[-1]) ** 1.2)
    for (left, top, right, bottom), (count, state) in zip(boxes, cells, strict=True):
        if state in (UNSEEN, CUT):
            continue
        colour = _COLOURS[int(state)]
        for line, width in (("white", 2.4), (colour, 1.4)):  # seen on dark and on bright
            frame = {"fill": False, "edgecolor": line, "linewidth": width}
            axes.add_patch(Rectangle((left, top), right - left, bottom - top, **frame))
        if state != NONE:
            label = {"facecolor": colour, "alpha": 0.8, "linewidth": 0, "boxstyle": "round"}
            place = ((left + right) / 2, (top + bottom) / 2)
            style = {"color": "white", "fontsize": size, "ha": "center", "va": "center"}
            axes.text(*place, f"{count:.1f}", bbox=label, **style)
    axes.set_title(caption)
    return save_figure(figure, path)
