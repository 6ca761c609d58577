"""The fourth stage: a network learns the guide labels; the epoch is chosen by held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from datasets.guide_pipeline import (
    AUGMENTED_DETAIL,
    GuidePictures,
    make_guide_dataset,
    make_guide_sample_loader,
)
from datasets.images import read_labels
from datasets.job_pool import run_threads
from datasets.pipeline import count_steps, make_sample_dataset
from finetuning.guided_segmentation.model import IGNORE, MONITOR, build_models
from finetuning.guided_segmentation.stages import Chain
from losses.partial_cross_entropy import balance_classes
from training.engine_options import read_engine_options
from training.experiment import FitPlan, fit, start_seed

SEGMENTER_FILE = "segmenter.keras"


def list_rounds(run: Path, rounds: int) -> list[Path]:
    """Name the folder in which each round trains; the last one's is the run folder itself.

    Args:
        run: run folder.
        rounds: 1 or 2.

    Returns:
        A folder per round.

    Example:
        >>> [path.as_posix() for path in list_rounds(Path("run"), 2)]
        ['run/round_1', 'run']
    """
    return [run / f"round_{number}" for number in range(1, rounds)] + [run]


def fit_segmenter(chain: Chain, guides: Sequence[Path], folder: Path, seeds: Path) -> dict:
    """Train a segmenter on label maps and keep its best weights.

    The best epoch is the one that agrees most (mean IoU over labelled cells) with the labels of
    the validation pictures, which are made like those it learns from: no mask is looked at.

    Args:
        chain: the run.
        guides: label map of each of its records.
        folder: where `segmenter.keras`, `results.csv` and the checkpoints go.
        seeds: `seeds.keras` of the run that is continued.

    Returns:
        What `fit.json` holds but for the time.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `finetuning.guided_segmentation.train`
    """
    args, params = chain.args, chain.params
    options = read_engine_options(args)
    folder.mkdir(parents=True, exist_ok=True)
    start_seed(args.seed)
    steps = count_steps(chain.num_training, batch_size=params.batch_size)
    parts = {"num_steps": steps * params.epochs * options.accumulate}
    parts["accumulate"] = options.accumulate
    weights = _weigh_classes(chain, guides[: chain.num_training])
    segmenter, trained = build_models(
        params, chain.class_names, seeds, **parts, class_weights=weights
    )
    training, validation = (_open_pictures(chain, guides, part) for part in ("training", "held"))
    load = make_guide_sample_loader(training, augment=params.augment)
    plan = FitPlan(
        run=folder,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={SEGMENTER_FILE: segmenter},
        monitor=MONITOR,
        patience=args.patience,
        options=options,
    )
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    make = partial(make_sample_dataset, chain.num_training, load, seed=args.seed, **order)
    held_out = make_guide_dataset(validation, batch_size=params.batch_size)
    history = fit(trained, lambda step: make(first_step=step), held_out, plan)
    told = {
        "class_names": list(chain.class_names),
        "num_training_images": chain.num_training,
        "num_validation_images": len(chain.records) - chain.num_training,
        "num_epochs": len(history),
        "best_val_mean_iou": float(np.nanmax([row[MONITOR] for row in history])),
    }
    return told


def _weigh_classes(chain: Chain, guides: Sequence[Path]) -> tuple[float, ...] | None:
    """Count the pixels of each label; None where all weigh alike."""
    if not chain.params.class_balance:
        return None
    num_labels = len(chain.class_names) + 1

    def count(guide: Path) -> np.ndarray:
        labels = read_labels(guide, max_pixels=chain.params.max_pixels)
        return np.bincount(labels[labels != IGNORE].ravel(), minlength=num_labels)

    counted = run_threads(count, guides, workers=chain.args.workers)
    bar = tqdm(counted, "counting labels", len(guides), unit=" pictures", delay=2, disable=None)
    return balance_classes(sum(bar), power=chain.params.class_balance)


def _open_pictures(chain: Chain, guides: Sequence[Path], part: str) -> GuidePictures:
    params, training = chain.params, part == "training"
    chosen = slice(chain.num_training) if training else slice(chain.num_training, None)
    return GuidePictures(
        chain.records[chosen],
        guides[chosen],
        params.image_size,
        resize=params.resize,
        detail=AUGMENTED_DETAIL if training and params.augment != "none" else 1.0,
        max_pixels=params.max_pixels,
        cache=chain.args.cache,
        cache_dir=Path(chain.args.experiment_dir) / "cache",
    )
