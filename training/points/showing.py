"""Shows what a counter found: a table of all pictures, drawings of the best and the worst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.files import atomic_table
from config.schema import PointFitParams
from datasets.images import read_image
from ops.class_blobs import BlobRule
from reporting.figures import draw_count_scatter, draw_error_boxplot
from reporting.point_figures import draw_points
from training.points.prediction import PictureScore, Predict, sort_by_error


def write_predictions(
    scores: Sequence[PictureScore],
    class_names: Sequence[str],
    path: Path,
    *,
    objects_per_blob: float = 1.0,
) -> Path:
    """Write a row per picture: true and predicted counts, blobs, and how many points were found.

    Args:
        scores: one per picture.
        class_names: names of the classes; two or more add columns for each.
        path: CSV file to write.
        objects_per_blob: counts are blobs times this.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_predictions([], (), Path(folder) / "a.csv").read_text()
        'image,count,predicted,error,num_blobs,num_found\\n'
    """
    columns = ["image", "count", "predicted", "error", "num_blobs", "num_found"]
    if len(class_names) > 1:
        columns += [f"{kind}_{name}" for name in class_names for kind in ("count", "predicted")]
    with atomic_table(path) as table:
        table.writerow(columns)
        for score in scores:
            true, blobs = int(score.counts.sum()), int(score.blobs.sum())
            found = sum(match.num_right for match in score.matches)
            predicted = blobs * objects_per_blob
            numbers = [true, predicted, predicted - true, blobs, found]
            if len(class_names) > 1:
                pairs = zip(score.counts, score.blobs * objects_per_blob, strict=True)
                numbers += [count for pair in pairs for count in pair]
            table.writerow([score.record.image, *(f"{number:g}" for number in numbers)])
    return path


def draw_run(
    folder: Path,
    scores: Sequence[PictureScore],
    predict: Predict,
    rule: BlobRule,
    params: PointFitParams,
    *,
    objects_per_blob: float = 1.0,
) -> None:
    """Draw count against count, errors by true count, and the worst and best pictures.

    Args:
        folder: where the figures go, in place of earlier ones.
        scores: one per picture.
        predict: gives a picture's maps.
        rule: what counts as a blob, in pixels of the picture.
        params: resolved parameters.
        objects_per_blob: counts are blobs times this.

    Raises:
        OSError: a figure cannot be written.

    Example:
        >>> # see `training.points.scoring`
    """
    for earlier in [*folder.glob("worst_*.png"), *folder.glob("best_*.png")]:
        earlier.unlink()
    counts = [score.counts.sum() for score in scores]
    predicted = [score.blobs.sum() * objects_per_blob for score in scores]
    draw_count_scatter(counts, predicted, folder / "count_scatter.png")
    draw_error_boxplot(counts, predicted, folder / "error_boxplot.png")
    order = sort_by_error(scores)
    num_worst = min(params.num_pictures - params.num_pictures // 2, len(order))
    num_best = min(params.num_pictures // 2, len(order) - num_worst)
    chosen = {f"worst_{i:02d}": score for i, score in enumerate(order[:num_worst])}
    chosen |= {f"best_{i:02d}": order[-1 - i] for i in range(num_best)}
    for name, score in chosen.items():
        maps = predict(score.record)
        draw_points(
            read_image(score.record.image, max_pixels=params.max_pixels),
            score.record.points,
            maps.label(rule),
            maps.probabilities,
            folder / f"{name}.png",
            title=score.record.image.name,
        )
