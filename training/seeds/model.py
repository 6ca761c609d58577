"""The models of a seeds run: what learns the tags, what knows them already, and both as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from config.schema import SeedsParams
from losses.tags import build_tag_loss
from metrics.mean_average_precision import MeanAveragePrecision
from models.encoders import build_encoder
from models.imagenet_head import build_head_network
from models.seed_network import build_seed_network, check_side, list_encoder_layers
from models.seeder import build_seeder
from training.experiment import build_optimizer, build_stepped_rate
from training.mapped_tags import read_mapped_tags
from training.thawing import thaw_layers


@dataclass(frozen=True, eq=False)
class SeedModels:
    """The models of a run.

    Attributes:
        seeder: gives scores and maps of all tags; this is saved.
        network: learns the tags `learnt`; None where there are none. The seeder shares it.
        learnt: ids of the tags that are learnt.
        mapped: {id of a tag: labels of the pre-trained classifier}.

    Example:
        >>> SeedModels(keras.Sequential(), None, (), {1: ("sorrel",)}).mapped
        {1: ('sorrel',)}
    """

    seeder: keras.Model
    network: keras.Model | None
    learnt: tuple[int, ...]
    mapped: dict[int, tuple[str, ...]]


def build_models(params: SeedsParams, class_names: Sequence[str]) -> SeedModels:
    """Build the models that parameters describe.

    Args:
        params: resolved parameters.
        class_names: names of tags 1 to K.

    Returns:
        The models.

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `training.seeds.train`
    """
    check_side(params.image_size, params.variant)
    head, groups = read_mapped_tags(params, class_names)
    learnt = tuple(n for n in range(1, len(class_names) + 1) if n not in groups)
    network = head_network = None
    if learnt:
        network = build_seed_network(
            _build_encoder(params),
            num_classes=len(learnt),
            variant=params.variant,
            num_neurons=params.num_neurons,
            dropout=params.dropout,
            cut=params.cut,
        )
    if head is not None and groups:
        head_network = build_head_network(
            _build_encoder(params), head, list(groups.values()), variant=params.variant
        )
    seeder = build_seeder(
        class_names=class_names,
        network=network,
        learnt=learnt,
        head_network=head_network,
        mapped=list(groups),
    )
    mapped = {tag: tuple(head.labels[n] for n in group) for tag, group in groups.items()}
    return SeedModels(seeder, network, learnt, mapped)


def build_trained(
    network: keras.Model, params: SeedsParams, *, num_steps: int, accumulate: int = 1
) -> keras.Model:
    """Build what is trained: the network's scores with the loss on tags.

    The network itself stays uncompiled, so that its file names no loss.

    Args:
        network: shared, not copied; its encoder is thawed as far as `unfreeze` says.
        params: resolved parameters.
        num_steps: updates of the weights in the whole training, over all its parts.
        accumulate: parts of a step, which the optimizer counts.

    Returns:
        Compiled model from pictures to logits (B, K), with the metric `map`.

    Raises:
        InputError: the optimizer or the loss cannot be built, or `unfreeze` not be understood.

    Example:
        >>> # see `training.seeds.fitting`
    """
    thaw_layers(
        list_encoder_layers(network),
        params.unfreeze,
        batch_norm=params.batch_norm,
        momentum=params.batch_norm_momentum,
    )
    scores = network.output["scores"]
    trained = keras.Model(network.input, scores, name="trained")
    optimizer = build_optimizer(
        params.optimizer,
        _build_rate(params, num_steps, accumulate),
        schedule="cosine" if params.schedule == "cosine" else "constant",
        num_steps=num_steps,
        momentum=params.momentum,
        weight_decay=params.weight_decay or None,
    )
    if params.weight_decay:
        decayed = [weight for weight in trained.trainable_variables if "kernel" in weight.name]
        kept = {id(weight) for weight in decayed}
        others = [weight for weight in trained.trainable_variables if id(weight) not in kept]
        optimizer.exclude_from_weight_decay(var_list=others)
    metrics = [MeanAveragePrecision(scores.shape[-1], name="map")]
    trained.compile(optimizer, build_tag_loss(params.loss), metrics=metrics)
    return trained


def choose_monitor(num_learnt: int) -> str:
    """Choose the value by which the best epoch is kept.

    Args:
        num_learnt: tags that are learnt.

    Returns:
        "val_map"; "val_loss" for a single tag, which may be in all validation pictures.

    Example:
        >>> choose_monitor(1)
        'val_loss'
    """
    return "val_map" if num_learnt > 1 else "val_loss"


def _build_encoder(params: SeedsParams) -> keras.Model:
    shape = (params.image_size, params.image_size, 3)
    return build_encoder(params.model_name, shape, weights=params.weights, alpha=params.alpha)


def _build_rate(params: SeedsParams, num_steps: int, accumulate: int):
    if params.schedule != "steps":
        return params.learning_rate
    steps = {"num_steps": num_steps, "accumulate": accumulate}
    return build_stepped_rate(params.learning_rate, params.steps_per_drop, **steps)
