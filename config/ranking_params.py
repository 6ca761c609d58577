"""What the experiments that learn from the order of pictures may be told."""

from __future__ import annotations

from dataclasses import dataclass

from config.shared_params import EncoderParams, TrainingParams, param


@dataclass(frozen=True, kw_only=True)
class RankingParams(EncoderParams, TrainingParams):
    """What both of them share.

    Attributes: see each field's `meaning`.
    """

    input_shape: tuple[int, int, int] = param(
        "height, width, channels of the network's input", unit="pixels", minimum=1
    )
    deepest_stride: int = param(
        "the encoder ends at its map of this stride, from which pictures are ranked and counted: "
        "32 sees things, 8 and 4 textures",
        unit="pixels",
        choices=(4, 8, 16, 32),
    )
    initializations: str = param("Keras initializer of the rank decoder's kernels")
    loss: dict = param("Keras loss as {class_name, config}: a ranking loss or one on probabilities")
    augment: float | None = param(
        "augmentation strength divisor, larger is weaker; null for none", minimum=0.6
    )
    num_neurons: int = param("width of each hidden layer of the rank decoder", minimum=1)
    dropout: float = param(
        "share of the pooled features hidden from the rank decoder in training",
        minimum=0,
        maximum=0.9,
    )
    num_layers: int = param("hidden layers of the rank decoder", minimum=0)
    list_length: int = param(
        "images per ranked list formed from counts; 2 = pairs", unit="images", minimum=2
    )
    pairs_per_epoch: int | None = param(
        "ranked lists seen per epoch, drawn anew each epoch; null for all", minimum=1
    )
    max_pairs: int = param("lists formed from counts at most; sampled beyond", minimum=1)
    max_validation_pairs: int = param(
        "lists formed from the counts of held-out pictures at most; sampled beyond", minimum=1
    )
    reduced_decode: bool = param("decode JPEGs at the reduced scale that input_shape allows")


@dataclass(frozen=True, kw_only=True)
class BaselineParams(RankingParams):
    """`training/baseline`: pre-train an encoder by ranking (SYRAC stage 2).

    Attributes: see each field's `meaning`.
    """


@dataclass(frozen=True, kw_only=True)
class TripletsParams(RankingParams):
    """`training/triplets`: the same from lists of three or more, without those that look wrong.

    Attributes: see each field's `meaning`.
    """

    join_pairs: bool = param(
        "join the pairs of annotations.json that share a picture to lists of list_length"
    )
    noise_rankers: int = param(
        "rankers that judge the order of the training lists first, each learning from a part of "
        "them; 0 for none, else at least 2",
        minimum=0,
        maximum=20,
    )
    noise_epochs: int = param("epochs of each of these rankers", minimum=1, maximum=100_000)
    noise_margin: float = param(
        "a picture contradicts its list that scores higher than a fuller one by more than this",
        unit="standard deviations of the scores",
        minimum=0,
        maximum=100,
    )
