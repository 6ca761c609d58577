"""Opens what a run or an export left behind; `.keras` files in safe mode, without their code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

# Imported to register the layers that the models' files name.
import models.align_corners  # noqa: F401
import models.box_choices  # noqa: F401
import models.box_layers  # noqa: F401
import models.cam_decoder  # noqa: F401
import models.cell_layers  # noqa: F401
import models.count_interval  # noqa: F401
import models.fcn8  # noqa: F401
import models.imagenet_head  # noqa: F401
import models.label_pooling  # noqa: F401
import models.layers  # noqa: F401
import models.locator  # noqa: F401
import models.map_locator  # noqa: F401
import models.point_counter  # noqa: F401
import models.poolings  # noqa: F401
import models.saliency_network  # noqa: F401
import models.seeder  # noqa: F401
import models.segmenter  # noqa: F401
from config.errors import InputError

# The model that a run leaves for prediction: of counting, of point, of box, of video and of mask
# systems.
RUN_FILES = (
    "counter.keras",
    "points.keras",
    "localizer.keras",
    "decoder.keras",
    "saliency.keras",
    "segmenter.keras",
)
# The model of a run that scores classes, whose class activation maps can be drawn.
CLASSIFIER_FILES = (
    "classifier.keras",
    "decoder.keras",
    "seeds.keras",
    "localizer.keras",
    "best_localization.keras",
)
RANKER_FILE = "ranker.keras"  # of a run that orders pictures and predicts nothing of one alone
SAVED_MODEL_FOLDER = "saved_model"


def load_keras_model(path: str | Path) -> keras.Model:
    """Open a `.keras` file in safe mode: no code that the file carries is run.

    Args:
        path: the file.

    Returns:
        The model, not compiled.

    Raises:
        InputError: there is no such file, or it is broken, hostile or no Keras model.

    Example:
        >>> load_keras_model("no_such.keras")
        Traceback (most recent call last):
        ...
        config.errors.InputError: no_such.keras must be a model saved by Keras as .keras. ...
    """
    path = Path(path)
    if path.suffix != ".keras" or not path.is_file():
        raise _not_a_model(path, "no such file" if path.suffix == ".keras" else "another suffix")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a hostile file makes Keras, zipfile and h5py raise anything
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise _not_a_model(path, reason[:300]) from error
    if not isinstance(model, keras.Model):
        raise _not_a_model(path, f"a {type(model).__name__}")
    return model


def find_keras_file(model: str | Path, names: Sequence[str] = RUN_FILES) -> Path:
    """Name the `.keras` file that a run folder or a file's own path means.

    Args:
        model: a run folder that holds one of `names`, or a `.keras` file.
        names: of the files that are looked for, in that order.

    Returns:
        The file.

    Raises:
        InputError: there is none.

    Example:
        >>> find_keras_file("no_such_run")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model` must be a run folder with counter.keras ...
    """
    model = Path(model)
    if model.is_file():
        return model
    for name in names:
        if (model / name).is_file():
            return model / name
    if (model / RANKER_FILE).is_file():
        raise InputError(
            f"`--model` must be a run folder with {' or '.join(names)}. Received {model}, the run "
            "of a ranker, which only orders pictures; `python finetune_wrapper.py --model_path "
            f"{model}` makes a counter of it."
        )
    raise InputError(
        f"`--model` must be a run folder with {' or '.join(names)}, which the wrappers write, "
        f"or a .keras file. Received {model}, which "
        f"{'is neither' if model.exists() else 'is absent'}."
    )


def is_saved_model(path: str | Path) -> bool:
    """Say whether a folder is a SavedModel.

    Args:
        path: any path.

    Returns:
        True when it holds `saved_model.pb`.

    Example:
        >>> is_saved_model("no_such_folder")
        False
    """
    return (Path(path) / "saved_model.pb").is_file()


def _not_a_model(path, received):
    return InputError(
        f"{path} must be a model saved by Keras as .keras. Received: {received}; "
        "give a file that a run wrote."
    )
