"""Tells CorLoc of maps tag by tag and shot by shot, with the number of frames behind each share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.files import atomic_table
from datasets.records import ShotRecord
from reporting.corloc_figures import draw_corloc_table
from training.video_classifier.summary import Localization

SHOT_TABLE = "shots.csv"
_TITLE = "CorLoc, % of the n frames with a true box"
_MEANS = {"per_class": "corloc_macro", "per_shot": "corloc_shots"}
_FIGURES = {"per_class": "corloc_tags.png", "per_shot": "corloc_shots.png"}


def write_shot_table(
    found: Mapping[str, Localization], shots: Sequence[ShotRecord], path: Path
) -> Path:
    """Write a row per shot: its tag, its frames with a true box, CorLoc of every method there.

    Args:
        found: {method: how right its boxes are}; {} where no frame has a true box, which leaves
            the heads of the columns alone.
        shots: those scored.
        path: CSV file to write. `<method>_corloc` is at the threshold that is best for all frames
            scored, `<method>_label_free_corloc` at the one chosen without boxes, both in [0, 1];
            empty for a shot without a true box.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> at = [{"per_shot": {"a": {"corloc": c, "num_frames": 4}}} for c in (0.75, 0.5)]
        >>> shots = [ShotRecord("a", (Path("1.jpg"),), 1, ("cat",))]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_shot_table({"cam": Localization(*at)}, shots, Path(folder) / "a.csv")
        ...     path.read_text().split()
        ['shot,tag,num_frames,cam_corloc,cam_label_free_corloc', 'a,cat,4,0.75,0.5']
    """
    columns = {}
    for name, each in found.items():
        columns[f"{name}_corloc"] = each.oracle["per_shot"]
        columns[f"{name}_label_free_corloc"] = each.label_free["per_shot"]
    rows = [["shot", "tag", "num_frames", *columns]]
    for shot in shots if columns else ():
        cells = [column[shot.name] for column in columns.values()]
        shares = ["" if math.isnan(cell["corloc"]) else f"{cell['corloc']:.6g}" for cell in cells]
        rows.append([shot.name, shot.class_name, cells[0]["num_frames"], *shares])
    with atomic_table(path) as table:
        table.writerows(rows)
    return path


def draw_corloc_tables(folder: Path, found: Mapping[str, Localization]) -> None:
    """Draw CorLoc of every method by tag and by shot, at the best threshold and without labels.

    Args:
        folder: `corloc_tags.png` and `corloc_shots.png` go there; it is made.
        found: {method: how right its boxes are}, at least one.

    Raises:
        ValueError: there is no method.
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.temporal_cam.showing`
    """
    columns = {}
    for name, each in found.items():
        for kind, result in (("best", each.oracle), ("no labels", each.label_free)):
            columns[f"{name}\n{kind}"] = result
    for group, file in _FIGURES.items():
        tables = {}
        for name, result in columns.items():
            tables[name] = {
                _count(key, each["num_frames"]): each["corloc"]
                for key, each in result[group].items()
            }
            tables[name][_count("all frames", result["num_frames"])] = result["corloc_micro"]
            tables[name]["mean"] = result[_MEANS[group]]
        draw_corloc_table(tables, folder / file, title=_TITLE)


def _count(name: str, num_frames: int) -> str:
    return f"{name} (n = {num_frames})"
