"""Draws how precise seeds are at each recall."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from metrics.seed_curves import foreground_curve, mean_precision_at_recall, seed_precision_recall
from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure

MAX_CLASSES = 30  # thin curves beyond these would hide the others
_AIMS = {"foreground": 0.2, "background": 0.8}  # recalls at which mP reads the precision


def draw_seed_curves(confusions: np.ndarray, class_names: Sequence[str], path: Path) -> Path:
    """Draw precision over recall of the mean foreground, of the background and of each class.

    Args:
        confusions: (T, K + 1, K + 1) of `metrics.seed_curves.seed_confusions`.
        class_names: names of classes 1 to K.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        ValueError: there is not one name per class.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> confusions = np.array([[[3, 1], [0, 1]], [[4, 0], [0, 1]]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_seed_curves(confusions, ["cat"], Path(folder) / "a.png").name
        'a.png'
    """
    if np.shape(confusions)[1:] != (len(class_names) + 1,) * 2:
        raise ValueError(
            f"`confusions` must be (T, K + 1, K + 1) for {len(class_names)} classes. "
            f"Received shape {np.shape(confusions)}."
        )
    precision, recall = seed_precision_recall(confusions)
    figure = new_figure(6, 4.6)
    axes = figure.subplots()
    shown = [k for k in range(1, len(class_names) + 1) if not np.isnan(recall[:, k]).all()]
    for number in shown[:MAX_CLASSES] if len(shown) > 1 else ():
        axes.plot(recall[:, number], precision[:, number], color=GREY, lw=0.6, alpha=0.7)
        last = int(np.nanargmax(recall[:, number]))
        place = (recall[last, number], precision[last, number])
        text = axes.annotate(class_names[number - 1], place, fontsize=6, color=GREY)
        text.set_parse_math(False)  # a name is no formula, whatever it holds
    mean_precision, mean_recall = foreground_curve(confusions)
    axes.plot(mean_recall, mean_precision, color=ORANGE, label="foreground, mean of the classes")
    axes.plot(recall[:, 0], precision[:, 0], color=BLUE, label="background")
    for colour, aim in zip((ORANGE, BLUE), _AIMS.values(), strict=True):
        axes.axvline(aim, color=colour, lw=0.8, ls=":")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_title(f"Seeds over all thresholds: mP {mean_precision_at_recall(confusions):.3f}")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return save_figure(figure, path)
