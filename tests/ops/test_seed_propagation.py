import numpy as np
import pytest
from scipy import ndimage

from ops.salient_components import label_components
from ops.seed_propagation import label_seed_parts, propagate_seeds, seed_energies

SIZE = (60, 80)


def likeliest(image, unary):
    """A CRF without pairwise terms."""
    return -unary


def bright_side(image, unary):
    """A CRF that only looks at edges: the classes' sides are told by one pixel of each."""
    light = image[..., 0] > 127
    sides = light.ravel()[unary.reshape(-1, unary.shape[-1]).argmin(axis=0)]
    return (light[..., np.newaxis] == sides).astype(np.float32)


def boxes(*rectangles, size=SIZE):
    """Draw (value, top, left, bottom, right), half-open."""
    canvas = np.zeros(size, np.int32)
    for value, top, left, bottom, right in rectangles:
        canvas[top:bottom, left:right] = value
    return canvas


def spread(seeds, components, image=None, crf=likeliest, **options):
    image = np.zeros((*seeds.shape, 3), np.uint8) if image is None else image
    parts = label_seed_parts(seeds, min_area=25)
    return propagate_seeds(image, seeds, parts, components, crf=crf, **options)


def test_label_seed_parts_keep_classes_apart():
    # Two classes with a common edge are two parts; 24 pixels are too few.
    seeds = boxes((5, 0, 0, 5, 5), (7, 0, 5, 5, 10), (5, 20, 20, 24, 26))
    parts = label_seed_parts(seeds, min_area=25)
    assert [np.unique(parts[seeds == c]).tolist() for c in (5, 7)] == [[0, 1], [2]]


def test_label_seed_parts_without_seeds_are_none():
    assert not label_seed_parts(np.zeros((3, 4), np.int32), min_area=1).any()


def test_propagate_seeds_fills_the_component_and_ignores_what_sticks_out():
    labels = spread(boxes((5, 20, 10, 30, 30)), boxes((1, 15, 20, 40, 40)))
    expected = boxes((255, 20, 10, 30, 20), (5, 15, 20, 40, 40))
    np.testing.assert_array_equal(labels, expected)


def test_propagate_seeds_ignores_a_component_without_seed():
    components = boxes((1, 5, 5, 20, 20))
    np.testing.assert_array_equal(spread(boxes(), components), 255 * components)


def test_propagate_seeds_keeps_a_seed_that_touches_nothing():
    seeds = boxes((5, 40, 60, 46, 66))
    np.testing.assert_array_equal(spread(seeds, boxes()), seeds)


def test_propagate_seeds_drops_a_small_seed():
    assert not spread(boxes((5, 40, 60, 44, 64)), boxes()).any()


def test_propagate_seeds_a_small_seed_cannot_vote():
    components = boxes((1, 5, 5, 20, 20))
    labels = spread(boxes((5, 6, 6, 10, 10)), components)
    np.testing.assert_array_equal(labels, 255 * components)


def test_propagate_seeds_fills_the_first_rows():
    components = boxes((1, 0, 10, 20, 30))
    np.testing.assert_array_equal(spread(boxes((5, 5, 15, 12, 25)), components), 5 * components)


def test_propagate_seeds_one_seed_fills_two_components():
    components = boxes((1, 10, 5, 30, 25), (2, 10, 35, 30, 55))
    labels = spread(boxes((5, 15, 15, 25, 45)), components)
    assert (labels[components > 0] == 5).all() and (labels[15:25, 25:35] == 255).all()


@pytest.mark.parametrize("left, right", [(5, 7), (7, 5)])
@pytest.mark.parametrize("unary", ["linear", "log"])
def test_propagate_seeds_shares_a_component_by_the_edge(left, right, unary):
    # The edge is at column 36, the middle between the seeds at 40.
    image = np.zeros((*SIZE, 3), np.uint8)
    image[:, 36:] = 255
    seeds = boxes((left, 25, 20, 35, 30), (right, 25, 50, 35, 60))
    component = boxes((1, 15, 15, 45, 65))
    by_edge = spread(seeds, component, image, bright_side, unary=unary)
    np.testing.assert_array_equal(by_edge, boxes((left, 15, 15, 45, 36), (right, 15, 36, 45, 65)))
    by_seed = spread(seeds, component, image, unary=unary)
    np.testing.assert_array_equal(by_seed, boxes((left, 15, 15, 45, 40), (right, 15, 40, 45, 65)))


def test_propagate_seeds_asks_the_crf_once_per_set_of_classes():
    calls = []

    def crf(image, unary):
        calls.append(unary.shape)
        return -unary

    seeds = boxes((5, 5, 5, 12, 12), (7, 5, 14, 12, 21), (5, 35, 5, 42, 12), (7, 35, 14, 42, 21))
    spread(seeds, boxes((1, 3, 3, 25, 25), (2, 33, 3, 55, 25)), crf=crf)
    assert calls == [(*SIZE, 2)]


def test_seed_energies_equal_scipy():
    seeds = np.where(np.random.default_rng(0).random((90, 120)) < 0.5, 3, 0)
    m = ndimage.gaussian_filter(np.where(seeds == 3, 0.999, 0.001), 10)
    np.testing.assert_allclose(seed_energies(seeds, [3], unary="linear")[..., 0], -m, atol=1e-5)
    np.testing.assert_allclose(
        seed_energies(seeds, [3], unary="log")[..., 0], -np.log(m), atol=1e-4
    )


def test_seed_energies_are_finite_without_a_seed():
    # m = .001 everywhere.
    energies = seed_energies(np.zeros((5, 4), np.int32), [3], unary="log")
    np.testing.assert_allclose(energies, np.full((5, 4, 1), -np.log(0.001)), rtol=1e-3)


def twin(seeds, salient):
    """Rule G2 once more, part by part, as the specification's table tells it."""
    square = np.ones((3, 3))

    def areas(mask, least):
        found, number = ndimage.label(mask, square)
        for i in range(1, number + 1):
            rows, columns = np.nonzero(found == i)
            if len(rows) >= least and np.ptp(rows) > 0 and np.ptp(columns) > 0:
                yield found == i

    objects = list(areas(salient, 0.01 * salient.size))
    parts = [(c, part) for c in np.unique(seeds[seeds > 0]) for part in areas(seeds == c, 25)]
    labels = np.zeros(seeds.shape, int)
    for c, part in parts:
        labels[part] = 255 if any((part & each).any() for each in objects) else c
    for each in objects:
        classes = sorted({c for c, part in parts if (part & each).any()})
        m = [ndimage.gaussian_filter(np.where(seeds == c, 0.999, 0.001), 10) for c in classes]
        labels[each] = np.array(classes)[np.argmax(m, axis=0)][each] if classes else 255
    return labels


@pytest.mark.parametrize("seed", range(20))
def test_propagate_seeds_equals_its_twin(seed):
    draws = np.random.default_rng(seed)
    size = (70, 90)
    fields = [ndimage.gaussian_filter(draws.normal(size=size), 5) for _ in range(3)]
    heat = np.stack(fields) / np.std(fields)
    seeds = np.where(heat.max(0) > 1.2, np.array([4, 9, 2])[heat.argmax(0)], 0)
    salient = ndimage.gaussian_filter(draws.normal(size=size), 6) > 0.01
    components = label_components(salient, min_area=0.01 * salient.size)
    differ = spread(seeds, components) != twin(seeds, salient)
    assert differ.mean() < 2e-4  # float32 against float64 where two classes are level


def test_propagate_seeds_one_pixel():
    labels = spread(np.array([[3]]), np.array([[0]]))
    assert labels.tolist() == [[0]]
