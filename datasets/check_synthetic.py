"""Measures how true a made data set is, where the true counts are known: orders, or counts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from datasets.json_files import read_json, take
from datasets.records import CountRecord, RankedRecord
from datasets.scene_folder import ANNOTATIONS, read_method
from datasets.split_rules import SPLITS

TRUE_COUNTS = "true_counts.json"
_REASONS = {
    "crops": "its pictures come from photos without labels; `--format` and `--dataset` name photos "
    "that have some",
    "diffusion": "a diffusion model drew or repainted its pictures, and nobody counted what they "
    "truly show",
}


class NoTrueCounts(InputError):
    """A data set's true counts are not known, so there is nothing to measure it by."""


@dataclass(frozen=True)
class OrderCheck:
    """How the pairs of one kind lie; a list of L pictures has L (L - 1) / 2 pairs.

    Attributes:
        kind: `info.type`; "" where none is told.
        num_lists: ranked lists, or pairs.
        num_pairs: their pairs of two pictures whose true counts are known.
        in_order: share of the pairs whose first picture truly shows more.
        ties: share of those that show the same number.

    Example:
        >>> OrderCheck("crops", 1, 4, 0.5, 0.25).wrong
        0.25
    """

    kind: str
    num_lists: int
    num_pairs: int
    in_order: float
    ties: float

    @property
    def wrong(self) -> float:
        """Share of the pairs whose second picture truly shows more."""
        return max(0.0, 1.0 - self.in_order - self.ties)


@dataclass(frozen=True)
class CountCheck:
    """How far the listed counts of one split are from the true ones.

    Attributes:
        split: "train", "val" or "test".
        num_pictures: pictures whose true count is known.
        bias: mean of listed minus true count.
        mae: mean absolute difference.
        relative: mean of the absolute difference over the true count, of the pictures whose true
            count is not 0; NaN where there are none.

    Example:
        >>> CountCheck("train", 2, 0.5, 0.5, 0.1).mae
        0.5
    """

    split: str
    num_pictures: int
    bias: float
    mae: float
    relative: float


def check_synthetic(folder: Path) -> list[OrderCheck] | list[CountCheck]:
    """Measure the orders or the counts that a data set lists by `true_counts.json`.

    Args:
        folder: the data set's folder, with `annotations.json`; its names are relative to the
            folder around it.

    Returns:
        A row for each kind of ranked list, or for each split of counted pictures.

    Raises:
        NoTrueCounts: no true count is known of what is listed.
        InputError: a file is absent or cannot be read.

    Example:
        >>> import tempfile
        >>> from datasets.synthetic_files import SceneSettings, write_ranked
        >>> folder = write_ranked(Path(tempfile.mkdtemp()), 2, SceneSettings(max_count=3))
        >>> [(row.kind, row.num_pairs, row.in_order) for row in check_synthetic(folder)]
        [('moved', 2, 1.0), ('removed', 2, 1.0)]
    """
    folder = Path(folder).resolve()
    annotations = read_json(folder / ANNOTATIONS)
    splits = annotations if isinstance(annotations, dict) else {"train": annotations}
    true = _read_true_counts(folder)
    items = [each for part in splits.values() if isinstance(part, list) for each in part]
    counted = bool(items) and isinstance(items[0], dict) and "count" in items[0]
    read = read_counted_annotations if counted else read_ranked_annotations
    records = {
        split: read(folder.parent, folder.name, split) for split in SPLITS if splits.get(split)
    }
    rows = _check_counts(records, true) if counted else _check_orders(records, true)
    if not rows:
        raise NoTrueCounts(
            f"`{folder / TRUE_COUNTS}` must tell the counts of the pictures that {ANNOTATIONS} "
            "lists. It tells none of them."
        )
    return rows


def describe_check(rows: Sequence[OrderCheck] | Sequence[CountCheck]) -> str:
    """Lay the rows out as a table.

    Args:
        rows: from `check_synthetic`.

    Returns:
        Lines of text.

    Example:
        >>> print(describe_check([OrderCheck("crops", 10, 60, 0.95, 0.05)]))
        type   lists  pairs  in order   ties  wrong
        crops     10     60    95.0 %  5.0 %  0.0 %
    """
    if isinstance(rows[0], OrderCheck):
        table = [("type", "lists", "pairs", "in order", "ties", "wrong")]
        table += [
            (
                row.kind or "-",
                str(row.num_lists),
                str(row.num_pairs),
                *(f"{100 * share:.1f} %" for share in (row.in_order, row.ties, row.wrong)),
            )
            for row in rows
        ]
    else:
        table = [("split", "pictures", "bias", "mean error", "relative")]
        table += [
            (
                row.split,
                str(row.num_pictures),
                f"{row.bias:+.2f}",
                f"{row.mae:.2f}",
                "-" if np.isnan(row.relative) else f"{100 * row.relative:.1f} %",
            )
            for row in rows
        ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in table
    )


def _find_reason(folder: Path) -> str:
    """Say why a data set tells no true counts, as far as it tells what made it."""
    method = read_method(folder) or ""
    return _REASONS.get(method, "it does not say how many objects its pictures show")


def _read_true_counts(folder: Path) -> dict[Path, float]:
    """Return the true count of each picture."""
    path = folder / TRUE_COUNTS
    if not path.is_file():
        why = _find_reason(folder)
        raise NoTrueCounts(f"`{folder}` must hold {TRUE_COUNTS} to be checked. It has none: {why}.")
    listed = read_json(path)
    if not isinstance(listed, list):
        raise InputError(f"`{path}` must be a list of pictures. It holds none.")
    counts = {}
    for i, item in enumerate(listed):
        name = take(item, "image", str, f"`{path}` item {i}")
        counts[folder.parent / name.lstrip("/")] = take(
            item, "count", (int, float), f"`{path}` item {i}"
        )
    return counts


def _check_orders(
    records: dict[str, list[RankedRecord]], true: dict[Path, float]
) -> list[OrderCheck]:
    """Measure the lists of all splits by their kind."""
    lists = [record for part in records.values() for record in part]
    rows = []
    for kind in sorted({record.kind for record in lists}):
        members = [record for record in lists if record.kind == kind]
        known = [[true[image] for image in each.images if image in true] for each in members]
        differences = np.array(
            [first - second for each in known for first, second in itertools.combinations(each, 2)]
        )
        if len(differences):
            shares = float((differences > 0).mean()), float((differences == 0).mean())
            rows.append(OrderCheck(kind, len(members), len(differences), *shares))
    return rows


def _check_counts(
    records: dict[str, list[CountRecord]], true: dict[Path, float]
) -> list[CountCheck]:
    rows = []
    for split, members in records.items():
        known = [(each.count, true[each.image]) for each in members if each.image in true]
        if known:
            said, truth = np.array(known, np.float64).T
            errors = np.abs(said - truth)
            some = truth > 0
            relative = float((errors[some] / truth[some]).mean()) if some.any() else float("nan")
            bias = float((said - truth).mean())
            rows.append(CountCheck(split, len(known), bias, float(errors.mean()), relative))
    return rows
