"""Which data each experiment takes when the command line names none: what `synthesize.py` draws."""

from __future__ import annotations

import argparse

# Experiment -> argument -> value. `train_wrapper.py` takes `dataset`, `finetune_wrapper.py` the
# other two.
DEFAULT_DATA = {
    "training/baseline": {"format": "annotations", "dataset": "synthetic_ranked"},
    "training/localization": {"format": "coco", "dataset": "synthetic_objects"},
    "training/points": {"format": "coco", "dataset": "synthetic_noisy"},
    "training/saliency": {"format": "tags", "dataset": "synthetic_tags"},
    "training/seeds": {"format": "tags", "dataset": "synthetic_tags"},
    "training/triplets": {"format": "annotations", "dataset": "synthetic_triplets"},
    "training/video_classifier": {"format": "shots", "dataset": "synthetic_shots"},
    "finetuning/guided_segmentation": {
        "format": "tags",
        "train_data": "synthetic_tags",
        "test_data": "synthetic_tags",
    },
    "finetuning/localization": {
        "format": "coco",
        "train_data": "synthetic_objects",
        "test_data": "synthetic_objects",
    },
    "finetuning/points": {
        "format": "coco",
        "train_data": "synthetic_noisy",
        "test_data": "synthetic_test",
    },
    "finetuning/temporal_cam": {
        "format": "shots",
        "train_data": "synthetic_shots",
        "test_data": "synthetic_shots",
    },
    "finetuning/unsupervised/density_guided": {
        "format": "coco",
        "train_data": "synthetic_noisy",
        "test_data": "synthetic_test",
    },
    "finetuning/unsupervised/noisy_synth_regress": {
        "format": "annotations",
        "train_data": "synthetic_noisy",
        "test_data": "synthetic_test",
    },
}


def fill_data(args: argparse.Namespace) -> argparse.Namespace:
    """Put an experiment's own data in the place of what was not named.

    Args:
        args: a wrapper's arguments, with a known `experiment`; None where nothing was named.

    Returns:
        A copy.

    Example:
        >>> args = argparse.Namespace(experiment="training/points", format=None, dataset="cells")
        >>> filled = fill_data(args)
        >>> filled.format, filled.dataset
        ('coco', 'cells')
    """
    values = vars(args)
    defaults = DEFAULT_DATA[args.experiment]
    missing = {name for name in defaults if name in values and values[name] is None}
    return argparse.Namespace(**{**values, **{name: defaults[name] for name in missing}})


def describe_default(name: str, stage: str) -> str:
    """Say in a help text which data an argument means when it is left out.

    Args:
        name: "format", "dataset", "train_data" or "test_data".
        stage: "training" or "finetuning".

    Returns:
        "default: ..." with the last part of each experiment's name, shared values once.

    Example:
        >>> describe_default("dataset", "training")
        'default: synthetic_ranked (baseline), synthetic_objects (localization), synthetic_noisy \
(points), synthetic_tags (saliency, seeds), synthetic_triplets (triplets), synthetic_shots \
(video_classifier)'
    """
    experiments = {}
    for experiment, defaults in DEFAULT_DATA.items():
        if experiment.split("/")[0] == stage:
            experiments.setdefault(defaults[name], []).append(experiment.split("/")[-1])
    told = [f"{value} ({', '.join(names)})" for value, names in experiments.items()]
    return f"default: {', '.join(told)}"
