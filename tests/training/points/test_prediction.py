from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import PointRecord, Region
from metrics.localization import Matches
from models.point_counter import build_point_counter
from ops.class_blobs import BlobRule
from training.points.prediction import PictureMaps, make_predict, score_picture, sort_by_error


def build_red_counter(**options):
    """A counter whose logit is 8 where red is full, -8 where there is none."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(1, 1)
    network = keras.Model(image, layer(image))
    layer.set_weights([np.array([16.0, 0, 0]).reshape(1, 1, 3, 1), np.array([-8.0])])
    return build_point_counter(network, **options)


@pytest.fixture
def record(tmp_path):
    """Blobs at (1, 1) and (6, 8), the second outside the region; points at the first and (3, 3)."""
    image = np.zeros((8, 10, 3), np.uint8)
    image[0:3, 0:3, 0] = image[6, 8, 0] = 255
    Image.fromarray(image).save(tmp_path / "a.png")
    mask = np.ones((8, 10), np.uint8)
    mask[5:] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    points = np.array([[1.0, 2.0], [3.0, 3.0]])
    return PointRecord(tmp_path / "a.png", points, region=Region(mask=tmp_path / "mask.png"))


def test_score_picture_counts_inside_the_region(record):
    maps = make_predict(build_red_counter(), max_pixels=1000)(record)
    assert maps.probabilities.shape == (8, 10, 1) and maps.map_scale == 1
    score = score_picture(record, maps, BlobRule(), radius=1.5)
    assert (score.counts.tolist(), score.blobs.tolist()) == ([2], [1])
    assert score.points.tolist() == [[1, 1]] and score.size == (8, 10)
    assert score.matches == (Matches(1, 1, 2),) and score.hits == (Matches(1, 1, 2),)


def test_score_picture_of_an_enlarged_map_speaks_of_the_picture(record):
    maps = make_predict(build_red_counter(scale=2.0), max_pixels=1000)(record)
    assert maps.probabilities.shape == (16, 20, 1) and maps.map_scale == 2
    score = score_picture(record, maps, BlobRule(), radius=1.5)
    np.testing.assert_allclose(score.points, [[1, 1]], atol=0.51)
    assert score.matches == (Matches(1, 1, 2),)
    assert score_picture(record, maps, BlobRule(min_area=13), radius=1.5).blobs.tolist() == [0]


def test_score_picture_keeps_classes_apart(tmp_path):
    probabilities = np.zeros((1, 5, 2))
    probabilities[0, 0, 0] = probabilities[0, 4, 1] = 0.9
    maps = PictureMaps(probabilities, np.ones((1, 5), bool), (1, 5))
    points = np.array([[0.0, 0.0], [0.0, 4.0]])
    record = PointRecord(Path("a.png"), points, np.array([1, 1]), ("x", "y"))
    score = score_picture(record, maps, BlobRule(), radius=1)
    assert (score.counts.tolist(), score.blobs.tolist()) == ([2, 0], [1, 1])
    assert score.matches == (Matches(1, 1, 2), Matches(0, 1, 0))


def test_predict_names_a_network_that_gives_nan(record):
    counter = build_red_counter()
    network = next(layer for layer in counter.layers if isinstance(layer, keras.Model))
    network.layers[-1].set_weights([np.full((1, 1, 3, 1), np.nan), np.zeros(1)])
    with pytest.raises(InputError, match="a.png: the network's probabilities are NaN"):
        make_predict(counter, max_pixels=1000)(record)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1)])
def test_predict_takes_thin_pictures(tmp_path, size):
    Image.new("RGB", size[::-1], (255, 0, 0)).save(tmp_path / "a.png")
    record = PointRecord(tmp_path / "a.png", np.zeros((0, 2)))
    maps = make_predict(build_red_counter(), max_pixels=1000)(record)
    score = score_picture(record, maps, BlobRule(), radius=1)
    assert maps.where.shape == size and score.blobs.tolist() == [1]


def test_sort_by_error_puts_the_worst_first():
    def make(num_blobs, num_points):
        row = np.zeros((1, 12, 1))
        row[0, : 2 * num_blobs : 2] = 0.9
        record = PointRecord(Path("a.png"), np.array([[0.0, 11.0]] * num_points).reshape(-1, 2))
        maps = PictureMaps(row, np.ones((1, 12), bool), (1, 12))
        return score_picture(record, maps, BlobRule(), radius=1)

    scores = [make(1, 1), make(5, 0), make(0, 2)]
    assert [int(each.blobs[0]) for each in sort_by_error(scores)] == [5, 0, 1]
