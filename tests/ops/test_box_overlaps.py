import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from ops.boxes import ciou, diou, giou, iou, iou_matrix, overlap_areas, suppress_overlaps

OVERLAPS = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}
every_overlap = pytest.mark.parametrize("kind", OVERLAPS)
UNIT = [0.0, 0.0, 1.0, 1.0]
POINT = [0.3, 0.3, 0.3, 0.3]
DEGENERATE = [
    (UNIT, UNIT),  # identical
    (UNIT, [2.0, 3.0, 4.0, 5.0]),  # apart
    (UNIT, [1.0, 0.0, 2.0, 1.0]),  # touching
    (UNIT, [0.25, 0.25, 0.75, 0.75]),  # inside
    (UNIT, POINT),
    (POINT, UNIT),
    (POINT, POINT),
    (POINT, [0.5, 0.5, 0.5, 0.5]),  # two points
    ([0.2, 0.0, 0.2, 1.0], [0.2, 0.0, 0.2, 1.0]),  # a line
    ([0.2, 0.0, 0.2, 1.0], [0.0, 0.4, 1.0, 0.4]),  # crossing lines
    ([0.0, 0.0, 1e-20, 1e-20], [0.0, 0.0, 1e-20, 1e-20]),
    ([0.0, 0.0, 1e-7, 1e-7], UNIT),
    ([0.0, 0.0, 1e-30, 1.0], [0.0, 0.0, 1e-30, 1.0]),
    ([0.8, 0.8, 0.2, 0.2], UNIT),  # swapped corners
    ([0.0, 0.0, 1e4, 1e4], [0.0, 0.0, 1e4, 1.0]),  # pixels
]


def random_boxes(number, seed=0):
    corners = np.random.default_rng(seed).random((number, 2, 2))
    return np.sort(corners, axis=1).reshape(-1, 4)


def twin(kind, a, b):
    """Compute one overlap from the papers' formulas, in plain numbers."""
    shared = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    sizes = [(box[2] - box[0], box[3] - box[1]) for box in (a, b)]
    union = sizes[0][0] * sizes[0][1] + sizes[1][0] * sizes[1][1] - shared
    width, height = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    value = shared / union
    if kind == "iou":
        return value
    if kind == "giou":
        return value - (width * height - union) / (width * height)
    centres = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (a, b)]
    value_d = value - math.dist(*centres) ** 2 / (width**2 + height**2)
    if kind == "diou":
        return value_d
    angles = [math.atan(width / height) for width, height in sizes]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    return value_d - v / (1 - value + v) * v


def aspect_term(boxes, others):
    angles = [np.arctan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1])) for b in (boxes, others)]
    return 4 / math.pi**2 * (angles[0] - angles[1]) ** 2


