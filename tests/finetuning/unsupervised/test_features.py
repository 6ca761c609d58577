from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import PointRecord
from finetuning.unsupervised.features import compute_features, count_cells, scale_features
from models.counter import FeatureGrid, build_feature_extractor
from ops.cell_grids import group_by_patch

PARAMS = SimpleNamespace(batch_size=2, max_pixels=10**6)


@pytest.fixture
def records(tmp_path):
    """Three pictures of 24 x 36 pixels in which a point is a white block of 2 x 3."""
    generator, records = np.random.default_rng(0), []
    for number in range(3):
        blocks = generator.random((12, 12)) < 0.2
        image = np.kron(blocks, np.ones((2, 3))).astype(np.uint8) * 255
        path = tmp_path / f"{number}.png"
        Image.fromarray(np.stack([image] * 3, axis=-1)).save(path)
        points = np.argwhere(blocks) * (2, 3) + (1, 1.5)
        records.append(PointRecord(Path(path), points))
    return records


def build_encoder(scale=1.0):
    image = keras.Input((12, 18, 3), name="image")
    features = keras.layers.Rescaling(scale)(keras.layers.ReLU(max_value=1.0)(image))
    return keras.Model(image, {"stride_4": features})


@pytest.mark.parametrize(("num_patches", "grid"), [(1, 3), (2, 1), (2, 3)])
def test_features_and_counts_of_cells_stand_in_one_order(records, num_patches, grid):
    extractor = build_feature_extractor(build_encoder(), FeatureGrid(grid))
    found = compute_features(extractor, records, PARAMS, num_patches=num_patches)
    side = num_patches * grid
    counts = count_cells(records, side, PARAMS).reshape(-1, side, side)
    # The mean light of a cell is the share of its blocks that are white.
    expected = group_by_patch(counts, num_patches) / (12 / side) ** 2
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)


def test_compute_features_refuses_what_is_not_finite(records):
    extractor = build_feature_extractor(build_encoder(scale=np.inf))
    with pytest.raises(InputError, match="features are not finite"):
        compute_features(extractor, records, PARAMS)


def test_scale_features_gives_each_a_spread_of_one():
    features = np.random.default_rng(0).normal(3, 2, (50, 4))
    features[:, 2] = 7
    mean, scale = scale_features(features)
    scaled = (features - mean) * scale
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 0, 1])
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
