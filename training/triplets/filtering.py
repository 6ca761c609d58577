"""Takes out of ranked lists what the mean order of several rankers contradicts."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import write_json
from config.schema import TripletsParams
from datasets.records import RankedRecord
from metrics.pair_order import pair_differences
from ops.list_noise import count_pairs, keep_in_order, mean_list_scores, standardise_scores
from reporting.order_figures import draw_pair_differences
from training.ranked_lists import RankedLists
from training.triplets.noise_rankers import Jury, number_pictures, run_ranker
from training.workers import is_chief

DROPPED_FILE = "dropped.json"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What the rankers say of N training lists of L pictures.

    Attributes:
        records: the lists.
        scores: (N, L) mean standardised scores by the rankers that did not learn from the list.
        kept: (N, L) bool, the pictures that training counts; none or at least two of a list.

    Example:
        >>> record = RankedRecord((Path("a.png"), Path("b.png")), "removed")
        >>> verdict = Verdict([record], np.array([[0.0, 1.0]]), np.array([[False, False]]))
        >>> verdict.metrics["num_dropped_lists"]
        1
    """

    records: Sequence[RankedRecord]
    scores: np.ndarray
    kept: np.ndarray

    @property
    def metrics(self) -> dict[str, float]:
        """How much was dropped, and how many pairs of all lists the mean scores put in order."""
        differences = pair_differences(self.scores)
        return {
            "num_dropped_lists": int((~self.kept.any(axis=1)).sum()),
            "num_shortened_lists": int((self.kept.any(axis=1) & ~self.kept.all(axis=1)).sum()),
            "num_dropped_pairs": int(differences.size - count_pairs(self.kept).sum()),
            "noise_rank_accuracy": float((differences > 0).mean()),
        }

    def take_kept(self, lists: RankedLists) -> RankedLists:
        """Give the lists without what is dropped.

        Args:
            lists: those that the verdict is on.

        Returns:
            The same validation lists, and the training lists of which something is left.

        Example:
            >>> # see `filter_lists`
        """
        left = np.flatnonzero(self.kept.any(axis=1))
        training = [self.records[i] for i in left]
        return dataclasses.replace(lists, training=training, kept=self.kept[left])


def filter_lists(
    lists: RankedLists, jury: Jury, args: argparse.Namespace, params: TripletsParams, run: Path
) -> Verdict:
    """Train the rankers that judge the lists, each its own stage, and judge.

    Args:
        lists: all lists.
        jury: who learns from what.
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder; gets `noise/`, `dropped.json` and a figure.

    Returns:
        The verdict.

    Raises:
        InputError: too few lists are left for a batch, or a ranker's loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.triplets.train`
    """
    scores = [
        run_ranker(number, jury, lists, args, params, run) for number in range(jury.num_rankers)
    ]
    verdict = judge_lists(lists, jury, np.stack(scores), margin=params.noise_margin)
    if is_chief():
        write_verdict(verdict, params, run, data_dir=Path(args.data_dir))
    told, num = verdict.metrics, len(verdict.records)
    dropped, shortened = told["num_dropped_lists"], told["num_shortened_lists"]
    text = "the rankers contradict %d of %d lists, and single pictures of %d others; see %s"
    _logger.info(text, dropped, num, shortened, run / DROPPED_FILE)
    if num - dropped < params.batch_size:
        raise InputError(
            f"the noise filter must leave a batch of ranked lists. Of {num} lists {dropped} "
            f"contradict the mean order of {params.noise_rankers} rankers, which leaves "
            f"{num - dropped} for a `batch_size` of {params.batch_size}; raise `noise_margin` "
            f"({params.noise_margin}), train the rankers longer (`noise_epochs`), or take "
            f"`noise_rankers` 0. {run / DROPPED_FILE} lists them."
        )
    return verdict


def judge_lists(lists: RankedLists, jury: Jury, scores: np.ndarray, *, margin: float) -> Verdict:
    """Hold the order of each list against the scores of the rankers that did not learn from it.

    Args:
        lists: all lists.
        jury: who learns from what.
        scores: (K, P) scores of `lists.training_source.paths` by each ranker.
        margin: see `ops.list_noise.keep_in_order`, in standard deviations.

    Returns:
        The verdict.

    Raises:
        ValueError: the shapes do not fit, or a score is not finite.

    Example:
        >>> # see `filter_lists`
    """
    numbers = number_pictures(lists.training, lists.training_source)
    mean = mean_list_scores(standardise_scores(scores), numbers, ~jury.learns)
    return Verdict(lists.training, mean, keep_in_order(mean, margin=margin))


def write_verdict(verdict: Verdict, params: TripletsParams, run: Path, *, data_dir: Path) -> None:
    """Write `dropped.json` and the histogram of the differences that it follows from.

    Args:
        verdict: on the training lists.
        params: resolved parameters.
        run: run folder.
        data_dir: the data folder, to which the pictures' names are relative.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> # see `filter_lists`
    """
    told = {
        "noise_rankers": params.noise_rankers,
        "noise_margin": params.noise_margin,
        "num_lists": len(verdict.records),
        **verdict.metrics,
        "kinds": _count_kinds(verdict),
        "dropped": [
            {
                "images": [os.path.relpath(image, data_dir) for image in record.images],
                "kind": record.kind,
                "scores": own.round(4),
                "kept": kept,
            }
            for record, own, kept in zip(verdict.records, verdict.scores, verdict.kept, strict=True)
            if not kept.all()
        ],
    }
    write_json(told, run / DROPPED_FILE)
    draw_pair_differences(
        pair_differences(verdict.scores),
        run / "figures" / "pair_differences.png",
        margin=params.noise_margin,
    )


def _count_kinds(verdict: Verdict) -> dict[str, dict[str, int]]:
    """Count the lists, and those dropped, by what their order comes from."""
    counted: dict[str, dict[str, int]] = {}
    for record, kept in zip(verdict.records, verdict.kept, strict=True):
        counts = counted.setdefault(record.kind, {"lists": 0, "dropped_lists": 0})
        counts["lists"] += 1
        counts["dropped_lists"] += int(not kept.any())
    return counted
