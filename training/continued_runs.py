"""Finds the run that a fine-tuning run continues, and the model it left."""

from __future__ import annotations

import argparse
from pathlib import Path

from config.errors import InputError
from training.run_folders import find_latest_run, read_run

LOCALIZER_FILE = "localizer.keras"
LOCALIZATION = ("training/localization", "finetuning/localization")
SEEDS_FILE = "seeds.keras"
SEEDS = "training/seeds"
SALIENCY_FILE = "saliency.keras"
SALIENCY = "training/saliency"
GUIDED_SEGMENTATION = "finetuning/guided_segmentation"
# Of a classifier of shots: the epoch that tells tags best, and that whose maps find objects best.
CLASSIFYING_FILE, LOCALIZING_FILE = "best_classification.keras", "best_localization.keras"
VIDEO_CLASSIFIER = "training/video_classifier"
TEMPORAL_CAM = "finetuning/temporal_cam"
# Experiments that see the data of the run that they continue, unless the command line says else,
# with what they continue and its file.
_TAKES_FROM = {
    **dict.fromkeys(LOCALIZATION, (LOCALIZATION[0], LOCALIZER_FILE)),
    GUIDED_SEGMENTATION: (SEEDS, SEEDS_FILE),
    TEMPORAL_CAM: (VIDEO_CLASSIFIER, CLASSIFYING_FILE),
}
TAKES_DATA = tuple(_TAKES_FROM)
# What of a run is continued; other experiments leave an encoder under the first of these names.
_ENCODER_FILES = "best_model_*.keras"
_FILES = {
    **dict.fromkeys(LOCALIZATION, LOCALIZER_FILE),
    SEEDS: SEEDS_FILE,
    SALIENCY: SALIENCY_FILE,
    VIDEO_CLASSIFIER: CLASSIFYING_FILE,
}


def find_model_file(
    model_path: str, experiment_dir: str, continues: str, *, option: str = "--model_path"
) -> Path:
    """Turn `--model_path`, or a parameter like it, into a file.

    Args:
        model_path: a run folder, a `.keras` file, its name without suffix (as it stands, or below
            `experiment_dir`), or "latest".
        experiment_dir: folder under which all runs lie.
        continues: the experiment whose newest finished run "latest" means, and whose model is
            wanted of a run folder.
        option: where the user gave `model_path`, for messages.

    Returns:
        The `.keras` file; of a run folder its `localizer.keras`, or its newest
        `best_model_*.keras` where an encoder is continued.

    Raises:
        InputError: there is no such run or file.

    Example:
        >>> find_model_file("no_such_model", "tests", "training/baseline")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model_path` must be a run folder, a .keras file, ...
    """
    if model_path == "latest":
        return _best_of(find_latest_run(Path(experiment_dir), continues), continues)
    for candidate in (Path(model_path), Path(experiment_dir) / model_path):
        if candidate.is_dir():
            return _best_of(candidate, continues)
        for file in (candidate, candidate.with_name(candidate.name + ".keras")):
            if file.is_file():
                return file
    raise InputError(
        f"`{option}` must be a run folder, a .keras file, its name without suffix, or latest. "
        f"Received {model_path}, which is neither here nor under {experiment_dir}."
    )


def find_run_with(file: str, model_path: str, experiment_dir: str, continues: str) -> Path:
    """Find the run whose model is trained further, or gives what another learns from.

    Args:
        file: what of it is continued: `LOCALIZER_FILE`, `SEEDS_FILE` or `CLASSIFYING_FILE`.
        model_path: as for `find_model_file`.
        experiment_dir: folder under which all runs lie.
        continues: the experiment whose newest finished run "latest" means.

    Returns:
        Its folder, which holds the file and what the run was started with.

    Raises:
        InputError: there is no such run, or it is one of an experiment without such a file.

    Example:
        >>> find_run_with(SEEDS_FILE, "no_such_run", "tests", "training/seeds")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model_path` must be a run folder, a .keras file, ...
    """
    experiments = [experiment for experiment, left in _FILES.items() if left == file]
    run = find_model_file(model_path, experiment_dir, continues).parent
    experiment = read_run(run)[0].get("experiment")
    if experiment not in experiments or not (run / file).is_file():
        raise InputError(
            f"`--model_path` must lead to a run of {' or '.join(experiments)}, with its {file}. "
            f"Received {run}, a run of {experiment}."
        )
    return run


def take_data(args: argparse.Namespace) -> argparse.Namespace:
    """Let a run that goes on from another see the data of that one.

    Args:
        args: the arguments of `finetune_wrapper.py`, completed, of one of `TAKES_DATA`.

    Returns:
        The arguments; of `data_dir`, `format`, `train_data` and `test_data` those that the command
        line does not give are that run's. Pictures to score, where those to fit on are given
        alone, come from the same data set.

    Raises:
        InputError: there is no such run.

    Example:
        >>> # see `training.model_files.name_model_file`
    """
    continues, file = _TAKES_FROM.get(vars(args).get("experiment"), _TAKES_FROM[LOCALIZATION[0]])
    run = find_run_with(file, args.model_path, args.experiment_dir, continues)
    stored, given = read_run(run)[0], vars(args).get("given", ())
    dataset = stored.get("dataset")
    data = {name: stored.get(name) for name in ("data_dir", "format")}
    data |= {name: stored.get(name, dataset) for name in ("train_data", "test_data")}
    if "train_data" in given:
        data["test_data"] = args.train_data
    taken = {name: value for name, value in data.items() if value and name not in given}
    return argparse.Namespace(**{**vars(args), **taken})


def _best_of(run: Path, continues: str) -> Path:
    wanted = _FILES.get(continues, _ENCODER_FILES)
    files = sorted(run.glob(wanted))
    if files:
        return files[-1]
    try:
        kind = f", for it is a run of {read_run(run)[0].get('experiment')}"
    except InputError:
        kind = ""
    raise InputError(f"{run}: holds no {wanted}{kind}; give a run of {continues} that finished.")
