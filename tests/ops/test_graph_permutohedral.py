import numpy as np
import pytest
import tensorflow as tf

from ops.graph_permutohedral import build_in_graph, filter_in_graph
from ops.lattice import build_lattice
from ops.permutohedral import permutohedral_filter


def draw(num_points=60, num_values=2, dimensions=5, seed=0):
    rng = np.random.default_rng(seed)
    features = 1.5 * rng.normal(size=(num_points, dimensions))
    return build_lattice(features), rng.normal(size=(num_points, num_values)).astype(np.float32)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
@pytest.mark.parametrize("adjoint", [False, True])
def test_filter_in_graph_equals_numpys(dimensions, adjoint):
    lattice, values = draw(dimensions=dimensions)
    expected = permutohedral_filter(lattice, values, adjoint=adjoint)
    filtered = filter_in_graph(lattice, values, adjoint=adjoint)
    np.testing.assert_allclose(filtered, expected, atol=1e-5)


def test_filter_in_graph_has_the_transposed_filter_as_gradient():
    lattice, values = draw()
    weights = np.random.default_rng(1).normal(size=values.shape)
    values = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(weights * filter_in_graph(lattice, values))
    expected = permutohedral_filter(lattice, weights, adjoint=True)
    np.testing.assert_allclose(tape.gradient(total, values), expected, atol=1e-5)


def test_filter_in_graph_gives_a_quadratic_form_its_true_slope():
    # d(x^T A x) / dx = (A + A^T) x; against differences along a direction, in float64.
    lattice, values = draw(num_points=12, num_values=1)
    direction = np.random.default_rng(2).normal(size=values.shape)
    matrix = permutohedral_filter(lattice, np.eye(12)).astype(float)
    start = values.astype(float)

    def form(x):
        return (x.T @ matrix @ x).item()

    slope = (form(start + 1e-4 * direction) - form(start - 1e-4 * direction)) / 2e-4
    values = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(values * filter_in_graph(lattice, values))
    gradient = tape.gradient(total, values).numpy()
    assert (gradient * direction).sum() == pytest.approx(slope, rel=1e-4)


def test_filter_in_graph_differentiates_twice():
    lattice, values = draw(num_points=8, num_values=1)
    values = tf.constant(values)
    with tf.GradientTape() as outer:
        outer.watch(values)
        with tf.GradientTape() as inner:
            inner.watch(values)
            total = tf.reduce_sum(filter_in_graph(lattice, values) ** 2)
        gradient = inner.gradient(total, values)
    # The Hessian of |Ax|^2 is 2 A^T A.
    matrix = permutohedral_filter(lattice, np.eye(8))
    hessian = outer.jacobian(gradient, values)[:, 0, :, 0]
    np.testing.assert_allclose(hessian, 2 * matrix.T @ matrix, atol=1e-4)


def test_filter_in_graph_takes_lattices_of_any_size_in_one_trace():
    traces = []

    @tf.function(reduce_retracing=True)
    def run(features, values):
        traces.append(1)
        return filter_in_graph(build_in_graph(features), values)

    run = run.get_concrete_function(
        tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 1), tf.float32)
    )
    for num_points in (5, 1, 40):
        features = np.random.default_rng(num_points).normal(size=(num_points, 3))
        values = np.ones((num_points, 1), np.float32)
        filtered = run(tf.constant(features[None], tf.float32), tf.constant(values))
        expected = permutohedral_filter(build_lattice(features), values)
        np.testing.assert_allclose(filtered, expected, atol=1e-5)
    assert len(traces) == 1


def test_build_in_graph_joins_a_batch_inside_a_pipeline():
    features = np.random.default_rng(3).normal(size=(4, 30, 5)).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices(features).batch(2).map(build_in_graph)
    values = np.random.default_rng(4).normal(size=(2, 30, 2)).astype(np.float32)
    for batch, lattice in zip(features.reshape(2, 2, 30, 5), dataset, strict=True):
        filtered = filter_in_graph(lattice, values.reshape(60, 2)).numpy().reshape(2, 30, 2)
        for rows, own, result in zip(batch, values, filtered, strict=True):
            expected = permutohedral_filter(build_lattice(rows), own)
            np.testing.assert_allclose(result, expected, atol=1e-5)


def test_filter_in_graph_works_in_float32_whatever_comes():
    lattice, values = draw()
    half = tf.Variable(values, dtype=tf.float16)
    with tf.GradientTape() as tape:
        filtered = filter_in_graph(lattice, half)
    assert filtered.dtype == tf.float32
    assert tape.gradient(filtered, half).dtype == tf.float16


def test_filter_in_graph_of_no_point_and_with_nan():
    empty = build_lattice(np.zeros((0, 3)))
    assert filter_in_graph(empty, tf.zeros((0, 2))).shape == (0, 2)
    lattice, values = draw()
    values[7] = np.nan
    assert np.isnan(filter_in_graph(lattice, values).numpy()[7]).all()


def test_filter_in_graph_names_a_wrong_shape():
    lattice, values = draw()
    with pytest.raises(ValueError, match=r"`values` must be \(N, C\).* for 60 points"):
        filter_in_graph(lattice, values[:-1])

    @tf.function(input_signature=[tf.TensorSpec(None, tf.int32)])
    def run(neighbours):
        return filter_in_graph(lattice._replace(neighbours=neighbours), values)

    with pytest.raises(ValueError, match="`lattice.neighbours` must be .* with D known"):
        run.get_concrete_function()


def test_build_in_graph_names_what_is_wrong():
    with pytest.raises(ValueError, match=r"`features` must be \(B, N, D\)"):
        build_in_graph(tf.zeros((4, 5)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`features` must be finite"):
        tf.function(build_in_graph)(tf.fill((1, 2, 3), np.nan))
