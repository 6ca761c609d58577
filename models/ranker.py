"""The ranker: one encoder scores every picture of a list, so that fuller ones score higher."""

from __future__ import annotations

import keras

from config.errors import InputError
from models.encoders import find_deepest
from models.layers import FoldLists, UnfoldLists


def build_ranker(
    encoder: keras.Model,
    *,
    list_length: int = 2,
    num_layers: int = 0,
    num_neurons: int = 128,
    dropout: float = 0.0,
    initializer: str = "glorot_uniform",
) -> keras.Model:
    """Build the siamese network that learns to count from order alone.

    Every picture of a list goes through the same encoder, global average pooling and the rank
    decoder: `num_layers` dense ReLU layers, then one non-negative combination and a ReLU. As
    every weight of the last layer stays non-negative, a score only grows with its features.

    Args:
        encoder: what `build_encoder` returned; shared, not copied.
        list_length: pictures per list, L, at least 2.
        num_layers: hidden layers of the rank decoder.
        num_neurons: width of each hidden layer.
        dropout: share of the pooled features that a training step hides, so that many of them
            learn to grow with the count, not a few.
        initializer: Keras initializer of the decoder's kernels. The last kernel starts with its
            negative values set to 0, so that its constraint holds from the first step on.

    Returns:
        Model from `images` (B, L, H, W, 3), float32 RGB in [0, 1], to `score` (B, L), >= 0. Its
        encoder is `get_layer(encoder.name)`.

    Raises:
        InputError: `list_length` below 2, `num_layers` below 0, `num_neurons` below 1, or an
            `initializer` that Keras does not know or that draws zeros only.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> tuple(build_ranker(encoder, list_length=3).output.shape)
        (None, 3)

    References:
        D'Alessandro et al., "SYRAC: Synthesize, Rank, and Count", arXiv 2310.01662. Upstream
        holds two inputs and outputs the pair's probability; here a list has any length, and the
        losses take the scores.
    """
    _check_sizes(list_length, num_layers, num_neurons)
    images = keras.Input((list_length, *encoder.input_shape[1:]), name="images")
    x = FoldLists(name="fold_lists")(images)  # (B * L, H, W, 3)
    x = encoder(x)[find_deepest(encoder)]  # (B * L, h, w, C)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)  # (B * L, C)
    if dropout:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
    for i in range(num_layers):
        x = keras.layers.Dense(
            num_neurons,
            activation="relu",
            kernel_initializer=_read_initializer(initializer),
            name=f"decoder_{i + 1}",
        )(x)
    last = keras.layers.Dense(
        1,
        kernel_initializer=_read_initializer(initializer),
        kernel_constraint=keras.constraints.NonNeg(),
        name="combine",
        dtype="float32",  # Also in mixed precision, where close scores would tie.
    )
    x = keras.layers.ReLU(name="non_negative", dtype="float32")(last(x))  # (B * L, 1)
    _start_non_negative(last, initializer)
    scores = UnfoldLists(name="score", dtype="float32")([x, images])  # (B, L)
    return keras.Model(images, scores, name="ranker")


def _start_non_negative(layer, initializer):
    # Keras applies a constraint after the first update only. Half the kernel below 0 could leave
    # every sum below 0, where the ReLU passes no gradient and nothing would ever be learnt.
    kernel = layer.kernel_constraint(layer.kernel)
    if not keras.ops.any(kernel > 0):  # Chance, with few features.
        kernel = keras.ops.abs(layer.kernel)
    if not keras.ops.any(kernel > 0):
        raise InputError(
            f"`initializations` must not draw zeros only. Received {initializer!r}; the ranker "
            'would score every picture 0 for ever. Use, for example, "glorot_uniform".'
        )
    layer.kernel.assign(kernel)


def _read_initializer(initializer):
    try:
        found = keras.initializers.get(initializer)
        found((1, 1))  # Some need an argument, or draw no matrix.
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise InputError(
            "`initializations` must be the name of a Keras initializer that draws matrices and "
            'needs no argument, for example "glorot_uniform" or "he_normal". '
            f"Received {initializer!r}."
        ) from error
    return found


def _check_sizes(list_length, num_layers, num_neurons):
    smallest = {"list_length": 2, "num_layers": 0, "num_neurons": 1}
    given = {"list_length": list_length, "num_layers": num_layers, "num_neurons": num_neurons}
    for name, value in given.items():
        if value < smallest[name]:
            raise InputError(f"`{name}` must be at least {smallest[name]}. Received {value}.")
