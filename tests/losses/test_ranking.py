import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from losses.ranking import (
    RANKING_LOSSES,
    ListwiseRankingLoss,
    MarginRankingLoss,
    PairProbabilityLoss,
    RankNetLoss,
    build_ranking_loss,
    listwise_ranking_loss,
    margin_ranking_loss,
    ranknet_loss,
)

LOSSES = {
    "ranknet": ranknet_loss,
    "margin": lambda scores, where=None: margin_ranking_loss(scores, margin=1.0, where=where),
    "listwise": listwise_ranking_loss,
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def random_scores(*shape):
    return np.random.default_rng(0).normal(0, 2, shape).astype(np.float32)


def gradient(loss, scores, where=None):
    scores = tf.constant(scores, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        total = tf.reduce_sum(loss(scores, where=where))
    return tape.gradient(total, scores).numpy()


def test_ranknet_loss_of_two_is_log_of_one_plus_exp():
    # Differences 2 and -2: log(1 + e^-2) = .126928, log(1 + e^2) = 2.126928.
    scores = np.array([[3.0, 1.0], [1.0, 3.0]])
    np.testing.assert_allclose(ranknet_loss(scores), [0.126928, 2.126928], atol=1e-5)


def test_ranknet_loss_averages_the_pairs_of_a_list():
    # Pairs of (2, 1, 0) differ by 1, 2, 1: (2 * .313262 + .126928) / 3 = .251151.
    np.testing.assert_allclose(ranknet_loss(np.array([[2.0, 1.0, 0.0]])), [0.251151], atol=1e-5)


def test_ranknet_loss_equals_its_numpy_twin():
    scores = random_scores(6, 5)
    twin = [
        np.mean([np.log1p(np.exp(b - a)) for a, b in itertools.combinations(row, 2)])
        for row in scores
    ]
    np.testing.assert_allclose(ranknet_loss(scores), twin, rtol=1e-5)


def test_ranknet_loss_is_linear_far_out():
    # Where a probability would round to 0: log(1 + e^500) = 500.
    loss = ranknet_loss(np.array([[0.0, 500.0], [500.0, 0.0]], np.float32))
    np.testing.assert_allclose(loss, [500.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(gradient(ranknet_loss, [[0.0, 500.0]]), [[-1.0, 1.0]])


def test_margin_ranking_loss_by_hand():
    # 1 - (2 - 1.5) = .5; beyond the margin 0; wrong way round 1 + 2 = 3.
    scores = np.array([[2.0, 1.5], [5.0, 1.0], [0.0, 2.0]])
    assert margin_ranking_loss(scores, margin=1.0).numpy().tolist() == [0.5, 0.0, 3.0]


def test_margin_ranking_loss_averages_the_pairs_of_a_list():
    # Margin 2 on (3, 2, 0): pairs differ by 1, 3, 2 -> (1 + 0 + 0) / 3.
    loss = margin_ranking_loss(np.array([[3.0, 2.0, 0.0]]), margin=2.0)
    np.testing.assert_allclose(loss, [1 / 3], rtol=1e-6)


@pytest.mark.parametrize("margin", [0, -1.0, float("nan")])
def test_margin_ranking_loss_margin_must_be_positive(margin):
    with pytest.raises(ValueError, match="`margin` must be positive"):
        margin_ranking_loss(np.zeros((1, 2)), margin=margin)


def test_listwise_ranking_loss_by_hand():
    # exp(scores) = 1, 2, 3: -log(1 / 6) - log(2 / 5) - log(3 / 3) = log 6 + log 2.5.
    loss = listwise_ranking_loss(np.log([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(loss, [math.log(6) + math.log(2.5)], rtol=1e-6)


def test_listwise_ranking_loss_likelihoods_of_all_orders_sum_to_one():
    scores = random_scores(4)
    orders = np.array(list(itertools.permutations(scores)))
    assert np.exp(-listwise_ranking_loss(orders).numpy()).sum() == pytest.approx(1, rel=1e-5)


def test_listwise_ranking_loss_of_two_is_ranknet():
    scores = random_scores(8, 2)
    np.testing.assert_allclose(listwise_ranking_loss(scores), ranknet_loss(scores), rtol=1e-5)


def test_listwise_ranking_loss_does_not_overflow():
    # The first pick is sure (0), the second misses by 1000.
    loss = listwise_ranking_loss(np.array([[2000.0, 0.0, 1000.0]], np.float32))
    np.testing.assert_allclose(loss, [1000.0])


@every_loss
def test_losses_depend_on_differences_only(loss):
    scores = random_scores(3, 4)
    np.testing.assert_allclose(loss(scores + 7), loss(scores), rtol=1e-4)


@every_loss
@pytest.mark.parametrize("size", [(0, 3), (1, 2), (5, 4)])
def test_losses_return_one_value_per_list(loss, size):
    values = loss(random_scores(*size))
    assert values.shape == size[:1] and (values.numpy() >= 0).all()


@every_loss
def test_losses_of_a_single_picture_are_zero(loss):
    assert loss(np.array([[3.0]])).numpy().tolist() == [0.0]


@every_loss
def test_losses_prefer_the_right_order(loss):
    assert np.diff(loss(np.array([[4.0, 2.0, 1.0], [1.0, 2.0, 4.0]]))) > 0


@every_loss
def test_losses_gradient_pushes_the_first_up_and_the_last_down(loss):
    slopes = gradient(loss, [[0.1, 0.0, -0.1]])
    assert slopes[0, 0] < 0 < slopes[0, 2] and np.isfinite(slopes).all()
    assert slopes.sum() == pytest.approx(0, abs=1e-6)


@every_loss
@pytest.mark.parametrize("scores", [[[0.0, 0.0]], [[1e6, -1e6]], [[-1e6, 1e6]], [[0, 0, 0]]])
def test_losses_gradient_is_finite(loss, scores):
    assert np.isfinite(gradient(loss, scores)).all()


@every_loss
def test_losses_gradient_equals_finite_differences(loss):
    scores = random_scores(2, 3).astype(np.float64)
    slopes = gradient(loss, scores)
    for i, j in np.ndindex(scores.shape):
        step = np.zeros_like(scores)
        step[i, j] = 1e-4
        difference = (loss(scores + step) - loss(scores - step)).numpy()[i] / 2e-4
        assert slopes[i, j] == pytest.approx(difference, abs=1e-3)


@every_loss
def test_losses_masked_picture_is_as_if_absent(loss):
    scores = random_scores(4, 3)
    padded = np.insert(scores, 1, np.nan, axis=1)
    where = np.array([[True, False, True, True]] * 4)
    np.testing.assert_allclose(loss(padded, where=where), loss(scores), rtol=1e-5)
    slopes = gradient(loss, padded, where)
    assert (slopes[:, 1] == 0).all()
    np.testing.assert_allclose(np.delete(slopes, 1, 1), gradient(loss, scores), atol=1e-6)


@every_loss
def test_losses_all_masked_give_zero(loss):
    scores, where = random_scores(2, 3), np.zeros((2, 3), bool)
    assert loss(scores, where=where).numpy().tolist() == [0.0, 0.0]
    assert not gradient(loss, scores, where).any()


@every_loss
def test_losses_one_picture_left_gives_zero(loss):
    where = np.array([[False, True, False]])
    assert loss(random_scores(1, 3), where=where).numpy().tolist() == [0.0]


@every_loss
def test_losses_nan_stays_in_its_list(loss):
    scores = random_scores(2, 3)
    scores[1, 2] = np.nan
    assert np.isnan(loss(scores)).tolist() == [False, True]


@every_loss
def test_losses_need_two_axes(loss):
    with pytest.raises(ValueError, match=r"`scores` must be \(B, L\).*Received shape \(3,\)"):
        loss(np.zeros(3))


CLASSES = {
    "ranknet": (RankNetLoss(), ranknet_loss),
    "margin": (
        MarginRankingLoss(margin=0.5),
        lambda scores, where=None: margin_ranking_loss(scores, margin=0.5, where=where),
    ),
    "listwise": (ListwiseRankingLoss(), listwise_ranking_loss),
    "pair_probability": (PairProbabilityLoss(keras.losses.BinaryCrossentropy()), ranknet_loss),
}
every_class = pytest.mark.parametrize("loss, function", CLASSES.values(), ids=CLASSES)


@every_class
def test_loss_classes_average_their_function(loss, function):
    scores = random_scores(5, 3)
    expected = np.mean(function(scores))
    np.testing.assert_allclose(loss(np.ones((5, 3)), scores), expected, rtol=1e-4)


@every_class
def test_loss_classes_take_labels_as_a_mask(loss, function):
    scores, real = random_scores(2, 3), np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    expected = np.mean(function(scores, where=real > 0))
    np.testing.assert_allclose(loss(real, scores), expected, rtol=1e-4)


@every_class
def test_loss_classes_come_back_from_their_config(loss, function):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    scores = random_scores(4, 3)
    assert type(copy) is type(loss) and copy.get_config() == loss.get_config()
    np.testing.assert_array_equal(copy(np.ones((4, 3)), scores), loss(np.ones((4, 3)), scores))


@every_class
def test_loss_classes_train_a_model(loss, function):
    model = keras.Sequential([keras.Input((2, 1)), keras.layers.Dense(1), keras.layers.Flatten()])
    model.set_weights([np.array([[-0.5]]), np.array([0.0])])
    model.compile(keras.optimizers.SGD(1.0), loss)
    pictures = np.array([[[2.0], [1.0]]] * 4)
    first, *_, last = model.fit(pictures, np.ones((4, 2)), epochs=5, verbose=0).history["loss"]
    assert last < first and model.get_weights()[0] > -0.5


def test_pair_probability_loss_gives_logits_where_asked():
    scores = np.array([[0.0, 60.0]], np.float32)  # sigmoid(-60) would be clipped at 1e-7.
    loss = PairProbabilityLoss(keras.losses.BinaryCrossentropy(from_logits=True))
    assert float(loss(np.ones((1, 2)), scores)) == pytest.approx(60.0, rel=1e-5)


def test_pair_probability_loss_of_squares():
    # Pairs of (1, 1, 1) have probability .5: (1 - .5)^2 = .25.
    loss = PairProbabilityLoss(keras.losses.MeanSquaredError())
    assert float(loss(np.ones((2, 3)), np.ones((2, 3)))) == pytest.approx(0.25)


def test_pair_probability_loss_nan_stays_visible():
    loss = PairProbabilityLoss(keras.losses.BinaryCrossentropy())
    assert np.isnan(loss(np.ones((2, 2)), np.array([[1.0, np.nan], [1.0, 0.0]])))


@pytest.mark.parametrize("name", RANKING_LOSSES)
def test_build_ranking_loss_ours(name):
    loss = build_ranking_loss({"class_name": name, "config": {}})
    assert type(loss) is RANKING_LOSSES[name]


def test_build_ranking_loss_passes_arguments():
    assert (
        build_ranking_loss({"class_name": "MarginRankingLoss", "config": {"margin": 3}}).margin == 3
    )


@pytest.mark.parametrize(
    "name", ["BinaryCrossentropy", "MeanSquaredError", "BinaryFocalCrossentropy"]
)
def test_build_ranking_loss_keras_losses_on_pairs(name):
    loss = build_ranking_loss({"class_name": name})
    assert isinstance(loss, PairProbabilityLoss) and type(loss.inner).__name__ == name


def test_build_ranking_loss_published_configuration():
    config = {"class_name": "BinaryCrossentropy", "config": {"from_logits": False}}
    # sigmoid(1) = .731059, -log = .313262
    value = float(build_ranking_loss(config)(np.ones((1, 2)), np.array([[2.0, 1.0]])))
    assert value == pytest.approx(0.313262, abs=1e-5)


@pytest.mark.parametrize(
    "config, match",
    [
        ("BinaryCrossentropy", '`loss` must be {"class_name": name'),
        ({"class_name": "RankNetLoss", "module": "os"}, '`loss` must be {"class_name": name'),
        ({"class_name": "RankNetLoss", "config": 3}, '`loss` must be {"class_name": name'),
        ({"class_name": "RankNet"}, "Received 'RankNet'; the nearest is 'RankNetLoss'"),
        ({"config": {}}, "Received None"),
        ({"class_name": "Loss"}, "Received 'Loss'"),
        ({"class_name": "RankNetLoss", "config": {"margin": 1}}, "RankNetLoss does not take"),
        ({"class_name": "BinaryCrossentropy", "config": {"logits": 1}}, "does not take"),
        ({"class_name": "MarginRankingLoss", "config": {"margin": 0}}, "`margin` must be positive"),
        ({"class_name": "CategoricalCrossentropy"}, "must fall as a pair's probability rises"),
    ],
)
@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")
def test_build_ranking_loss_bad_configurations(config, match):
    with pytest.raises(InputError, match=match):
        build_ranking_loss(config)
