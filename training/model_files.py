"""Names and opens the model that a fine-tuning run continues."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import keras

from config.errors import InputError
from models.encoders import STRIDES
from reporting.model_files import load_keras_model
from training.continued_runs import TAKES_DATA, find_model_file, take_data
from training.runs import load_given_params

logger = logging.getLogger(__name__)


def name_model_file(args: argparse.Namespace) -> argparse.Namespace:
    """Put the file itself in the place of what `--model_path` says.

    "latest" and a run folder mean another model after another training run; a fine-tuning run is
    told from others, its arguments are kept, and its command is repeated by the file. Experiments
    of `TAKES_DATA` take the data of the run that they continue, where the command line gives none.

    Args:
        args: a fine-tuning wrapper's arguments, completed; its configuration has `continues`.

    Returns:
        The arguments with `model_path` the path of a `.keras` file.

    Raises:
        InputError: the configuration cannot be used, or there is no such run or file.

    Example:
        >>> # see `finetune_wrapper.py`
    """
    continues = load_given_params(args).continues
    file = find_model_file(args.model_path, args.experiment_dir, continues)
    if str(file) != args.model_path:
        logger.info("continues %s", file)
    named = argparse.Namespace(**{**vars(args), "model_path": str(file)})
    return take_data(named) if args.experiment in TAKES_DATA and not args.resume else named


def load_encoder(path: Path) -> keras.Model:
    """Open an encoder, or the encoder inside a ranker or counter.

    Args:
        path: a `.keras` file.

    Returns:
        Model from pictures (B, H, W, 3) in [0, 1] to a dict of feature maps, of
        `models.encoders.STRIDES` as far as it goes.

    Raises:
        InputError: the file is no Keras model, or holds no encoder.

    Example:
        >>> load_encoder(Path("README.md"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: README.md must be a model saved by Keras as .keras. ...
    """
    return find_encoder(load_keras_model(path), path)


def find_encoder(model: keras.Model, path: Path) -> keras.Model:
    """Find the encoder in a model, or that it is one itself.

    Args:
        model: an encoder, a ranker or a counter.
        path: its file, for messages.

    Returns:
        As `load_encoder`.

    Raises:
        InputError: it holds no encoder.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        >>> find_encoder(encoder, Path("encoder.keras")) is encoder
        True
    """
    for part in (model, *model.layers, *_inner_layers(model)):
        if isinstance(part, keras.Model) and _is_encoder(part):
            return part
    raise InputError(
        f"{path}: must hold an encoder, from pictures (H, W, 3) to feature maps `stride_4` ... "
        f"Received a model named {model.name}; give a best_model_*.keras of a training run."
    )


def _is_encoder(model: keras.Model) -> bool:
    output = getattr(model, "output", None)
    return isinstance(output, dict) and any(name in output for name in STRIDES)


def _inner_layers(model: keras.Model) -> list:
    return [
        inner for layer in model.layers if isinstance(layer, keras.Model) for inner in layer.layers
    ]
