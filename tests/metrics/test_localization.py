import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from config.errors import InputError
from metrics.localization import (
    Matches,
    add_matches,
    count_blob_hits,
    count_matches,
    match_points,
)


def match_twin(points, predicted, radius):
    """Match by SciPy's dense assignment: a pair out of reach costs more than all within."""
    distances = cdist(points, predicted)
    costs = np.where(distances <= radius, distances, 1e6)
    rows, columns = linear_sum_assignment(costs)
    near = distances[rows, columns] <= radius
    return int(near.sum()), distances[rows, columns][near].sum()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("num_true", "num_predicted"), [(30, 30), (60, 25), (1, 40)])
def test_match_points_equals_the_dense_assignment(seed, num_true, num_predicted):
    generator = np.random.default_rng(seed)
    points, predicted = (
        generator.random((num_true, 2)) * 50,
        generator.random((num_predicted, 2)) * 50,
    )
    pairs = match_points(points, predicted, radius=6)
    number, total = match_twin(points, predicted, 6)
    assert len(pairs) == number
    distances = np.linalg.norm(points[pairs[:, 0]] - predicted[pairs[:, 1]], axis=1)
    assert distances.sum() == pytest.approx(total)
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == number
    assert (np.diff(pairs[:, 0]) > 0).all()


def test_match_points_takes_more_pairs_before_nearer_ones():
    # Greedy takes 1 with 1.2 and leaves 0 alone.
    pairs = match_points([[0.0, 0.0], [0.0, 1.0]], [[0.0, 1.2], [0.0, 3.0]], radius=2)
    assert pairs.tolist() == [[0, 0], [1, 1]]


def test_match_points_includes_the_radius_and_doubled_points():
    assert len(match_points([[0.0, 0.0]], [[3.0, 4.0]], radius=5)) == 1
    assert len(match_points([[0.0, 0.0]], [[3.0, 4.0]], radius=4.99)) == 0
    assert len(match_points([[1.0, 1.0]] * 2, [[1.0, 1.0]] * 3, radius=0.5)) == 2


@pytest.mark.parametrize(
    ("points", "predicted"), [([], []), ([], [[1.0, 2.0]]), ([[1.0, 2.0]], [])]
)
def test_match_points_of_nothing(points, predicted):
    assert match_points(points, predicted, radius=1).shape == (0, 2)


def test_match_points_takes_a_crowd_of_thousands():
    generator = np.random.default_rng(0)
    points = generator.random((5000, 2)) * 700
    moved = points + generator.normal(0, 0.5, points.shape)
    assert len(match_points(points, moved, radius=8)) == 5000


def test_count_matches_keeps_classes_apart():
    points, predicted = [[0.0, 0.0], [9.0, 9.0]], [[0.0, 1.0], [9.0, 9.0], [5.0, 5.0]]
    classes = np.array([1, 2]), np.array([2, 2, 3])
    assert count_matches(points, predicted, radius=2) == Matches(2, 3, 2)
    assert count_matches(points, predicted, radius=2, classes=classes) == Matches(1, 3, 2)


def test_count_blob_hits_counts_a_crowded_blob_once():
    labels = np.zeros((4, 9), int)
    labels[:, :4], labels[0, 6], labels[3, 8] = 1, 2, 3
    points = [[0.0, 0.0], [2.5, 3.9], [0.0, 6.0], [2.0, 7.0]]
    assert count_blob_hits(labels, points) == Matches(2, 3, 4)
    assert count_blob_hits(labels, []) == Matches(0, 3, 0)
    assert count_blob_hits(np.zeros((1, 1), int), [[0.0, 0.5]]) == Matches(0, 0, 1)


def test_scores_by_hand_and_undefined():
    assert Matches(2, 3, 4).scores() == {"precision": 2 / 3, "recall": 0.5, "f1": 4 / 7}
    assert all(np.isnan(value) for value in add_matches([]).scores().values())
    assert Matches(0, 0, 3).scores()["f1"] == 0


@pytest.mark.parametrize("points", [[[1.0, 2.0, 3.0]], [1.0, 2.0], [[np.nan, 0.0]]])
def test_match_points_names_bad_points(points):
    with pytest.raises(InputError, match=r"`points` must be \(N, 2\) finite"):
        match_points(points, [[0.0, 0.0]], radius=1)


@pytest.mark.parametrize("radius", [0, -1, np.nan])
def test_match_points_names_a_bad_radius(radius):
    with pytest.raises(InputError, match="`radius` must be a positive number"):
        match_points([[0.0, 0.0]], [[0.0, 0.0]], radius=radius)


def test_count_blob_hits_names_a_point_outside():
    with pytest.raises(InputError, match=r"inside the picture of 2 x 3 .* Received \[2.0, 0.0\]"):
        count_blob_hits(np.zeros((2, 3), int), [[2.0, 0.0]])
