"""What every figure shares: colours, a canvas without global state, the file written whole."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from config.files import atomic_file

# Okabe and Ito's colours, told apart with every kind of colour vision.
BLUE, ORANGE = "#0072B2", "#D55E00"
GREY = "#666666"
DPI = 120


def new_figure(width: float, height: float) -> Figure:
    """Make a figure that draws into memory; pyplot's global list of figures stays empty.

    Args:
        width: inches.
        height: inches.

    Returns:
        The figure, without axes.

    Example:
        >>> new_figure(4, 3).get_axes()
        []
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all.

    Args:
        figure: what `new_figure` returned.
        path: file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(new_figure(1, 1), Path(folder) / "figures" / "a.png").name
        'a.png'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format="png")
    return path
