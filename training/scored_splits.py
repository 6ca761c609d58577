"""Keeps apart what a run reached on test pictures and on validation pictures."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.boxes import BoxSplits
from datasets.shots import ShotSplits
from datasets.tags import TagSplits
from reporting.results import RESULTS_FILE, Results, read_results

PREFIX = "val_"  # of a metric on validation pictures
_SCORED = "Scored on the "
_BESIDE = "_val"  # before the suffix of what is of validation pictures, beside the test's
_NAMES = ("predictions.csv", "figures", "predictions", "scores.json", "boxes.csv", "videos")
_NAMES += ("shots.csv",)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where the files of a scoring go, and what the run reached before.

    Attributes:
        run: run folder.
        beside: whether the files lie beside those of the test pictures, under other names.
        earlier: results whose other split still holds; None for none.

    Example:
        >>> Place(Path("run"), beside=True).predictions.name
        'predictions_val.csv'
    """

    run: Path
    beside: bool = False
    earlier: Results | None = None

    @property
    def predictions(self) -> Path:
        """CSV file."""
        return self.find(_NAMES[0])

    @property
    def figures(self) -> Path:
        """Folder."""
        return self.find(_NAMES[1])

    def find(self, name: str) -> Path:
        """Name a file or a folder of the scoring.

        Args:
            name: of that of the test pictures; one that `choose_place` knows to remove.

        Returns:
            Its path in the run folder.

        Example:
            >>> Place(Path("run"), beside=True).find("scores.json").as_posix()
            'run/scores_val.json'
        """
        path = self.run / name
        return path.with_stem(path.stem + _BESIDE) if self.beside else path

    def clear(self) -> None:
        """Remove what an earlier scoring left there.

        Raises:
            OSError: it cannot be removed.

        Example:
            >>> Place(Path("absent"), beside=True).clear()
        """
        for path in map(self.find, _NAMES):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def choose_scored(
    splits: BoxSplits | TagSplits | ShotSplits, split: str = "test"
) -> tuple[list, str]:
    """Choose the pictures to score.

    Args:
        splits: of a run.
        split: "test" or "val".

    Returns:
        (records, "test" or "val"): "val" also where there are no test pictures.

    Example:
        >>> choose_scored(BoxSplits([], [], [], ()), "val")
        ([], 'val')
    """
    if split == "test" and splits.test:
        return splits.test, "test"
    if split == "test":
        logger.warning("there are no test pictures; the validation pictures are scored instead")
    return splits.validation, "val"


def choose_place(
    run: Path, asked: str | None, settings: Mapping[str, float] | None = None
) -> Place:
    """Choose where the files of a scoring go.

    The report shows `predictions.csv` and `figures/`. They are the test pictures' (where a run has
    none, the validation pictures'), so validation pictures that are scored again leave
    `predictions_val.csv` and `figures_val/` beside them. But where a setting is not what it was,
    earlier numbers and files no longer hold, whatever they are of: new ones take their place.
    Likewise `predictions/`, `scores.json`, `shots.csv`, `boxes.csv` and `videos/` of runs that
    have them.

    Args:
        run: run folder.
        asked: "test" or "val" for a run that is scored again; None for one just trained.
        settings: metrics that say by which settings all others came about.

    Returns:
        The place.

    Raises:
        InputError: the run's `results.json` cannot be used.
        OSError: files that no longer hold cannot be removed.

    Example:
        >>> choose_place(Path("run"), "val").predictions.as_posix()
        'run/predictions.csv'
    """
    known = asked is not None and (run / RESULTS_FILE).is_file()
    earlier = read_results(run) if known else None
    if earlier and any(earlier.metrics.get(k) != v for k, v in (settings or {}).items()):
        logger.warning("%s: other settings than before; earlier metrics are dropped", run)
        earlier = None
    if not earlier:
        Place(run, beside=True).clear()
    return Place(run, beside=bool(earlier) and asked == "val", earlier=earlier)


def name_by_split(values: Mapping[str, object], split: str) -> dict[str, object]:
    """Name metrics, or their units, after the split they are of.

    Args:
        values: by the metric's name.
        split: "test" or "val".

    Returns:
        The values; the names of "val" begin with `val_`.

    Example:
        >>> name_by_split({"mae": 1.0}, "val")
        {'val_mae': 1.0}
    """
    return {f"{PREFIX if split == 'val' else ''}{name}": value for name, value in values.items()}


def describe_scored(split: str, num_images: int, expect: str) -> str:
    """Say in words on which pictures a run was scored.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        expect: what to expect of pictures other than those of validation.

    Returns:
        A sentence for the report.

    Example:
        >>> describe_scored("test", 9, "less")
        'Scored on the 9 test pictures.'
    """
    if split == "test":
        return f"{_SCORED}{num_images} test pictures."
    return (
        f"{_SCORED}{num_images} validation pictures, on which the best epoch was chosen: expect "
        f"{expect} on others. These metrics are named {PREFIX}."
    )


def join_earlier(
    earlier: Results | None,
    split: str,
    metrics: Mapping[str, float],
    units: Mapping[str, str],
    notes: Sequence[str],
) -> tuple[dict[str, float | None], dict[str, str], list[str]]:
    """Put what a run reached on the other split beside what it reaches now.

    Args:
        earlier: of `Place`; None for nothing.
        split: "test" or "val", that of the new values.
        metrics: the new ones, named by `name_by_split`.
        units: of them.
        notes: sentences of the report, one of them from `describe_scored`.

    Returns:
        (metrics, units, notes), those of the test pictures first.

    Example:
        >>> join_earlier(None, "test", {"mae": 1.0}, {}, [])
        ({'mae': 1.0}, {}, [])
    """
    if earlier is None:
        return dict(metrics), dict(units), list(notes)
    is_val = split == "val"
    kept = {
        name: value
        for name, value in earlier.metrics.items()
        if name.startswith(PREFIX) != is_val and name not in metrics
    }
    told = [
        note
        for note in earlier.notes
        if kept and note.startswith(_SCORED) and ("validation pictures" in note) != is_val
    ]
    units = {**{name: unit for name, unit in earlier.units.items() if name in kept}, **units}
    if is_val:
        return {**kept, **metrics}, units, [*told, *notes]
    return {**metrics, **kept}, units, [*notes[:1], *told, *notes[1:]]
