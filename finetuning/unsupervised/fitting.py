"""Fits counts on frozen features by non-negative least squares (SYRAC, stage 3)."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from config.errors import InputError
from reporting.results import read_results
from training.run_folders import is_finished
from training.workers import num_workers


def refuse_workers(args: argparse.Namespace) -> None:
    """Refuse to be started as one of several workers.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Raises:
        InputError: there are several.

    Example:
        >>> refuse_workers(argparse.Namespace(experiment="finetuning/unsupervised/any"))
    """
    if num_workers() > 1:
        raise InputError(
            f"{args.experiment} is solved in one process. Received {num_workers()} workers; start "
            "it without TF_CONFIG or `training.launch`."
        )


def read_ranker_metrics(run: Path) -> dict[str, float]:
    """Read how well the ranker that is continued put its validation lists in order.

    Args:
        run: folder of the model file.

    Returns:
        `ranker_rank_accuracy`; nothing when the folder is no finished run.

    Example:
        >>> read_ranker_metrics(Path("tests"))
        {}
    """
    if not is_finished(run):
        return {}
    metrics = read_results(run).metrics
    return {"ranker_rank_accuracy": metrics["rank_accuracy"]} if "rank_accuracy" in metrics else {}


def fit_weights(features: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Solve min ||features w - counts|| with w >= 0, without intercept.

    Args:
        features: (num_images, C), pooled features, >= 0.
        counts: (num_images,), objects.

    Returns:
        (C,) float64 weights, >= 0, objects per unit of feature.

    Raises:
        InputError: a feature is not finite, or every weight is 0 although there are objects.

    Example:
        >>> fit_weights(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 5.0]))
        array([2., 3.])

    References:
        Lawson and Hanson, "Solving Least Squares Problems", 1974, chapter 23, through SciPy.
    """
    if not np.isfinite(features).all():
        raise InputError("the encoder's features are not finite; train it again with a lower rate.")
    weights, _ = nnls(features.astype(np.float64), counts, maxiter=30 * features.shape[1])
    if counts.any() and not weights.any():
        raise InputError(
            "the encoder's features do not grow with the counts, so every weight is 0; "
            "train the encoder longer."
        )
    return weights
