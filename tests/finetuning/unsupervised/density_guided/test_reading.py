from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.records import CountRecord, PointRecord
from finetuning.unsupervised.density_guided.eval import cell_notes
from finetuning.unsupervised.density_guided.reading import (
    compare_grids,
    count_reads,
    read_cell_weights,
    read_guided,
)
from finetuning.unsupervised.pictures import check_sizes
from models.counter import build_feature_extractor
from models.density_counter import CellWeights, build_density_counter

CONFIG = Path(__file__).resolve().parents[4] / "config"
PARAMS = replace(load_params(CONFIG, "finetuning/unsupervised/density_guided"), max_depth=1)
# Every cell with red is dense, and counts 10 times its mean red.
WEIGHTS = CellWeights(
    np.array([10.0, 0, 0]), np.diag([0.0, 0, 0]) + np.outer([90, 0, 0], [-1, 0, 1]), np.zeros(3)
)


@pytest.fixture(scope="module")
def encoder():
    image = keras.Input((4, 4, 3), name="image")
    return keras.Model(image, {"stride_32": keras.layers.ReLU(max_value=1.0)(image)}, name="tiny")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A black picture and a red one, with 0 points and one in each quarter."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.new("RGB", (8, 8)).save(folder / "0.png")
    Image.new("RGB", (12, 8), "red").save(folder / "1.png")
    points = np.array([[1.0, 1], [1, 9], [6, 1], [6, 9]])
    return [PointRecord(folder / "0.png", np.zeros((0, 2))), PointRecord(folder / "1.png", points)]


def test_read_guided_counts_pictures_of_several_sizes(encoder, records, tmp_path):
    counter = build_density_counter(encoder, WEIGHTS, num_patches=1, max_depth=1)
    counter.save(tmp_path / "counter.keras")
    found = read_guided(tmp_path / "counter.keras", records, PARAMS)
    assert found["cells"].shape == (2, 5, 2)
    # Black is a tie of the three classes, none first: 0. Red is cut in four parts of 10.
    np.testing.assert_allclose(found["count"], [0, 40], rtol=1e-5)
    assert count_reads(found["cells"]) == (1 + 5) / 2


def test_read_cell_weights_gives_back_what_went_in(encoder):
    counter = build_density_counter(encoder, WEIGHTS, num_patches=1, max_depth=0)
    for given, kept in zip(WEIGHTS, read_cell_weights(counter), strict=True):
        np.testing.assert_allclose(kept, given)


def test_compare_grids_counts_with_both_weights(encoder, records):
    metrics, units = compare_grids(
        build_feature_extractor(encoder),
        records,
        replace(PARAMS, sparse_max=1),
        cell_weights=WEIGHTS,
        whole_weights=np.array([4.0, 0, 0]),
    )
    # True counts 0 and 4. Whole: 4 red = 4; in 2 x 2: 16. With 10 a cell: 10, and 40.
    assert metrics["patches_1_mae"] == pytest.approx(0, abs=1e-5)
    assert metrics["patches_2_mae"] == pytest.approx((16 - 4) / 2, rel=1e-5)
    assert metrics["cells_1_rmse"] == pytest.approx(((10 - 4) ** 2 / 2) ** 0.5, rel=1e-5)
    assert metrics["cells_2_mae"] == pytest.approx((40 - 4) / 2, rel=1e-5)
    # Right: the black picture's 1 + 4 cells and the red one's whole, of 10; its parts hold 1 each.
    assert metrics["cell_accuracy"] == pytest.approx(0.6)
    assert units["cells_2_mae"] == "objects" and "cell_accuracy" not in units


def test_compare_grids_of_counted_pictures_tells_no_cell_accuracy(encoder, records):
    counted = [CountRecord(record.image, record.count) for record in records]
    metrics, _ = compare_grids(
        build_feature_extractor(encoder),
        counted,
        replace(PARAMS, max_depth=0),
        cell_weights=WEIGHTS,
        whole_weights=np.zeros(3),
    )
    names = {"patches_1_mae", "patches_1_rmse", "cells_1_mae", "cells_1_rmse"}
    assert set(metrics) == names and metrics["patches_1_mae"] == 2


def test_pictures_must_hold_the_finest_grid(tmp_path):
    Image.new("RGB", (9, 3)).save(tmp_path / "thin.png")
    with pytest.raises(InputError, match="Received 4 for .* lower `--N` or `max_depth`"):
        check_sizes([CountRecord(tmp_path / "thin.png", 0)], replace(PARAMS, max_depth=2))


def test_cell_notes_name_what_was_not_learnt():
    assert len(cell_notes({"num_cells": {"none": 1, "sparse": 1, "dense": 1}})) == 1
    assert "was dense" in cell_notes({"num_cells": {"none": 1, "sparse": 1, "dense": 0}})[1]
