"""Puts values in the place of what a configuration leaves to the head or to another run."""

from __future__ import annotations

import argparse
import dataclasses
import logging
from pathlib import Path
from typing import Any

from config.loader import find_schema, params_from_dict
from config.localization_variants import fill_published, list_unused
from config.schema import (
    GuidedSegmentationParams,
    LocalizationFinetuneParams,
    LocalizationFitParams,
    LocalizationParams,
    TemporalCamParams,
)
from training.continued_runs import (
    CLASSIFYING_FILE,
    LOCALIZER_FILE,
    SALIENCY,
    SEEDS_FILE,
    find_model_file,
    find_run_with,
)
from training.run_folders import read_run
from training.seeds.tag_names import read_tag_names

# What of a run of seeds says which pictures it sees; its classes stand in its `tags.json`.
SEEN_DATA = ("test_fraction", "validation_fraction", "split_seed")
AS_CONTINUED = "continued"
SEEN_SHOTS = (*SEEN_DATA, "shot_tags")  # the same of a video classifier
logger = logging.getLogger(__name__)
LESS_TO_FINE_TUNE = 10  # the learning rate of a run over that of the run that continues it


def resolve_params(params: Any, args: argparse.Namespace) -> Any:
    """Replace what stands for a value that is written elsewhere; other parameters stay.

    A localizer's null is the published value of its head, or that of the run that it continues;
    `--patience`, where it is given, is its patience. The log names options that were given and have
    no effect on the head or with the schedule. A guided segmentation takes from the run of seeds
    what data it sees, and a temporal CAM from that of a video classifier.

    Args:
        params: as the configuration says.
        args: the wrapper's arguments.

    Returns:
        The parameters that a run keeps.

    Raises:
        InputError: the run that is continued cannot be used.

    Example:
        >>> from config.loader import load_params
        >>> params = load_params(Path("config"), "training/localization", ["head=mask"])
        >>> resolve_params(params, argparse.Namespace()).batch_size
        8
    """
    if isinstance(params, GuidedSegmentationParams):
        return _fill_from_seeds(params, args)
    if isinstance(params, TemporalCamParams):
        return _fill_from_classifier(params, args)
    if not isinstance(params, LocalizationFitParams):
        return params
    if "patience" in vars(args).get("given", ()):
        params = dataclasses.replace(params, patience=args.patience)
    if isinstance(params, LocalizationParams):
        params = fill_published(params)
        given = {text.split("=")[0].strip() for text in vars(args).get("overrides", ())}
        for unused in list_unused(params, given):
            logger.warning(unused)
        return params
    return _fill_from_run(params, args)


def _fill_from_run(
    params: LocalizationFinetuneParams, args: argparse.Namespace
) -> LocalizationFinetuneParams:
    """Take what is null from the run that is continued."""
    run = find_run_with(LOCALIZER_FILE, args.model_path, args.experiment_dir, params.continues)
    continued = read_continued_params(run)
    known = {item.name for item in dataclasses.fields(continued)}
    missing = {name for name, value in vars(params).items() if value is None and name in known}
    values = {name: getattr(continued, name) for name in missing}
    if "learning_rate" in missing:
        values["learning_rate"] = continued.learning_rate / LESS_TO_FINE_TUNE
    if params.optimizer not in (None, continued.optimizer):
        values.pop("momentum", None)  # that of another optimizer
    if (params.schedule or continued.schedule) == "cosine" and "learning_rate_decay" in missing:
        values["learning_rate_decay"] = 0.0
    return dataclasses.replace(params, **values)


def _fill_from_seeds(
    params: GuidedSegmentationParams, args: argparse.Namespace
) -> GuidedSegmentationParams:
    """Take what is null of the data from the run of seeds, and name the saliency model's file."""
    run = find_run_with(SEEDS_FILE, args.model_path, args.experiment_dir, params.continues)
    continued = read_continued_params(run)
    missing = {name for name in SEEN_DATA if getattr(params, name) is None}
    values = {name: getattr(continued, name) for name in missing}
    if params.classes is None:  # not as configured: commonest:N may be others of other data
        values["classes"] = read_tag_names(run)
    if params.masks == AS_CONTINUED:
        values["masks"] = continued.masks
    if params.saliency_model:
        file = find_model_file(params.saliency_model, args.experiment_dir, SALIENCY)
        values["saliency_model"] = str(file)
    return dataclasses.replace(params, **values)


def _fill_from_classifier(params: TemporalCamParams, args: argparse.Namespace) -> TemporalCamParams:
    """Take what is null of the data from the run of a video classifier."""
    run = find_run_with(CLASSIFYING_FILE, args.model_path, args.experiment_dir, params.continues)
    continued = read_continued_params(run)
    missing = [name for name in SEEN_SHOTS if getattr(params, name) is None]
    return dataclasses.replace(params, **{name: getattr(continued, name) for name in missing})


def read_continued_params(run: Path) -> Any:
    """Read the parameters of a run that is continued.

    Args:
        run: its folder.

    Returns:
        Its resolved parameters.

    Raises:
        InputError: the folder is no run, or its parameters cannot be used.

    Example:
        >>> read_continued_params(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a run folder, with args.json and hyperparams.json.
    """
    arguments, values = read_run(run)
    schema = find_schema(arguments.get("experiment"), where=f"{run}: ")
    return params_from_dict(schema, values, where=str(run))
