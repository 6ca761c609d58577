"""The models of a video classifier's run: one that learns the tags, or one that knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from config.errors import InputError
from config.schema import VideoClassifierParams
from config.values import require_known
from models.cam_classifier import build_cam_classifier
from models.cam_encoders import list_fresh_layers
from models.imagenet_head import ClassifierHead, read_class_map
from models.label_pooling import build_mapped_classifier
from training.epoch_rates import build_epoch_rate
from training.experiment import build_optimizer
from training.mapped_tags import read_mapping_head
from training.thawing import thaw_layers
from training.video_classifier.layer_rates import LayerRatesSGD

OTHER_TAGS, TOP_LABEL = "*", "top-1"
_LOSS = "CategoricalCrossentropy"


@dataclass(frozen=True, eq=False)
class VideoModels:
    """The model of a run.

    Attributes:
        classifier: from frames to `scores`, `features` and `maps`; this is saved.
        mapped: {id of a tag: labels of the pre-trained classifier that stand for it}, or
            `TOP_LABEL`; {} where the classifier learns.

    Example:
        >>> VideoModels(keras.Sequential(), {1: ("sorrel",)}).learns
        False
    """

    classifier: keras.Model
    mapped: dict[int, tuple[str, ...]]

    @property
    def learns(self) -> bool:
        """Whether there is something to train."""
        return not self.mapped


def build_models(params: VideoClassifierParams, class_names: Sequence[str]) -> VideoModels:
    """Build the model that parameters describe.

    Args:
        params: resolved parameters.
        class_names: names of tags 1 to K.

    Returns:
        The model.

    Raises:
        InputError: a parameter cannot be used, or there is one tag alone to learn.

    Example:
        >>> # see `training.video_classifier.train`
    """
    options = {
        "image_size": params.image_size,
        "weights": params.weights,
        "alpha": params.alpha,
        "stride": params.stride,
    }
    if params.class_map:
        _refuse_cut(params)
        head = read_mapping_head(params)
        groups, single = group_labels(params.class_map, class_names, head)
        classifier = build_mapped_classifier(
            params.model_name, head, groups, single=single, **options
        )
        mapped = {
            tag: (TOP_LABEL,) if tag - 1 in single else tuple(head.labels[n] for n in group)
            for tag, group in enumerate(groups, start=1)
        }
        return VideoModels(classifier, mapped)
    if len(class_names) < 2:
        raise InputError(
            "a classifier needs at least two tags to tell apart. Received "
            f"{', '.join(class_names)} alone; add shots of another, or give `class_map`."
        )
    classifier = build_cam_classifier(
        params.model_name,
        num_classes=len(class_names),
        pooling=params.pooling,
        cut=params.cut,
        **options,
    )
    return VideoModels(classifier, {})


def group_labels(
    class_map: dict, class_names: Sequence[str], head: ClassifierHead
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Say which labels of a pre-trained classifier stand for each tag.

    Args:
        class_map: as the configuration has it.
        class_names: names of tags 1 to K.
        head: the classifier.

    Returns:
        (labels of each tag, numbers from 0 of the tags that take the picture's best label, of all
        that no other tag has).

    Raises:
        InputError: a tag or label is unknown, or a tag has none.

    Example:
        >>> import numpy as np
        >>> head = ClassifierHead(np.ones((2, 3)), np.zeros(3), ("rat", "ox", "gown"))
        >>> group_labels({"cow": "ox", "*": "top-1"}, ["cow", "person"], head)
        ([(1,), (0, 2)], [1])
    """
    given = {tag: wanted for tag, wanted in class_map.items() if tag != OTHER_TAGS}
    if OTHER_TAGS in class_map:
        given = {**dict.fromkeys(class_names, class_map[OTHER_TAGS]), **given}
    for tag in given:
        require_known(tag, class_names, "tag", where="`class_map`: ")
    if missing := [name for name in class_names if name not in given]:
        raise InputError(
            "`class_map` must give each tag a label, for nothing is trained then. It leaves out "
            f'{", ".join(missing)}; add "{OTHER_TAGS}": "{TOP_LABEL}" for the likeliest label of '
            "each frame, or make `class_map` null to learn all tags."
        )
    named = {tag: wanted for tag, wanted in given.items() if wanted != TOP_LABEL}
    found = read_class_map(named, class_names, head)
    taken = {label for group in found.values() for label in group}
    free = tuple(label for label in range(len(head.labels)) if label not in taken)
    tags = range(1, len(class_names) + 1)
    return [found.get(tag, free) for tag in tags], [tag - 1 for tag in tags if tag not in found]


