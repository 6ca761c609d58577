"""Tags that need no training: which labels of a pre-trained classifier stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from config.errors import InputError
from models.imagenet_head import ClassifierHead, read_class_map, read_head


class MappingParams(Protocol):
    """What an experiment with such tags is told.

    Attributes:
        class_map: {tag: label or list of labels}; None for none.
        head_file: `.npz` with the classifier; None for none.
        weights: of the encoder that it goes with; None for random ones.

    Example:
        >>> # see `config.seeds_params`
    """

    class_map: Mapping | None
    head_file: str | None
    weights: str | None


def read_mapped_tags(
    params: MappingParams, class_names: Sequence[str]
) -> tuple[ClassifierHead | None, dict[int, tuple[int, ...]]]:
    """Read the pre-trained classifier, and which of its labels stand for which tags.

    Args:
        params: resolved parameters.
        class_names: names of tags 1 to K.

    Returns:
        (the classifier, {tag id: numbers of its labels}); (None, {}) without a `class_map`.

    Raises:
        InputError: there is no classifier or no weights to go with it, or `class_map` names an
            unknown tag or label.

    Example:
        >>> from config.loader import load_params
        >>> read_mapped_tags(load_params(Path("config"), "training/seeds"), ["cat"])
        (None, {})
    """
    if not params.class_map:
        return None, {}
    head = read_mapping_head(params)
    return head, read_class_map(params.class_map, class_names, head)


def read_mapping_head(params: MappingParams) -> ClassifierHead:
    """Read the pre-trained classifier that a `class_map` needs.

    Args:
        params: resolved parameters.

    Returns:
        The classifier.

    Raises:
        InputError: there is none, or no weights to go with it.

    Example:
        >>> # see `read_mapped_tags`
    """
    if not params.head_file:
        raise InputError(
            "`class_map` needs the classifier whose labels it names. Received no `head_file`; "
            "give its `.npz` with `--set head_file=...`."
        )
    if params.weights is None:
        raise InputError(
            "`class_map` needs the encoder's weights that `head_file` was trained with. Received "
            "`weights` null, for random ones."
        )
    return read_head(Path(params.head_file))
