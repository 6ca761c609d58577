"""Shows what a saliency network says: a table of all pictures, and a sheet of some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from config.files import atomic_table
from datasets.images import read_image
from ops.grabcut import refine_with_grabcut
from ops.saliency import robust_background_saliency
from reporting.mask_figures import draw_sheet, overlay_labels, overlay_saliency
from training.saliency.baselines import BASELINES, read_truth
from training.saliency.prediction import ScoredPicture

SHEET_FILE = "saliency_sheet.png"
_TITLES = ("picture", "truth", "RBD + GrabCut", "network")


def write_predictions(scored: Sequence[ScoredPicture], path: Path) -> Path:
    """Write a row per picture: the scores of the network, and the IoU of what needs none.

    Args:
        scored: one per picture.
        path: CSV file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_predictions([], Path(folder) / "a.csv").read_text()
        'image,iou,mae,f_measure,rbd_iou,rbd_grabcut_iou\\n'
    """
    with atomic_table(path) as table:
        names = ("iou", "mae", "f_measure")
        table.writerow(["image", *names, *(f"{baseline}_iou" for baseline in BASELINES)])
        for each in scored:
            values = [each.scores["network"][name] for name in names]
            values += [each.scores[baseline]["iou"] for baseline in BASELINES]
            table.writerow([each.record.image, *(f"{value:.6g}" for value in values)])
    return path


def draw_run(
    folder: Path,
    scored: Sequence[ScoredPicture],
    call: Callable[[np.ndarray], np.ndarray],
    *,
    num_pictures: int,
    seed: int,
    max_pixels: int,
) -> None:
    """Draw the worst pictures and some at random on one sheet, beside truth and baseline.

    Args:
        folder: the sheet goes there; it is made.
        scored: one per picture, at least one.
        call: of `training.saliency.prediction.trace_model`.
        num_pictures: how many, half of them the worst; 0 for no sheet.
        seed: draws the random ones.
        max_pixels: larger pictures are refused.

    Raises:
        InputError: a picture cannot be read any more.
        OSError: the figure cannot be written.

    Example:
        >>> # see `training.saliency.scoring`
    """
    order = sorted(scored, key=lambda each: each.scores["network"]["iou"])
    num_worst = min(num_pictures // 2, len(order))
    rest = order[num_worst:]
    drawn = np.random.default_rng(seed).permutation(len(rest))[: num_pictures - num_worst]
    chosen = [*order[:num_worst], *(rest[place] for place in drawn)]
    if chosen:
        rows = [_show(each, call, max_pixels) for each in chosen]
        draw_sheet(rows, _TITLES, folder / SHEET_FILE)


def _show(each: ScoredPicture, call: Callable, max_pixels: int) -> tuple[str, list[np.ndarray]]:
    image = read_image(each.record.image, max_pixels=max_pixels)
    truth = read_truth(each.record, each.labels, image.shape[:2], max_pixels=max_pixels)
    refined = refine_with_grabcut(image, robust_background_saliency(image))
    pictures = [
        image,
        overlay_labels(image, np.where(truth == 255, 255, truth != 0)),
        overlay_saliency(image, refined),
        overlay_saliency(image, call(image[np.newaxis])[0]),
    ]
    scores = each.scores["network"]["iou"], each.scores["rbd_grabcut"]["iou"]
    return f"{each.record.image.name}: {scores[0]:.2f} ({scores[1]:.2f})", pictures
