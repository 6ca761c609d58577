import numpy as np
import pytest
import tensorflow as tf

from ops.graph_lattices import build_bilateral_lattice, build_joint_colour_lattice, scaled_size
from ops.lattice import build_lattice
from ops.pixel_features import bilateral_features, colour_features


def draw_images(number, height=6, width=9):
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (number, height, width, 3), dtype=np.uint8)


def assert_same(lattice, expected):
    for array, other in zip(lattice, expected, strict=True):
        np.testing.assert_allclose(array, other, atol=2e-4)


@pytest.mark.parametrize("as_float", [False, True])
def test_build_bilateral_lattice_is_that_of_places_and_colours(as_float):
    images = draw_images(1)
    shown = np.float32(images / 255) if as_float else images
    features = bilateral_features(images[0], position=4.0, colour=40.0)
    lattice = build_bilateral_lattice(tf.constant(shown), position=4.0, colour=40.0)
    assert_same(lattice, build_lattice(features))


def test_build_bilateral_lattice_shrinks_places_with_pictures():
    # Two pixels of one picture become one; places are 0 .. 3 in units of 4 * .5.
    small = draw_images(1, 3, 4)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    features = bilateral_features(small[0], position=2.0, colour=40.0)
    lattice = build_bilateral_lattice(large, position=4.0, colour=40.0, scale=0.5)
    assert_same(lattice, build_lattice(features))


def test_build_bilateral_lattice_in_a_pipeline_of_uneven_batches():
    images = draw_images(3)
    batches = tf.data.Dataset.from_tensor_slices(images).batch(2).map(build_bilateral_lattice)
    assert [len(lattice.vertices) for lattice in batches] == [2 * 54, 54]


def test_build_joint_colour_lattice_is_that_of_a_groups_colours():
    images = draw_images(4)
    joint = build_joint_colour_lattice(images, [5, 9, 5, 7], colour=40.0)
    assert joint.members.numpy().tolist() == [0, 2] and joint.owners.numpy().tolist() == [0, 0]
    features = colour_features(images[[0, 2]].reshape(1, -1, 3), 40.0)
    assert_same(joint.lattice, build_lattice(features))


def test_build_joint_colour_lattice_keeps_groups_apart_and_together():
    joint = build_joint_colour_lattice(draw_images(5), [1, 0, 1, 0, 1])
    assert joint.members.numpy().tolist() == [1, 3, 0, 2, 4]
    assert joint.owners.numpy().tolist() == [0, 0, 1, 1, 1]
    two, three = joint.lattice.vertices[: 2 * 54].numpy(), joint.lattice.vertices[2 * 54 :].numpy()
    assert not np.intersect1d(two, three).size


def test_build_joint_colour_lattice_without_a_group_of_two_is_empty():
    joint = build_joint_colour_lattice(draw_images(2), [0, 1], scale=0.5)
    assert joint.lattice.vertices.shape == (0, 4) and not joint.members.numpy().size


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [((9, 8), 0.5, (4, 4)), ((1, 3), 0.3, (1, 1)), ((5, 4), 1, (5, 4))],
)
def test_scaled_size_is_rounded_down(size, scale, expected):
    assert scaled_size(size, scale) == expected


def test_build_lattices_name_what_is_wrong():
    images = draw_images(1)
    with pytest.raises(ValueError, match="`position` must be a deviation above 0"):
        build_bilateral_lattice(images, position=0)
    with pytest.raises(ValueError, match="`colour` must be a deviation above 0"):
        build_joint_colour_lattice(images, [0], colour=-1)
    with pytest.raises(ValueError, match=r"`scale` must be in \(0, 1\]"):
        build_bilateral_lattice(images, scale=2)
    with pytest.raises(ValueError, match=r"`images` must be \(B, H, W, 3\)"):
        build_bilateral_lattice(images[0])
