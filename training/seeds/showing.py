"""Shows what a seeder found: a table of scores, the curves of its seeds, a contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.files import atomic_table
from config.schema import SeedsParams
from datasets.images import read_image
from datasets.label_maps import read_label_map
from ops.seeds import seed_labels
from reporting.mask_figures import draw_sheet, overlay_labels, overlay_saliency
from reporting.seed_figures import draw_seed_curves
from training.seeds.heat_maps import FoundMaps, enlarge_maps

_TITLES = ("picture", "heat", "seeds", "truth")


def write_scores(found: Sequence[FoundMaps], class_names: Sequence[str], path: Path) -> Path:
    """Write a row per picture: its tags, and the score of every tag.

    Args:
        found: one per picture.
        class_names: names of tags 1 to K.
        path: CSV file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_scores([], ["cat"], Path(folder) / "a.csv").read_text()
        'image,tags,score_cat\\n'
    """
    with atomic_table(path) as table:
        table.writerow(["image", "tags", *(f"score_{name}" for name in class_names)])
        for each in found:
            scores = [f"{score:.6g}" for score in each.scores]
            table.writerow([each.record.image, ";".join(each.record.names), *scores])
    return path


def draw_run(
    folder: Path,
    found: Sequence[FoundMaps],
    confusions: np.ndarray | None,
    params: SeedsParams,
    *,
    threshold: float,
    seed: int,
) -> None:
    """Draw the seeds of random pictures on one sheet and, with masks, precision over recall.

    Args:
        folder: the figures go there; it is made.
        found: one per picture, at least one.
        confusions: of `training.seeds.summary.count_seeds`; None without masks.
        params: resolved parameters.
        threshold: of the seeds.
        seed: draws the pictures.

    Raises:
        InputError: a picture cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `training.seeds.scoring`
    """
    names = found[0].record.class_names
    if confusions is not None:
        draw_seed_curves(confusions, names, folder / "seed_curves.png")
    drawn = np.random.default_rng(seed).permutation(len(found))[: params.num_pictures]
    rows = [_show(found[number], params, threshold) for number in sorted(drawn)]
    if rows:
        draw_sheet(rows, _TITLES, folder / "seed_sheet.png")


def _show(each: FoundMaps, params: SeedsParams, threshold: float) -> tuple[str, list]:
    record = each.record
    image = read_image(record.image, max_pixels=params.max_pixels)
    heat = enlarge_maps(each.maps, each.size, params.image_size)
    seeds, confidence = seed_labels(heat, record.tags, threshold=threshold)
    truth = None
    if record.mask is not None:
        labels = read_label_map(record, each.size, max_pixels=params.max_pixels)
        truth = overlay_labels(image, labels)
    name = f"{record.image.name}: {', '.join(record.names) or 'no tag'}"
    shown = overlay_saliency(image, confidence)
    return name, [image, shown, overlay_labels(image, seeds), truth]
