"""Maps of tags without training: the classifier that an encoder was pre-trained with."""

# A layer documents itself: `call`, `get_config` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from config.errors import InputError
from config.npz_files import read_npz
from models.dense_encoders import build_dense_encoder


@dataclass(frozen=True, eq=False)
class ClassifierHead:
    """A linear classifier on the mean of an encoder's last map.

    Attributes:
        kernel: (C, L) float32 weights.
        bias: (L,) float32.
        labels: the names of the L classes; one may list several words, parted by commas.

    Example:
        >>> ClassifierHead(np.ones((2, 1)), np.zeros(1), ("sorrel",)).labels
        ('sorrel',)
    """

    kernel: np.ndarray
    bias: np.ndarray
    labels: tuple[str, ...]


def read_head(path: Path) -> ClassifierHead:
    """Read a classifier's weights.

    Args:
        path: `.npz` with `kernel` (C, L), or `kernel_int8` (C, L) and `scale` (L,), which are
            multiplied; `bias` (L,); `labels` (L,) texts.

    Returns:
        The classifier.

    Raises:
        InputError: the file cannot be read, or its arrays do not fit each other.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "head.npz"
        >>> np.savez(path, kernel_int8=np.ones((2, 1), np.int8), scale=[0.5], bias=[0.0],
        ...          labels=["sorrel"])
        >>> read_head(path).kernel.tolist()
        [[0.5], [0.5]]
    """
    stored = read_npz(path, ["bias", "labels"])
    try:
        parts = read_npz(path, ["kernel_int8", "scale"])
        kernel = parts["kernel_int8"].astype(np.float32) * parts["scale"].astype(np.float32)
    except InputError:
        kernel = read_npz(path, ["kernel"])["kernel"]
    except ValueError as error:
        raise InputError(
            f"`{path}`: `scale` must be (L,) numbers. Reading says: {error}"
        ) from error
    labels, bias = stored["labels"], stored["bias"]
    numbers = all(each.dtype.kind in "fiu" for each in (kernel, bias))
    fits = numbers and kernel.ndim == 2 and bias.shape == labels.shape == kernel.shape[1:]
    if not fits or labels.dtype.kind not in "US" or not labels.size:
        raise InputError(
            f"`{path}` must hold a kernel (C, L), `bias` (L,) and `labels` (L,) of text. Received "
            f"shapes {kernel.shape}, {bias.shape} and {labels.shape}, of {labels.dtype}."
        )
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise InputError(f"`{path}` must hold finite weights. It holds NaN or infinity.")
    names = tuple(x.decode("latin-1") if isinstance(x, bytes) else str(x) for x in labels)
    return ClassifierHead(kernel.astype(np.float32), bias.astype(np.float32), names)


def read_class_map(
    class_map: Mapping[str, Any], class_names: Sequence[str], head: ClassifierHead
) -> dict[int, tuple[int, ...]]:
    """Say which labels of a classifier stand for which tags.

    Args:
        class_map: {tag: label, or list of labels}. A label is the whole name, one of the words
            that the name lists, or its number from 0; upper and lower case are the same.
        class_names: names of tags 1 to K.
        head: the classifier.

    Returns:
        {tag id: numbers of its labels}, sorted by id.

    Raises:
        InputError: an unknown tag or label, a word of several labels, or a label given twice.

    Example:
        >>> head = ClassifierHead(np.ones((2, 2)), np.zeros(2), ("tench", "rat, brown rat"))
        >>> read_class_map({"rat": ["Brown rat", 0]}, ["cat", "rat"], head)
        {2: (1, 0)}
    """
    names, found = list(class_names), {}
    for tag, wanted in class_map.items():
        if tag not in names:
            raise InputError(
                f"`class_map` must name tags of the data: {', '.join(names)}. Received {tag}."
            )
        listed = wanted if isinstance(wanted, (list, tuple)) else [wanted]
        numbers = tuple(_find_label(each, tag, head.labels) for each in listed)
        if not numbers or len(set(numbers)) < len(numbers):
            raise InputError(
                f"`class_map` must give each tag one or more different labels. Received {wanted} "
                f"for {tag}."
            )
        found[names.index(tag) + 1] = numbers
    return dict(sorted(found.items()))


