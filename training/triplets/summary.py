"""Says in the results of a run what its filter took out."""

from __future__ import annotations

from config.schema import TripletsParams
from training.triplets.filtering import DROPPED_FILE, Verdict

VERDICT_UNITS = {
    "num_dropped_lists": "lists",
    "num_shortened_lists": "lists",
    "num_dropped_pairs": "pairs",
}


def describe_verdict(verdict: Verdict, params: TripletsParams) -> list[str]:
    """Put a verdict in words, for the notes of a run's results.

    Args:
        verdict: on the training lists.
        params: resolved parameters.

    Returns:
        Sentences.

    Example:
        >>> # see `training.triplets.train`
    """
    metrics = verdict.metrics
    return [
        f"Of {len(verdict.records)} training lists {metrics['num_dropped_lists']} contradict the "
        f"mean order of {params.noise_rankers} rankers that did not learn from them and are left "
        f"out, and {metrics['num_shortened_lists']} lose some pictures; {DROPPED_FILE} lists them.",
        "rank_accuracy is of the validation lists as they are given, wrong ones among them.",
    ]