def build_trained(
    classifier: keras.Model,
    params: VideoClassifierParams,
    *,
    steps_per_epoch: int,
    accumulate: int = 1,
) -> keras.Model:
    """Build what is trained: the classifier's scores with a loss.

    The classifier itself stays uncompiled, so that its file names no loss.

    Args:
        classifier: shared, not copied; its encoder is thawed as far as `unfreeze` says.
        params: resolved parameters.
        steps_per_epoch: updates of the weights in an epoch.
        accumulate: parts of a step, which the optimizer counts.

    Returns:
        Compiled model from frames to logits (B, K), with the metric `accuracy`.

    Raises:
        InputError: the optimizer or the loss cannot be built, or `unfreeze` not be understood.

    Example:
        >>> # see `training.video_classifier.fitting`
    """
    encoder = [layer for layer in classifier.layers if not layer.name.startswith("head_")]
    thaw_layers(
        encoder, params.unfreeze, batch_norm=params.batch_norm, momentum=params.batch_norm_momentum
    )
    trained = keras.Model(classifier.input, classifier.output["scores"], name="trained")
    optimizer = _build_optimizer(classifier, params, steps_per_epoch * accumulate)
    if params.weight_decay:
        others = [weight for weight in trained.trainable_variables if "kernel" not in weight.name]
        optimizer.exclude_from_weight_decay(var_list=others)
    metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
    trained.compile(optimizer, build_loss(params.loss), metrics=metrics)
    return trained


def build_loss(config: dict) -> keras.losses.Loss:
    """Build the loss of one tag out of K, on logits.

    Args:
        config: {"class_name": "CategoricalCrossentropy", "config": its arguments}, among which
            `label_smoothing`.

    Returns:
        The loss.

    Raises:
        InputError: another shape of `config`, unknown name or argument.

    Example:
        >>> build_loss({"class_name": "CategoricalCrossentropy", "config": {}}).name
        'categorical_crossentropy'
    """
    arguments = config.get("config", {})
    if not isinstance(arguments, dict) or config.get("class_name") != _LOSS:
        raise InputError(
            f'`loss` must be {{"class_name": "{_LOSS}", "config": {{argument: value}}}}. '
            f"Received {config!r}."
        )
    try:
        return keras.losses.CategoricalCrossentropy(from_logits=True, **arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"`loss` {_LOSS} does not take {arguments}: {error}") from error


def _refuse_cut(params: VideoClassifierParams) -> None:
    if params.cut:
        raise InputError(
            "`cut` must be false with a `class_map`, whose classifier stands on the whole encoder. "
            "Received true."
        )


def _build_optimizer(
    classifier: keras.Model, params: VideoClassifierParams, updates_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Return the optimizer, whose steps of new layers are `head_rate` times as large."""
    rate = build_epoch_rate(params, updates_per_epoch)
    settings = {"momentum": params.momentum, "weight_decay": params.weight_decay or None}
    is_sgd = params.optimizer == "sgd"
    settings["nesterov"] = True if is_sgd and params.momentum else None
    if params.head_rate == 1:
        return build_optimizer(params.optimizer, rate, **settings)
    if not is_sgd:
        raise InputError(
            "`head_rate` must be 1 with optimizers other than sgd, whose steps do not grow with "
            f"the gradient. Received {params.head_rate} and {params.optimizer}."
        )
    fast = [weight for layer in list_fresh_layers(classifier) for weight in layer.weights]
    given = {name: value for name, value in settings.items() if value is not None}
    return LayerRatesSGD(fast, params.head_rate, learning_rate=rate, **given)
