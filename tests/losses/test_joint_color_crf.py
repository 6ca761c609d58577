import numpy as np
import pytest
import tensorflow as tf

from losses.joint_color_crf import joint_color_crf_loss, mean_or_zero
from ops.graph_lattices import build_joint_colour_lattice


def two_frames():
    """Cut the specification's two-tone picture and its aligned regions into two frames."""
    images = np.full((2, 8, 4, 3), 60, np.uint8)
    images[1] = 180
    maps = np.zeros((2, 8, 4, 2), np.float32)
    maps[0, ..., 0] = maps[1, ..., 1] = 1
    return images, maps


def exact_loss(images, maps, colour=15.0):
    colours, rows = images.reshape(-1, 3) / colour, maps.reshape(-1, maps.shape[-1]).astype(float)
    kernel = np.exp(-((colours[:, None] - colours[None]) ** 2).sum(-1) / 2)
    return -(rows * (kernel @ rows)).sum()


def test_joint_color_crf_loss_of_the_specification():
    images, maps = two_frames()
    assert exact_loss(images, maps) == pytest.approx(-2048)  # 2 x 32^2 pairs of one colour
    value = joint_color_crf_loss(maps, build_joint_colour_lattice(images, [4, 4]))
    assert value.shape == (1,) and float(value[0]) == pytest.approx(-1184.77, rel=1e-5)


def test_joint_color_crf_loss_counts_groups_of_two_and_more():
    images, maps = two_frames()
    images, maps = images[[0, 0, 1, 1]], maps[[0, 0, 1, 1]]
    joint = build_joint_colour_lattice(images, [1, 2, 3, 1])
    value = joint_color_crf_loss(maps, joint)
    np.testing.assert_allclose(value, [-1184.77], rtol=1e-5)
    normalised = joint_color_crf_loss(maps, joint, normalised=True)
    np.testing.assert_allclose(normalised, [-1184.77 / 64**2], rtol=1e-5)


def test_joint_color_crf_loss_is_lower_where_frames_agree():
    images = np.repeat(two_frames()[0][:1], 2, axis=0)
    maps = np.zeros((2, 8, 4, 2), np.float32)
    maps[..., 0] = 1
    joint = build_joint_colour_lattice(images, [0, 0])
    agreed = float(joint_color_crf_loss(maps, joint)[0])
    maps[1] = maps[1][..., ::-1]
    # Of all pairs half are in one region: 2 x 32^2 of 64^2.
    assert float(joint_color_crf_loss(maps, joint)[0]) == pytest.approx(agreed / 2, rel=1e-5)


def test_joint_color_crf_loss_without_groups_is_zero_without_gradient():
    images, maps = two_frames()
    joint = build_joint_colour_lattice(images, [0, 1])
    maps = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        total = mean_or_zero(joint_color_crf_loss(maps, joint, normalised=True))
    assert float(total) == 0
    slopes = tape.gradient(total, maps)
    assert slopes is None or not tf.convert_to_tensor(slopes).numpy().any()


def test_joint_color_crf_loss_has_a_gradient_in_its_frames_alone():
    images, maps = (each[[0, 1, 0]] for each in two_frames())
    joint = build_joint_colour_lattice(images, [0, 1, 0], scale=0.5)
    maps = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        total = tf.reduce_sum(joint_color_crf_loss(maps, joint, scale=0.5))
    slopes = tf.convert_to_tensor(tape.gradient(total, maps)).numpy()
    assert (slopes[[0, 2], ..., 0] < 0).all() and not slopes[1].any()


def test_joint_color_crf_loss_shows_a_nan_in_its_group():
    images, maps = (each[[0, 1, 0, 1]] for each in two_frames())
    maps[1, 2, 2, 0] = np.nan
    values = joint_color_crf_loss(maps, build_joint_colour_lattice(images, [0, 1, 0, 1]))
    assert np.isnan(values).tolist() == [False, True]
    assert np.isnan(mean_or_zero(values))