def gradient(kind, boxes, others):
    boxes = tf.constant(boxes, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(boxes)
        total = tf.reduce_sum(OVERLAPS[kind](boxes, tf.constant(others, tf.float32)))
    return tape.gradient(total, boxes).numpy()


def test_overlap_areas_by_hand():
    # 3 x 4 and 3 x 4 that share 2 x 1.
    shared, union = overlap_areas([[0.0, 0.0, 3.0, 4.0]], [[1.0, 3.0, 4.0, 7.0]])
    assert shared.tolist() == [2.0] and union.tolist() == [22.0]


def test_overlaps_by_hand():
    # Squares of side 2, one moved by 1 to the right: 2 / 6; the hull is 3 x 2, wholly covered;
    # centres 1 apart, squared diagonal 13; equal shapes.
    left, right = [0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]
    assert iou(left, right) == giou(left, right) == pytest.approx(1 / 3)
    assert diou(left, right) == ciou(left, right) == pytest.approx(1 / 3 - 1 / 13)


def test_giou_tells_how_far_apart():
    # Unit squares with a gap g: IoU 0, hull 2 + g, so -g / (2 + g); the corner case 3 x 3: -7 / 9.
    others = [[1.0 + g, 0.0, 2.0 + g, 1.0] for g in (0, 1, 2)] + [[2.0, 2.0, 3.0, 3.0]]
    np.testing.assert_allclose(giou(UNIT, others), [0, -1 / 3, -1 / 2, -7 / 9])
    assert iou(UNIT, others).tolist() == [0, 0, 0, 0]


def test_ciou_by_hand():
    # 2 x 1 inside 2 x 2 at one end: IoU .5, centres .5 apart, squared diagonal 8. Angles atan 2 =
    # 1.107149 and pi / 4: v = .405285 * .321751^2 = .041956, alpha = .041956 / .541956 = .077416.
    value = ciou([0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 2.0, 2.0])
    assert value == pytest.approx(0.5 - 0.25 / 8 - 0.077416 * 0.041956, abs=1e-6)


@every_overlap
def test_overlaps_equal_their_formulas(kind):
    boxes, others = random_boxes(200), random_boxes(200, seed=1)
    expected = [twin(kind, a, b) for a, b in zip(boxes.tolist(), others.tolist(), strict=True)]
    np.testing.assert_allclose(OVERLAPS[kind](boxes, others), expected, rtol=1e-9, atol=1e-12)


@every_overlap
def test_overlaps_in_a_graph_equal_numpy(kind):
    boxes, others = (random_boxes(50, seed).astype(np.float32) for seed in (0, 1))
    result = tf.function(OVERLAPS[kind])(tf.constant(boxes), tf.constant(others))
    assert result.dtype == tf.float32
    np.testing.assert_allclose(result, OVERLAPS[kind](boxes, others), rtol=1e-4, atol=1e-5)


@every_overlap
def test_overlaps_trace_symbolic_tensors(kind):
    boxes, others = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([boxes, others], OVERLAPS[kind](boxes, others))
    assert model([np.array([UNIT]), np.array([UNIT])]).numpy().tolist() == [1.0]


@every_overlap
def test_overlaps_are_symmetric_and_do_not_depend_on_the_unit(kind):
    boxes, others = random_boxes(50), random_boxes(50, seed=1)
    values = OVERLAPS[kind](boxes, others)
    np.testing.assert_allclose(OVERLAPS[kind](others, boxes), values, atol=1e-12)
    np.testing.assert_allclose(OVERLAPS[kind](640 * boxes, 640 * others), values, atol=1e-9)
    assert (values <= iou(boxes, others) + 1e-12).all()


@every_overlap
def test_overlaps_of_equal_boxes_are_one(kind):
    boxes = random_boxes(20)
    np.testing.assert_allclose(OVERLAPS[kind](boxes, boxes), 1, atol=1e-9)


def test_overlaps_without_an_area():
    # Two points at one place: nothing to divide by. Apart: the squared diagonal is the squared
    # distance. A point in a square of side 1: hull and union are the square.
    corner = [1.0, 1.0, 1.0, 1.0]
    assert [float(f(POINT, POINT)) for f in OVERLAPS.values()] == [0, 0, 0, 0]
    assert diou(POINT, corner) == ciou(POINT, corner) == pytest.approx(-1)
    assert iou(POINT, UNIT) == giou(POINT, UNIT) == 0
    # Swapped corners have no area, so they overlap nothing.
    assert iou([1.0, 1.0, 0.0, 0.0], UNIT) == 0 and iou([1.0, 0.0, 0.0, 1.0], UNIT) == 0


@every_overlap
@pytest.mark.parametrize("boxes, others", DEGENERATE)
def test_overlaps_and_gradients_are_finite(kind, boxes, others):
    value = OVERLAPS[kind](tf.constant([boxes]), tf.constant([others])).numpy()
    assert np.isfinite(value).all() and -2 <= value[0] <= 1 + 1e-6
    assert np.isfinite(gradient(kind, [boxes], [others])).all()
    assert np.isfinite(gradient(kind, [others], [boxes])).all()


@every_overlap
def test_overlaps_gradient_equals_finite_differences(kind):
    boxes, others = random_boxes(8), random_boxes(8, seed=1)
    slopes, step = gradient(kind, boxes, others), 1e-6
    value = OVERLAPS[kind]
    if kind == "ciou":  # alpha is a constant in the gradient: it stays what it is at `boxes`.
        alpha = (diou(boxes, others) - ciou(boxes, others)) / aspect_term(boxes, others)

        def value(boxes, others):
            return diou(boxes, others) - alpha * aspect_term(boxes, others)

    for i in range(4):
        move = step * np.eye(4)[i]
        expected = (value(boxes + move, others) - value(boxes - move, others)) / (2 * step)
        np.testing.assert_allclose(slopes[:, i], expected, rtol=2e-3, atol=2e-4)


def test_gradient_without_an_overlap():
    # A box to the left of its target: IoU does not say where to go, the others move it right.
    left, right = [[0.0, 0.0, 0.2, 0.2]], [[0.6, 0.0, 0.8, 0.2]]
    assert not gradient("iou", left, right).any()
    for kind in ("giou", "diou", "ciou"):
        slopes = gradient(kind, left, right)[0]
        assert slopes[0] + slopes[2] > 0


@every_overlap
def test_overlaps_nan_stays_in_its_box(kind):
    boxes = random_boxes(3)
    boxes[1, 2] = np.nan
    for given in (boxes, tf.constant(boxes)):
        result = OVERLAPS[kind](given, random_boxes(3, seed=1))
        assert np.isnan(result).tolist() == [False, True, False]


@every_overlap
def test_overlaps_broadcast_and_take_no_box(kind):
    assert OVERLAPS[kind](np.zeros((0, 4)), np.zeros((0, 4))).shape == (0,)
    assert OVERLAPS[kind](random_boxes(3)[:, None], random_boxes(2)).shape == (3, 2)
    assert OVERLAPS[kind](tf.zeros((0, 4)), tf.zeros((0, 4))).shape == (0,)


@every_overlap
def test_overlaps_need_four_numbers(kind):
    with pytest.raises(ValueError, match=r"`boxes` must be \(\.\.\., 4\)"):
        OVERLAPS[kind](np.zeros((2, 4)), np.zeros((2, 5)))


def test_iou_matrix_equals_loops():
    boxes, others = random_boxes(4), random_boxes(3, seed=1)
    expected = [[twin("iou", a, b) for b in others] for a in boxes]
    np.testing.assert_allclose(iou_matrix(boxes, others), expected, atol=1e-12)
    tensors = iou_matrix(tf.constant(boxes), tf.constant(others))
    np.testing.assert_allclose(tensors, expected, atol=1e-12)


def test_iou_matrix_of_no_boxes():
    assert iou_matrix(np.zeros((0, 4)), random_boxes(3)).shape == (0, 3)
    assert iou_matrix(random_boxes(3), np.zeros((0, 4))).shape == (3, 0)


def test_iou_matrix_needs_two_lists():
    with pytest.raises(ValueError, match=r"must be \(N, 4\) and \(M, 4\).*\(4,\) and \(2, 4\)"):
        iou_matrix(UNIT, random_boxes(2))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_suppress_overlaps_equals_tensorflow(threshold, seed):
    boxes = random_boxes(60, seed).astype(np.float32)
    scores = np.random.default_rng(seed + 9).random(60).astype(np.float32)
    expected = tf.image.non_max_suppression(boxes, scores, 60, threshold).numpy()
    assert suppress_overlaps(boxes, scores, threshold).tolist() == expected.tolist()


def test_suppress_overlaps_by_hand():
    # IoU 2 / 3 with the first; the third overlaps only the second, which is gone by then.
    boxes = [[0.0, 0.0, 5.0, 1.0], [1.0, 0.0, 6.0, 1.0], [2.5, 0.0, 7.5, 1.0]]
    assert suppress_overlaps(boxes, [0.9, 0.8, 0.7], 0.5).tolist() == [0, 2]
    # An overlap of exactly the threshold stays.
    assert suppress_overlaps(boxes[:2], [0.1, 0.2], 2 / 3).tolist() == [1, 0]
    assert suppress_overlaps(boxes[:2], [0.1, 0.2], 0.66).tolist() == [1]


def test_suppress_overlaps_of_equal_scores_keeps_the_first():
    assert suppress_overlaps([UNIT, UNIT, UNIT], [0.5, 0.5, 0.5]).tolist() == [0]


def test_suppress_overlaps_of_none_and_one():
    assert suppress_overlaps(np.zeros((0, 4)), np.zeros(0)).dtype == np.int64
    assert suppress_overlaps([POINT], [0.0]).tolist() == [0]


@pytest.mark.parametrize("boxes, scores", [(np.zeros((2, 4)), [1.0]), (np.zeros(4), [1.0] * 4)])
def test_suppress_overlaps_bad_shapes(boxes, scores):
    with pytest.raises(ValueError, match=r"`boxes` must be \(N, 4\) and `scores` \(N,\)"):
        suppress_overlaps(boxes, scores)
