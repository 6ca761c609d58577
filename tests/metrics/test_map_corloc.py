import keras
import numpy as np
import pytest
import tensorflow as tf

from metrics.map_corloc import MapCorLoc
from metrics.max_box_acc import MaxBoxAccuracy


def draw_frames(num=6, side=24):
    rng = np.random.default_rng(0)
    rows, columns = np.indices((side, side))
    maps, boxes = [], []
    for _ in range(num):
        row, column = rng.uniform(6, 18, 2)
        maps.append(np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / rng.uniform(5, 60)))
        boxes.append([[column - 5, row - 5, column + 5, row + 5], [0, 0, 0, 0]])
    return np.float32(maps), np.float32(boxes)


@pytest.mark.parametrize("inclusive", [False, True])
def test_map_corloc_is_the_best_of_the_curve_over_batches(inclusive):
    maps, boxes = draw_frames()
    metric = MapCorLoc(inclusive=inclusive)
    for part in (slice(0, 1), slice(1, 6)):
        metric.update_state(boxes[part], maps[part])
    expected = MaxBoxAccuracy(("all",), step=0.004, inclusive=inclusive, every_contour=False)
    for own, each in zip(boxes, maps, strict=True):
        expected.update(each, own, 1)
    assert len(set(expected.curve())) > 1
    assert float(metric.result()) == pytest.approx(expected.result()["corloc_micro"])


def test_map_corloc_leaves_frames_without_a_box_out():
    # One of two frames has a box, and is right.
    maps = np.zeros((2, 4, 6), np.float32)
    maps[0, 1:3, 2:5] = 1
    metric = MapCorLoc()
    metric.update_state([[[2.0, 1.0, 5.0, 3.0]], [[0.0] * 4]], maps)
    assert float(metric.result()) == 1 and float(metric.num_frames) == 1


def test_map_corloc_of_nothing_is_zero_and_forgets():
    metric = MapCorLoc()
    assert float(metric.result()) == 0
    metric.update_state([[[0.0, 0.0, 1.0, 1.0]]], np.ones((1, 1, 1)))
    metric.reset_state()
    assert float(metric.num_frames) == 0 and float(metric.result()) == 0


def test_map_corloc_runs_in_a_graph_and_is_built_anew():
    metric = keras.metrics.deserialize(keras.metrics.serialize(MapCorLoc(inclusive=True)))
    assert metric.inclusive and metric.name == "corloc"
    maps, boxes = draw_frames()
    run = tf.function(lambda: metric.update_state(tf.constant(boxes), tf.constant(maps)))
    run()
    assert float(metric.num_frames) == 6


def test_map_corloc_shows_a_nan():
    with pytest.raises((ValueError, tf.errors.OpError), match="NaN|nan"):
        MapCorLoc().update_state([[[0.0, 0.0, 1.0, 1.0]]], np.full((1, 2, 2), np.nan))
