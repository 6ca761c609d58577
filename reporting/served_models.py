"""Opens the model that a run serves, with what is to be known of it beside its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keras

from models.tagger import build_tagger
from reporting.model_files import RUN_FILES, find_keras_file, load_keras_model
from reporting.model_kinds import model_assets
from reporting.tag_settings import TAGS_FILE, read_tag_settings, tags_asset

# What a video classifier's run serves stands on this file; the rest is made when it is exported.
CLASSIFIER_FILE = "best_classification.keras"
SERVED_FILES = (*RUN_FILES, CLASSIFIER_FILE)


@dataclass(frozen=True)
class ServedModel:
    """A model from uint8 pictures to named outputs.

    Attributes:
        model: the model.
        file: the `.keras` file that it was read from.
        assets: {file name: text} that its export carries.

    Example:
        >>> ServedModel(keras.Sequential(), Path("counter.keras")).assets
        {}
    """

    model: keras.Model
    file: Path
    assets: Mapping[str, str] = field(default_factory=dict)


def load_served_model(model: str | Path) -> ServedModel:
    """Open the model that a run serves.

    Args:
        model: a run folder with one of `SERVED_FILES`, or a `.keras` file. Of a video classifier
            the tagger is made, as its run does; its tags' names come from `tags.json` beside it.

    Returns:
        The model; of a file that is neither, whatever it holds.

    Raises:
        InputError: there is no such file, or it cannot be opened or used.

    Example:
        >>> load_served_model("no_such_run")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model` must be a run folder with counter.keras ...
    """
    file = find_keras_file(model, SERVED_FILES)
    found = load_keras_model(file)
    if not _is_classifier(found):
        return ServedModel(found, file, model_assets(found, file))
    names = file.with_name(TAGS_FILE)
    class_names = read_tag_settings(names).class_names if names.is_file() else ()
    return ServedModel(build_tagger(found), file, tags_asset(class_names))


def _is_classifier(model):
    """Tell a classifier of videos, which takes pictures of its own size in [0, 1]."""
    outputs = model.output if isinstance(model.output, dict) else {}
    return {"scores", "maps"} <= set(outputs) and None not in model.input.shape[1:]
