"""Losses on the scores of pictures whose true order is known, fullest first."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import difflib

import keras
from keras import ops

from config.errors import InputError


def ranknet_loss(scores, *, where=None):
    """Logistic loss of every ordered pair, averaged over a list's pairs.

    mean over i < j of log(1 + exp(s_j - s_i)): for two pictures the cross-entropy of
    sigmoid(s_1 - s_2) with label 1, computed without saturating.

    Args:
        scores: (B, L) scores, the picture that should score highest first.
        where: (B, L) mask, true for pictures that count; None for all.

    Returns:
        (B,) losses; 0 for a list with fewer than two pictures.

    Raises:
        ValueError: `scores` is not (B, L).

    Example:
        >>> round(float(ranknet_loss(ops.array([[1.0, 1.0]]))[0]), 4)  # log 2
        0.6931

    References:
        Burges et al., "Learning to Rank using Gradient Descent", ICML 2005, equation 3.
    """
    differences, pairs = _pair_differences(scores, where)
    return _mean_over_pairs(ops.softplus(-differences), pairs)


def margin_ranking_loss(scores, *, margin: float, where=None):
    """Hinge loss of every ordered pair, averaged over a list's pairs.

    mean over i < j of max(0, margin - (s_i - s_j)): pairs further apart than the margin rest.

    Args:
        scores: (B, L) scores, the picture that should score highest first.
        margin: distance asked for, in units of the score, positive.
        where: (B, L) mask, true for pictures that count; None for all.

    Returns:
        (B,) losses; 0 for a list with fewer than two pictures.

    Raises:
        ValueError: `scores` is not (B, L), or `margin` is not positive.

    Example:
        >>> margin_ranking_loss(ops.array([[3.0, 2.5]]), margin=2.0).numpy().tolist()
        [1.5]

    References:
        Liu et al., "Leveraging Unlabeled Data for Crowd Counting by Learning to Rank", CVPR 2018.
    """
    if not margin > 0:
        raise ValueError(f"`margin` must be positive: at 0 equal scores rest. Received {margin}.")
    differences, pairs = _pair_differences(scores, where)
    return _mean_over_pairs(ops.relu(margin - differences), pairs)


def listwise_ranking_loss(scores, *, where=None):
    """Negative log-likelihood of the whole order under the Plackett-Luce model (ListMLE).

    sum over i of log(sum over j >= i of exp s_j) - s_i: each place picks its picture among those
    left. For two pictures it equals `ranknet_loss`.

    Args:
        scores: (B, L) scores, the picture that should score highest first.
        where: (B, L) mask, true for pictures that count; None for all.

    Returns:
        (B,) losses; 0 for a list with fewer than two pictures.

    Raises:
        ValueError: `scores` is not (B, L).

    Example:
        >>> loss = listwise_ranking_loss(ops.array([[0.0, 0.0, 0.0]]))  # log 3 + log 2
        >>> round(float(loss[0]), 4)
        1.7918

    References:
        Xia et al., "Listwise Approach to Learning to Rank", ICML 2008, section 4.
    """
    scores, where = _check_scores(scores, where)
    places = ops.arange(scores.shape[1])
    left = (places[None, :] >= places[:, None]) & where[:, None, :]  # (B, L, L): j still there at i
    # The row of a masked place may hold nothing at all; zeros keep its gradient finite.
    candidates = ops.where(left, scores[:, None, :], -float("inf"))
    candidates = ops.where(where[:, :, None], candidates, 0.0)
    terms = ops.logsumexp(candidates, axis=-1) - scores  # (B, L)
    return ops.sum(ops.where(where, terms, 0.0), axis=-1)


@keras.saving.register_keras_serializable("inkling")
class RankNetLoss(keras.losses.Loss):
    """`ranknet_loss` for `compile`; `y_true` (B, L) is 1 for a picture, 0 for padding.

    Example:
        >>> round(float(RankNetLoss()(ops.ones((1, 2)), ops.array([[2.0, 2.0]]))), 4)
        0.6931
    """

    def __init__(self, name="ranknet_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return ranknet_loss(y_pred, where=y_true > 0)


@keras.saving.register_keras_serializable("inkling")
class MarginRankingLoss(keras.losses.Loss):
    """`margin_ranking_loss` for `compile`; `y_true` (B, L) is 1 for a picture, 0 for padding.

    Args:
        margin: distance asked for, in units of the score.

    Example:
        >>> float(MarginRankingLoss(margin=2.0)(ops.ones((1, 2)), ops.array([[3.0, 2.5]])))
        1.5
    """

    def __init__(self, margin=1.0, name="margin_ranking_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.margin = margin

    def call(self, y_true, y_pred):
        return margin_ranking_loss(y_pred, margin=self.margin, where=y_true > 0)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}


@keras.saving.register_keras_serializable("inkling")
class ListwiseRankingLoss(keras.losses.Loss):
    """`listwise_ranking_loss` for `compile`; `y_true` (B, L) is 1 for a picture, 0 for padding.

    Example:
        >>> round(float(ListwiseRankingLoss()(ops.ones((1, 3)), ops.zeros((1, 3)))), 4)
        1.7918
    """

    def __init__(self, name="listwise_ranking_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return listwise_ranking_loss(y_pred, where=y_true > 0)


@keras.saving.register_keras_serializable("inkling")
class PairProbabilityLoss(keras.losses.Loss):
    """Any Keras loss on the probability that a pair is in order, sigmoid(s_i - s_j), label 1.

    Averaged over the pairs i < j of a list. This is how upstream's published configuration reads.
    A loss with `from_logits` true receives s_i - s_j itself. `y_true` (B, L) is 1 for a picture,
    0 for padding.

    Args:
        inner: `keras.losses.Loss` on a probability; its own reduction is not used.

    Example:
        >>> loss = PairProbabilityLoss(keras.losses.BinaryCrossentropy())
        >>> round(float(loss(ops.ones((1, 2)), ops.array([[2.0, 2.0]]))), 4)
        0.6931
    """

    def __init__(self, inner, name="pair_probability_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.inner = inner

    def call(self, y_true, y_pred):
        differences, pairs = _pair_differences(y_pred, y_true > 0)
        logits = self.inner.get_config().get("from_logits", False)
        # Keras' losses average the last axis: one of length 1 gives them one pair at a time.
        predictions = (differences if logits else ops.sigmoid(differences))[..., None]
        return _mean_over_pairs(self.inner.call(ops.ones_like(predictions), predictions), pairs)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config["inner"])
        return cls(**{**config, "inner": inner})


RANKING_LOSSES = {
    "RankNetLoss": RankNetLoss,
    "MarginRankingLoss": MarginRankingLoss,
    "ListwiseRankingLoss": ListwiseRankingLoss,
}


def build_ranking_loss(config: dict) -> keras.losses.Loss:
    """Build the loss that a configuration names: one of ours, or a Keras loss on pairs.

    Args:
        config: {"class_name": name, "config": arguments}; a name of `RANKING_LOSSES`, or of a
            Keras loss on probabilities, which `PairProbabilityLoss` then applies.

    Returns:
        Loss of `y_true` (B, L), 1 for a picture and 0 for padding, and scores (B, L).

    Raises:
        InputError: another shape of `config`, unknown name or argument, or a Keras loss that does
            not fall as the probability of the right order rises.

    Example:
        >>> build_ranking_loss({"class_name": "BinaryCrossentropy", "config": {}}).inner.name
        'binary_crossentropy'
    """
    name, arguments = _read_config(config)
    try:
        if name in RANKING_LOSSES:
            loss = RANKING_LOSSES[name](**arguments)
        else:
            loss = PairProbabilityLoss(getattr(keras.losses, name)(**arguments))
        pair = [loss(ops.ones((1, 2)), ops.array([[high, 0.0]])) for high in (-1.0, 1.0)]
    except (TypeError, ValueError) as error:
        raise InputError(f"`loss` {name} does not take {arguments}: {error}") from error
    if not pair[0] > pair[1]:
        raise InputError(
            f"`loss` must fall as a pair's probability rises. Received {name}, which does not; use "
            f'"BinaryCrossentropy" or one of {", ".join(RANKING_LOSSES)}.'
        )
    return loss


def _read_config(config):
    known = isinstance(config, dict) and set(config) <= {"class_name", "config"}
    if not known or not isinstance(config.get("config", {}), dict):
        raise InputError(
            '`loss` must be {"class_name": name, "config": {argument: value}}. '
            f"Received {config!r}."
        )
    names = [*RANKING_LOSSES, *(n for n, v in vars(keras.losses).items() if _is_keras_loss(v))]
    name = config.get("class_name")
    if name not in names:
        nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=0)[0]
        raise InputError(
            f"`loss` must name one of {', '.join(RANKING_LOSSES)} or a class of keras.losses. "
            f"Received {name!r}; the nearest is {nearest!r}."
        )
    return name, config.get("config", {})


def _is_keras_loss(value):
    loss = keras.losses.Loss
    return isinstance(value, type) and issubclass(value, loss) and value is not loss


def _check_scores(scores, where):
    scores = ops.convert_to_tensor(scores)
    if len(scores.shape) != 2:
        raise ValueError(
            "`scores` must be (B, L), one row per list, fullest first. "
            f"Received shape {tuple(scores.shape)}."
        )
    where = ops.ones_like(scores, "bool") if where is None else ops.cast(where, "bool")
    # Before any arithmetic: the gradient of a masked NaN would be NaN too.
    return ops.where(where, scores, 0.0), where


def _pair_differences(scores, where):
    scores, where = _check_scores(scores, where)
    places = ops.arange(scores.shape[1])
    ordered = places[:, None] < places[None, :]  # (L, L): i before j
    pairs = ordered & where[:, :, None] & where[:, None, :]
    return scores[:, :, None] - scores[:, None, :], pairs  # (B, L, L) both


def _mean_over_pairs(values, pairs):
    total = ops.sum(ops.where(pairs, values, 0.0), axis=(1, 2))
    return total / ops.maximum(ops.sum(ops.cast(pairs, values.dtype), axis=(1, 2)), 1.0)
