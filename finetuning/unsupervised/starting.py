"""What the fits of counters begin with: parameters, the encoder, pictures, the run folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from config.schema import CountingParams
from finetuning.unsupervised.fitting import refuse_workers
from finetuning.unsupervised.pictures import RunPictures, read_pictures
from training.continued_runs import find_model_file
from training.experiment import start_seed
from training.model_files import load_encoder
from training.runs import load_run_params, open_run


@dataclass(frozen=True)
class StartedFit:
    """A counting run that is about to be fitted.

    Attributes:
        params: resolved parameters.
        model_file: of the ranker that is continued.
        encoder: the one in it.
        extractor: what gives the features that are fitted on.
        pictures: to fit on, to calibrate on and to score.
        run: run folder.

    Example:
        >>> # see `start_fit`
    """

    params: CountingParams
    model_file: Path
    encoder: keras.Model
    extractor: keras.Model
    pictures: RunPictures
    run: Path


BuildExtractor = Callable[[keras.Model, CountingParams, RunPictures], keras.Model]


def start_fit(args: argparse.Namespace, build_extractor: BuildExtractor) -> StartedFit:
    """Read all that a fit needs, refuse what cannot be used, and open the run folder.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        build_extractor: builds it from (encoder, parameters, pictures), and refuses what does not
            fit, before there is a run folder.

    Returns:
        The run.

    Raises:
        InputError: the configuration, the model or the data set cannot be used.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.train`
    """
    refuse_workers(args)
    params = load_run_params(args)
    start_seed(args.seed)
    model_file = find_model_file(args.model_path, args.experiment_dir, params.continues)
    encoder = load_encoder(model_file)
    # What `evaluate` would refuse is refused here: the pictures to score are read, too.
    pictures = read_pictures(args, params)
    extractor = build_extractor(encoder, params, pictures)
    parts = {
        "training": pictures.fitted,
        "calibration": pictures.calibration,
        "test": pictures.scored,
        "model": [model_file],
    }
    run = open_run(args, params, args.train_data, records=parts)
    return StartedFit(params, model_file, encoder, extractor, pictures, run)
