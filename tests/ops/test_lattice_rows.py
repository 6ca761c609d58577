import numpy as np
import pytest
import tensorflow as tf

from losses.joint_color_crf import joint_color_crf_loss
from ops.graph_lattices import build_joint_colour_lattice, list_colour_features
from ops.graph_permutohedral import filter_in_graph
from ops.lattice import build_lattice
from ops.lattice_rows import LatticeRows, build_lattice_rows, join_groups, join_lattice_rows
from ops.permutohedral import permutohedral_filter


def draw_features(spreads=(0.1, 3.0, 1.0), num_points=20):
    """Three rows whose lattices have different numbers of vertices."""
    rng = np.random.default_rng(0)
    shape = (num_points, 3)
    return np.stack([rng.normal(0, spread, shape) for spread in spreads]).astype(np.float32)


def filter_rows(rows, values):
    return filter_in_graph(join_lattice_rows(rows), values.reshape(-1, values.shape[-1])).numpy()


def test_join_lattice_rows_filters_every_row_by_itself():
    features = draw_features()
    values = np.random.default_rng(1).normal(size=(3, 20, 2)).astype(np.float32)
    rows = build_lattice_rows(tf.constant(features))
    lattices = [build_lattice(each) for each in features]
    counts = [each.neighbours.shape[2] - 1 for each in lattices]
    assert len(set(counts)) == 3 and rows.neighbours.shape == (3, max(counts), 4, 2)
    pairs = zip(lattices, values, strict=True)
    expected = np.concatenate([permutohedral_filter(*pair) for pair in pairs])
    np.testing.assert_allclose(filter_rows(rows, values), expected, atol=1e-5)


@pytest.mark.parametrize("part", [slice(0, 1), slice(1, 3), slice(2, 3)])
def test_lattice_rows_can_be_cut(part):
    features = draw_features()
    values = np.random.default_rng(1).normal(size=(3, 20, 2)).astype(np.float32)[part]
    whole = build_lattice_rows(tf.constant(features))
    cut = LatticeRows(*(each[part] for each in whole))
    alone = build_lattice_rows(tf.constant(features[part]))
    np.testing.assert_allclose(filter_rows(cut, values), filter_rows(alone, values), atol=1e-5)


def test_lattice_rows_in_a_pipeline_have_known_axes():
    features = tf.data.Dataset.from_tensor_slices(draw_features()).batch(2)
    batches = features.map(build_lattice_rows)
    assert batches.element_spec.vertices.shape.as_list() == [None, 20, 4]
    assert batches.element_spec.neighbours.shape.as_list() == [None, None, 4, 2]
    assert [len(rows.weights) for rows in batches] == [2, 1]


def test_lattice_rows_of_no_picture_and_of_one_pixel():
    empty = join_lattice_rows(build_lattice_rows(tf.zeros((0, 4, 2))))
    assert empty.vertices.shape == (0, 3) and empty.neighbours.shape == (3, 2, 1)
    pixel = build_lattice_rows(tf.zeros((1, 1, 2)))
    # D = 2: one point's own value is divided by 1 + 2^-2 and blurred along three axes.
    expected = permutohedral_filter(build_lattice(np.zeros((1, 2))), np.ones((1, 1), np.float32))
    np.testing.assert_allclose(filter_rows(pixel, np.ones((1, 1, 1), np.float32)), expected)


def test_join_groups_gives_the_joint_loss_of_a_batchs_groups():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 3, 5, 3), dtype=np.uint8)
    maps = tf.nn.softmax(rng.normal(size=(4, 3, 5, 2)))
    features = tf.reshape(list_colour_features(images, colour=60.0), (2, 2 * 15, 3))
    joint = join_groups(build_lattice_rows(features), 2)
    expected = build_joint_colour_lattice(images, [0, 0, 1, 1], colour=60.0)
    losses = [joint_color_crf_loss(maps, each, normalised=True) for each in (joint, expected)]
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_build_lattice_rows_needs_points_that_are_known():
    with pytest.raises(ValueError, match=r"`features` must be \(B, N, D\) with N and D known"):
        build_lattice_rows(tf.zeros((4, 5)))
