"""The seeder, one model from a picture to the scores and the activation maps of all its tags."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence

import keras

from config.errors import InputError
from models.seed_network import SCORES_LAYER


@keras.saving.register_keras_serializable("inkling")
class JoinTags(keras.layers.Layer):
    """Put what several networks say of their own tags into the order of all tags.

    Call it on a list of {"scores": (B, K_i), "cams": (B, h, w, K_i)}, whose maps have one size;
    gives the same with K, the sum of all K_i.

    Args:
        ids: for each network the ids of its tags, from 1; all different, 1 to K together.
        class_names: the names of tags 1 to K, which the layer only keeps.

    Example:
        >>> one = {"scores": keras.ops.ones((1, 1)), "cams": keras.ops.ones((1, 2, 2, 1))}
        >>> two = {"scores": keras.ops.zeros((1, 1)), "cams": keras.ops.zeros((1, 2, 2, 1))}
        >>> JoinTags([[2], [1]], ["cat", "rat"])([one, two])["scores"].numpy().tolist()
        [[0.0, 1.0]]
    """

    def __init__(self, ids, class_names, **kwargs):
        super().__init__(**kwargs)
        self.ids = [[int(number) for number in each] for each in ids]
        self.class_names = tuple(class_names)

    def call(self, parts):
        listed = [number for each in self.ids for number in each]
        order = [listed.index(number) for number in range(1, len(listed) + 1)]
        joined = {}
        for name in ("scores", "cams"):
            values = keras.ops.concatenate([part[name] for part in parts], axis=-1)
            joined[name] = keras.ops.take(values, order, axis=-1)
        return joined

    def compute_output_spec(self, parts):
        num_classes = len(self.class_names)
        return {
            name: keras.KerasTensor((*parts[0][name].shape[:-1], num_classes), self.compute_dtype)
            for name in ("scores", "cams")
        }

    def get_config(self):
        return {**super().get_config(), "ids": self.ids, "class_names": self.class_names}


def build_seeder(
    *,
    class_names: Sequence[str],
    network: keras.Model | None = None,
    learnt: Sequence[int] = (),
    head_network: keras.Model | None = None,
    mapped: Sequence[int] = (),
) -> keras.Model:
    """Build what a seeds run saves: maps of all tags, learnt ones and pre-trained ones.

    Args:
        class_names: the names of tags 1 to K.
        network: what `models.seed_network.build_seed_network` returned, for the tags `learnt`;
            shared, not copied. None where nothing is learnt.
        learnt: ids of its tags.
        head_network: what `models.imagenet_head.build_head_network` returned, of the same variant,
            for the tags `mapped`; None for none.
        mapped: ids of its tags.

    Returns:
        Model from `image` (B, H, W, 3) of any size, float32 RGB in [0, 1], to `scores` (B, K)
        logits and `cams` (B, h, w, K) float32.

    Raises:
        InputError: the tags of both are not 1 to K, each once.

    Example:
        >>> from models.encoders import build_encoder
        >>> from models.seed_network import build_seed_network
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> network = build_seed_network(encoder, num_classes=2, num_neurons=4)
        >>> seeder = build_seeder(class_names=["cat", "rat"], network=network, learnt=[1, 2])
        >>> tuple(seeder(keras.ops.zeros((1, 65, 65, 3)))["cams"].shape)
        (1, 5, 5, 2)
    """
    if sorted([*learnt, *mapped]) != list(range(1, len(class_names) + 1)):
        raise InputError(
            f"`learnt` and `mapped` must be ids 1 to {len(class_names)}, each once. Received "
            f"{list(learnt)} and {list(mapped)}."
        )
    image = keras.Input((None, None, 3), name="image")
    parts, ids = [], []
    if network is not None and learnt:
        parts.append(_add_maps(network)(image))
        ids.append(list(learnt))
    if head_network is not None and mapped:
        parts.append(head_network(image))
        ids.append(list(mapped))
    outputs = JoinTags(ids, class_names, name="join_tags", dtype="float32")(parts)
    return keras.Model(image, outputs, name="seeder")


def _add_maps(network):
    """Return a model of the same layers that gives maps in the place of features."""
    # The layer is linear without a bias: on the features themselves it makes the maps.
    maps = network.get_layer(SCORES_LAYER)(network.output["features"])
    outputs = {"scores": network.output["scores"], "cams": maps}
    return keras.Model(network.input, outputs, name=f"{network.name}_maps")


def find_tag_names(model: keras.Model) -> tuple[str, ...] | None:
    """Read the names of a seeder's tags.

    Args:
        model: any model.

    Returns:
        The names of tags 1 to K; None where the model is no seeder.

    Example:
        >>> find_tag_names(keras.Sequential()) is None
        True
    """
    for layer in model.layers:
        if isinstance(layer, JoinTags):
            return layer.class_names
    return None
