from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.optimize import minimize
from scipy.special import logsumexp

from config.loader import load_params
from datasets.records import CountRecord, PointRecord
from finetuning.unsupervised.cells import (
    Cells,
    classify_counts,
    collect_cells,
    fit_cell_weights,
    fit_classifier,
)
from models.counter import build_feature_extractor

CONFIG = Path(__file__).resolve().parents[3] / "config"
PARAMS = replace(
    load_params(CONFIG, "finetuning/unsupervised/density_guided"), max_depth=1, sparse_max=2
)


@pytest.fixture(scope="module")
def extractor():
    image = keras.Input((4, 4, 3), name="image")
    return build_feature_extractor(
        keras.Model(image, {"stride_32": keras.layers.ReLU(max_value=1.0)(image)})
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Four pictures of 8 x 8 with a white pixel block per point, in the upper left quarter."""
    folder, records = tmp_path_factory.mktemp("points"), []
    for number in range(4):
        pixels = np.zeros((8, 8, 3), np.uint8)
        pixels[:4, :number] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
        points = np.array([[1.5, column + 0.5] for column in range(number)]).reshape(-1, 2)
        records.append(PointRecord(folder / f"{number}.png", points))
    return records


def test_classify_counts_by_none_and_most_of_sparse():
    assert classify_counts(np.array([0, 1, 2, 3, 99]), 2).tolist() == [0, 1, 1, 2, 2]


def test_collect_cells_cuts_pictures_with_points(extractor, records):
    cells = collect_cells(extractor, records, PARAMS)
    assert cells.depths.tolist() == [0] * 4 + [1] * 16
    assert cells.counts[:4].tolist() == [0, 1, 2, 3]
    assert cells.counts[4:].reshape(4, 4).tolist() == [[i, 0, 0, 0] for i in range(4)]
    # The upper left quarter of the last picture is white in 3 of 4 columns.
    np.testing.assert_allclose(cells.features[4 + 12], [0.75] * 3, atol=1e-6)


def test_collect_cells_takes_as_many_of_each_depth(extractor, records):
    cells = collect_cells(extractor, records, PARAMS, max_cells=16)
    # 8 of each depth: all 4 whole pictures, and 2 pictures of 4 cells, the first and the last.
    assert np.bincount(cells.depths).tolist() == [4, 8]
    assert cells.counts[4:].sum() == 3


def test_collect_cells_of_counted_pictures_are_whole_pictures(extractor, records):
    counted = [CountRecord(record.image, record.count) for record in records]
    cells = collect_cells(extractor, counted, PARAMS)
    assert cells.counts.tolist() == [0, 1, 2, 3] and not cells.depths.any()


def test_fit_cell_weights_counts_what_is_counted_when_read():
    # Of feature 0 one object a unit; a dense cell that is cut again counts otherwise, to no effect.
    features = np.array([[0.0, 1], [1, 1], [2, 1], [9, 1], [4, 1]])
    cells = Cells(features, np.array([0.0, 1, 2, 90, 4]), np.array([0, 0, 1, 0, 1]))
    weights = fit_cell_weights(cells, PARAMS)
    np.testing.assert_allclose(weights.counts, [1, 0], atol=1e-6)
    logits = features @ weights.class_kernel + weights.class_bias
    assert logits.argmax(axis=1).tolist()[-2:] == [2, 2]


def test_fit_cell_weights_takes_dense_cells_where_there_are_no_others():
    cells = Cells(np.array([[3.0], [5.0]]), np.array([3.0, 5.0]), np.array([0, 0]))
    weights = fit_cell_weights(cells, PARAMS)
    np.testing.assert_allclose(weights.counts, [1], atol=1e-6)
    assert weights.class_bias.tolist() == [-30, -30, 0]


@pytest.mark.parametrize("num_classes", [2, 3])
def test_fit_classifier_minimises_the_penalised_loss(num_classes):
    generator = np.random.default_rng(0)
    classes = generator.integers(0, num_classes, 60)
    features = generator.normal(size=(60, 2)) * [3, 0.1] + classes[:, None] * [2, 0.1]
    standard = (features - features.mean(axis=0)) / features.std(axis=0)

    def loss(flat):
        logits = standard @ flat[: 2 * num_classes].reshape(2, -1) + flat[2 * num_classes :]
        true = logits[np.arange(60), classes] - logsumexp(logits, axis=1)
        return -true.mean() + 0.05 * np.square(flat[: 2 * num_classes]).sum()

    best = minimize(loss, np.zeros(3 * num_classes), tol=1e-10).x
    expected = standard @ best[: 2 * num_classes].reshape(2, -1) + best[2 * num_classes :]
    expected -= logsumexp(expected, axis=1, keepdims=True)
    # Of two classes scikit-learn penalises the difference's weights, twice as large as each.
    kernel, bias = fit_classifier(features, classes, penalty=0.1 if num_classes == 3 else 0.05)
    logits = (features @ kernel + bias)[:, :num_classes]
    logits -= logsumexp(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, atol=0.02)


def test_fit_classifier_leaves_a_level_feature_out():
    features = np.array([[5.0, 0.0], [5.0, 1.0], [5.0, 8.0], [5.0, 9.0]])
    kernel, _ = fit_classifier(features, np.array([0, 0, 1, 1]), penalty=0.01)
    assert not kernel[0].any() and kernel[1, 1] > 0 > kernel[1, 0]
