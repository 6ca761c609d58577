"""Weights of encoders: what Keras publishes, and files of several forms."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import h5py
import keras

from config.errors import InputError

IMAGENET_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)


def download_network(builder: Callable, model_name: str, options: Mapping[str, Any]) -> keras.Model:
    """Build a network of Keras with the weights that it publishes.

    Args:
        builder: function of `keras.applications`.
        model_name: what the messages call it.
        options: its arguments but for the weights; `alpha` among them where it has one.

    Returns:
        The network.

    Raises:
        InputError: there are no weights of that `alpha`, or no connection.

    Example:
        >>> download_network(keras.applications.MobileNetV2, "mobilenet_v2", {"alpha": 0.6})
        Traceback (most recent call last):
        ...
        config.errors.InputError: `alpha` must be one of (0.35, 0.5, 0.75, 1.0, 1.3, 1.4) with ...
    """
    if options.get("alpha", 1.0) not in IMAGENET_ALPHAS:
        raise InputError(
            f'`alpha` must be one of {IMAGENET_ALPHAS} with `weights` "imagenet". '
            f"Received {options['alpha']}; use one of these, or `weights` null."
        )
    try:
        # Keras warns that it takes the weights trained at 224 x 224, which fit any size.
        with warnings.catch_warnings(action="ignore"):
            return builder(weights="imagenet", **options)
    except Exception as error:
        # `keras.utils.get_file` wraps a failed connection in a plain Exception.
        failed_download = str(error).startswith("URL fetch failure")
        if not failed_download and not isinstance(error, (OSError, HTTPException)):
            raise
        raise InputError(
            f'`weights` "imagenet" of {model_name} could not be downloaded ({error}). Connect to '
            "the internet, or give `weights` null for random ones or the path of a weights file."
        ) from error


def load_weights_file(encoder: keras.Model, path: Path, alpha: float = 1.0) -> None:
    """Load the weights of an encoder without its classifier.

    Args:
        encoder: gets the weights.
        path: `.weights.h5`, Keras' published `no_top` `.h5`, or an encoder saved as `.keras`.
        alpha: its width multiplier, for the message.

    Raises:
        InputError: there is no such file, or it does not hold the weights of this encoder.

    Example:
        >>> load_weights_file(keras.Sequential(), Path("absent.h5"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `weights` must be null, "imagenet" or the path of a weights ...
    """
    if not path.is_file():
        raise InputError(
            '`weights` must be null, "imagenet" or the path of a weights file. '
            f"Received '{path}', which is not a file."
        )
    try:
        # Keras warns of every layer that a wrong file lacks; the error below says it once.
        with warnings.catch_warnings(action="ignore"):
            encoder.load_weights(path)
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        kind = encoder.name + (f" with `alpha` {alpha}" if encoder.name == "mobilenet_v2" else "")
        raise InputError(
            f"`weights`: '{path}' does not hold the weights of {kind} without its classifier. It "
            "must be a .h5, .weights.h5 or .keras file of this encoder, not of another one or "
            f"another `alpha`.{_tell_alpha(path)}"
        ) from error


def _tell_alpha(path):
    """Say which `alpha` a weights file of MobileNetV2 fits; "" where that cannot be seen."""
    shapes = []
    try:
        with h5py.File(path) as file:
            file.visititems(lambda _, item: shapes.append(getattr(item, "shape", ())))
    except (OSError, ValueError, KeyError, RuntimeError):
        return ""
    # The widest 1 x 1 kernel that makes a third of what it gets ends the last bottleneck: 320.
    kernels = [shape for shape in shapes if len(shape) == 4 and shape[:2] == (1, 1)]
    width = max((after for *_, before, after in kernels if before == 3 * after), default=0)
    fitting = [alpha for alpha in IMAGENET_ALPHAS if round(320 * alpha) == width]
    return f" It is as wide as mobilenet_v2 with `alpha` {fitting[0]}." if fitting else ""