def build_head_network(
    encoder: keras.Model,
    head: ClassifierHead,
    groups: Sequence[Sequence[int]],
    *,
    variant: str = "low_res",
) -> keras.Model:
    """Build a network whose maps of tags come from a classifier that is there already.

    The encoder is dilated (`models.dense_encoders`), which leaves what the classifier sees as it
    is. Where a tag has several labels its map is the largest of theirs at each place: labels are
    mostly breeds or views of one thing, and a mean would fade with their number. (Measured on 49
    horses, sorrel, zebra and horse cart: IoU of the best seeds .487 by the maximum, .482 by the
    mean, .483 for sorrel alone.)

    Args:
        encoder: what `models.encoders.build_encoder` returned, with the weights that the
            classifier was trained on; its layers are copied. One with a single map, such as
            `models.cam_encoders.build_cam_encoder` builds, is taken as it is, shared and frozen.
        head: the classifier.
        groups: the labels of each of T tags.
        variant: "low_res" for maps at stride 16, "high_res" or "deeplab" at stride 8; an encoder
            with a single map has its own.

    Returns:
        Model from `image` (B, H, W, 3) of any size that the encoder takes, float32 RGB in [0, 1],
        to `scores` (B, T) and `cams` (B, h, w, T). A score is the log-odds of the tag's labels
        against all others, so that its sigmoid is their probability; the maps leave the biases out.

    Raises:
        InputError: the classifier is for another encoder.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> head = ClassifierHead(np.ones((1280, 3)), np.zeros(3), ("a", "b", "c"))
        >>> network = build_head_network(encoder, head, [(0,), (1, 2)])
        >>> {name: tuple(x.shape) for name, x in network.output.items()}
        {'scores': (None, 2), 'cams': (None, None, None, 2)}

    References:
        Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016.
    """
    several = isinstance(encoder.output, dict)
    dense = build_dense_encoder(encoder, variant) if several else encoder
    features = dense.output
    if features.shape[-1] != len(head.kernel):
        raise InputError(
            f"`head_file` must be the classifier of this encoder, on {features.shape[-1]} channels."
            f" It is on {len(head.kernel)}; for MobileNetV2's take `alpha` 1."
        )
    mean = layers.GlobalAveragePooling2D(name="head_mean", dtype="float32")(features)
    logits = layers.Dense(len(head.bias), name="head_logits", dtype="float32")
    scores = TagOdds(groups, name="head_odds", dtype="float32")(logits(mean))
    logits.set_weights([head.kernel, head.bias])
    used = [label for group in groups for label in group]
    maps = layers.Dense(len(used), use_bias=False, name="head_maps", dtype="float32")
    places = np.cumsum([0, *map(len, groups)])
    spans = [list(range(a, b)) for a, b in zip(places[:-1], places[1:], strict=True)]
    cams = TagMaxima(spans, name="head_maxima", dtype="float32")(maps(features))
    maps.set_weights([head.kernel[:, used]])
    network = keras.Model(dense.input, {"scores": scores, "cams": cams}, name="head_network")
    network.trainable = False
    return network


class _Groups(keras.layers.Layer):
    """Reduces the last axis, group by group."""

    def __init__(self, groups, **kwargs):
        super().__init__(**kwargs)
        self.groups = [[int(number) for number in group] for group in groups]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], len(self.groups))

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


@keras.saving.register_keras_serializable("inkling")
class TagOdds(_Groups):
    """Turn logits of labels into log-odds of groups: (B, L) to (B, T).

    log(p / (1 - p)), p the softmax's sum over the group's labels.

    Args:
        groups: T lists of labels, from 0.

    Example:
        >>> float(TagOdds([[0, 1]])(keras.ops.zeros((1, 4)))[0, 0])  # p = 1/2
        0.0
    """

    def call(self, logits):
        total = logits.shape[-1]
        odds = []
        for group in self.groups:
            others = sorted(set(range(total)) - set(group))
            mine = keras.ops.logsumexp(keras.ops.take(logits, group, axis=-1), axis=-1)
            rest = keras.ops.logsumexp(keras.ops.take(logits, others, axis=-1), axis=-1)
            odds.append(mine - rest)
        return keras.ops.stack(odds, axis=-1)


@keras.saving.register_keras_serializable("inkling")
class TagMaxima(_Groups):
    """Take the largest of each group at each place: (B, h, w, U) to (B, h, w, T).

    Args:
        groups: T lists of places on the last axis.

    Example:
        >>> TagMaxima([[0, 2], [1]])(keras.ops.array([[[[1.0, 5.0, 3.0]]]])).numpy().tolist()
        [[[[3.0, 5.0]]]]
    """

    def call(self, maps):
        taken = [keras.ops.take(maps, group, axis=-1) for group in self.groups]
        return keras.ops.stack([keras.ops.max(each, axis=-1) for each in taken], axis=-1)


def _find_label(wanted, tag, labels):
    """Return the number of the label that a word or a number means."""
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        if not 0 <= wanted < len(labels):
            raise InputError(
                f"`class_map` must give numbers from 0 to {len(labels) - 1}. Received {wanted} for "
                f"{tag}."
            )
        return wanted
    text = str(wanted).strip().lower()
    whole = [i for i, label in enumerate(labels) if label.lower() == text]
    words = [i for i, label in enumerate(labels) if text in _list_words(label)]
    found = whole or words
    if len(found) == 1:
        return found[0]
    if found:
        told = "; ".join(f"{i} ({labels[i]})" for i in found[:5])
        raise InputError(f"`class_map`: {wanted} for {tag} is several labels; give one of {told}.")
    known = {word for label in labels for word in _list_words(label)}
    near = difflib.get_close_matches(text, known, n=3, cutoff=0)
    raise InputError(
        f"`class_map`: the classifier has no label {wanted} for {tag}. The nearest are "
        f"{', '.join(near)}; leave {tag} out, and it is learnt."
    )


def _list_words(label):
    return [word.strip().lower() for word in label.split(",")]
