import itertools

import numpy as np
import pytest

from ops.list_noise import (
    count_pairs,
    deal_groups,
    keep_in_order,
    link_lists,
    mean_list_scores,
    standardise_scores,
)


def test_standardise_scores_gives_every_ranker_the_same_scale():
    # Mean 2, deviations -2, 0, 2: their standard deviation is sqrt(8 / 3).
    first = np.array([-2, 0, 2]) / np.sqrt(8 / 3)
    scores = standardise_scores(np.array([[0.0, 2.0, 4.0], [500.0, 700.0, 900.0]]))
    np.testing.assert_allclose(scores, [first, first])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e20, -7.7])
def test_standardise_scores_takes_no_opinion_from_equal_scores(value):
    assert not standardise_scores(np.full((1, 7), value)).any()


def test_standardise_scores_of_one_picture_are_zero():
    assert standardise_scores(np.array([[5.0]])).tolist() == [[0.0]]


@pytest.mark.parametrize("scores", [np.zeros(3), np.zeros((0, 3)), [[np.nan, 1.0]]])
def test_standardise_scores_refuses_what_is_no_matrix_of_numbers(scores):
    with pytest.raises(ValueError, match="`scores` must be .K, P. finite numbers"):
        standardise_scores(scores)


def test_mean_list_scores_asks_judges_only():
    scores = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [0.0, 0.0, 6.0]])
    lists = np.array([[2, 0], [1, 2]])
    judges = np.array([[True, False], [False, True], [True, True]])
    # First list: rankers 1 and 3 say (3, 1) and (6, 0); second: 2 and 3 say (20, 30) and (0, 6).
    assert mean_list_scores(scores, lists, judges).tolist() == [[4.5, 0.5], [10.0, 18.0]]


@pytest.mark.parametrize("judges", [np.ones((1, 2), bool), np.zeros((2, 1), bool)])
def test_mean_list_scores_needs_a_judge_for_every_list(judges):
    with pytest.raises(ValueError, match="`judges` must be .2, 1., with a judge for every list"):
        mean_list_scores(np.zeros((2, 3)), np.array([[0, 1]]), judges)


def best_by_trial(scores, margin):
    """The largest number of pictures without a contradiction, and their spread, by trying all."""
    best = (0, 0.0)
    for size in range(2, len(scores) + 1):
        for places in itertools.combinations(range(len(scores)), size):
            chosen = [scores[place] for place in places]
            if all(b <= a + margin for a, b in itertools.combinations(chosen, 2)):
                best = max(best, (size, chosen[0] - chosen[-1]))
    return best


@pytest.mark.parametrize("margin", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("length", [2, 3, 6])
def test_keep_in_order_equals_trying_every_choice(length, margin):
    # Tenths as whole numbers, so that sums are exact.
    scores = np.random.default_rng(length).integers(-15, 16, (60, length)).astype(float)
    for row, kept in zip(scores, keep_in_order(scores, margin=10 * margin), strict=True):
        chosen = row[kept]
        spread = chosen[0] - chosen[-1] if kept.any() else 0.0
        assert (kept.sum(), spread) == best_by_trial(row, 10 * margin)


def test_keep_in_order_holds_distant_pairs_to_the_margin_too():
    # Each step up is within the margin of 1, both together are not: two of three stay.
    kept = keep_in_order(np.array([[0.0, 0.8, 1.6]]), margin=1.0)
    assert kept.sum() == 2


def test_keep_in_order_lets_ties_stay():
    assert keep_in_order(np.zeros((2, 4)), margin=0.0).all()


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3, 1)])
def test_keep_in_order_of_too_little_keeps_nothing(shape):
    kept = keep_in_order(np.zeros(shape), margin=0.0)
    assert kept.shape == shape and not kept.any()


@pytest.mark.parametrize(
    ("scores", "margin"), [(np.zeros(3), 0), ([[np.nan, 1]], 0), (np.zeros((1, 2)), -1)]
)
def test_keep_in_order_refuses_bad_scores_and_margins(scores, margin):
    with pytest.raises(ValueError, match="`scores` must be .N, L. finite numbers"):
        keep_in_order(scores, margin=margin)


def test_the_filter_finds_most_of_the_flipped_lists():
    # 400 pairs 1.5 apart, a fifth of them flipped; three rankers err by N(0, 0.6) a picture. The
    # mean of two judges then errs by N(0, 0.6) a pair: 1.5 is 2.5 standard deviations, so about
    # 0.6 % of the right pairs are lost and as many of the wrong ones stay.
    generator = np.random.default_rng(0)
    truth = generator.uniform(-2, 2, 400)
    pictures = np.concatenate([truth + 0.75, truth - 0.75])
    scores = pictures + generator.normal(0, 0.6, (3, 800))
    lists = np.stack([np.arange(400), np.arange(400, 800)], axis=1)
    flipped = np.arange(400) < 80
    lists[flipped] = lists[flipped, ::-1]
    parts = deal_groups(link_lists(lists), 3, seed=0)
    judges = parts != np.arange(3)[:, np.newaxis]
    kept = keep_in_order(
        mean_list_scores(standardise_scores(scores), lists, judges), margin=0.0
    ).any(axis=1)
    assert (~kept[flipped]).mean() > 0.95
    assert kept[~flipped].mean() > 0.95


def test_count_pairs_of_none_one_and_many():
    kept = np.array([[False] * 4, [True] + [False] * 3, [True] * 4])
    assert count_pairs(kept).tolist() == [0, 0, 6]


def test_link_lists_follows_shared_pictures():
    lists = np.array([[0, 1, 2], [3, 4, 5], [5, 6, 7], [8, 9, 10], [7, 2, 11]])
    # Lists 1 and 2 share picture 5, 2 and 4 share 7, 4 and 0 share 2; list 3 stands alone.
    groups = link_lists(lists)
    assert len(set(groups[[0, 1, 2, 4]])) == 1 and groups[3] != groups[0]
    assert link_lists(np.zeros((0, 2), int)).tolist() == []


def test_deal_groups_keeps_groups_whole_and_parts_even():
    groups = np.repeat(np.arange(10), 3)
    parts = deal_groups(groups, 5, seed=1)
    assert np.bincount(parts).tolist() == [6] * 5
    assert all(len(set(parts[groups == group])) == 1 for group in range(10))


def test_deal_groups_is_a_function_of_the_seed():
    groups = np.arange(40)
    assert deal_groups(groups, 4, seed=1).tolist() == deal_groups(groups, 4, seed=1).tolist()
    assert deal_groups(groups, 4, seed=1).tolist() != deal_groups(groups, 4, seed=2).tolist()


def test_deal_groups_of_no_lists_and_no_parts():
    assert deal_groups(np.zeros(0, int), 2, seed=0).tolist() == []
    with pytest.raises(ValueError, match="`num_parts` must be at least 1"):
        deal_groups(np.zeros(3, int), 0, seed=0)
