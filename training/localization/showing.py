"""Shows what a localizer found: a table of all pictures, boxes drawn, the IoU's spread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.files import atomic_table
from config.schema import LocalizationFitParams
from datasets.images import read_image
from reporting.box_figures import DrawnBox, draw_box_sheet, draw_boxes, draw_iou_histogram
from training.localization.prediction import FoundBox

NUM_WORST = 16
_COLUMNS = (
    *("image", "true_class", "predicted_class", "score", "iou"),
    *("true_x0", "true_y0", "true_x1", "true_y1", "x0", "y0", "x1", "y1"),
)


def write_predictions(found: Sequence[FoundBox], class_names: Sequence[str], path: Path) -> Path:
    """Write a row per picture: true and predicted box and class, IoU and score.

    Args:
        found: one per picture.
        class_names: names of classes 1 to K; a class without a name is an empty cell.
        path: CSV file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_predictions([], (), Path(folder) / "a.csv").read_text()[:33]
        'image,true_class,predicted_class,'
    """
    with atomic_table(path) as table:
        table.writerow(_COLUMNS)
        for each in found:
            names = [_name(number, class_names) for number in (each.true_class, each.class_id)]
            numbers = [each.score, each.iou, *each.true_box, *each.box]
            table.writerow([each.record.image, *names, *(f"{value:.6g}" for value in numbers)])
    return path


def draw_run(
    folder: Path,
    found: Sequence[FoundBox],
    params: LocalizationFitParams,
    *,
    class_names: Sequence[str],
    baseline: float,
    seed: int,
) -> None:
    """Draw the IoU's histogram, the worst 16 on one sheet, the best and random pictures.

    Args:
        folder: where the figures go, in place of earlier ones.
        found: one per picture, at least one.
        params: resolved parameters.
        class_names: names of classes 1 to K.
        baseline: mean IoU of always answering the mean box.
        seed: draws the random pictures.

    Raises:
        InputError: a picture cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `training.localization.scoring`
    """
    for earlier in [*folder.glob("best_boxes_*.png"), *folder.glob("random_boxes_*.png")]:
        earlier.unlink()
    order = sorted(found, key=lambda each: each.iou)
    draw_iou_histogram(
        [each.iou for each in found], folder / "iou_histogram.png", baseline=baseline
    )
    worst = [_show(each, params, class_names) for each in order[:NUM_WORST]]
    draw_box_sheet(worst, folder / "worst_sheet.png")
    num_best = min(params.num_pictures // 2, len(order))
    rest = order[: len(order) - num_best]
    num_random = min(params.num_pictures - num_best, len(rest))
    drawn = np.random.default_rng(seed).permutation(len(rest))[:num_random]
    chosen = {f"best_boxes_{i:02d}": order[-1 - i] for i in range(num_best)}
    chosen |= {f"random_boxes_{i:02d}": rest[place] for i, place in enumerate(drawn)}
    for name, each in chosen.items():
        draw_boxes(_show(each, params, class_names), folder / f"{name}.png")


def _show(each: FoundBox, params: LocalizationFitParams, class_names: Sequence[str]) -> DrawnBox:
    caption = f"{each.record.image.name}: IoU {each.iou:.2f}"
    if each.class_id:
        caption += f", {_name(each.class_id, class_names)} {each.score:.2f}"
        if each.class_id != each.true_class:
            caption += f" (is {_name(each.true_class, class_names)})"
    image = read_image(each.record.image, max_pixels=params.max_pixels)
    return DrawnBox(image, each.true_box, each.box, caption)


def _name(number: int, class_names: Sequence[str]) -> str:
    return class_names[number - 1] if 0 < number <= len(class_names) else ""
