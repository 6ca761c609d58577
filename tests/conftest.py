"""Drawn data and small settings that tests of several folders share."""

import json
from pathlib import Path

import pytest

from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import NOISY, RANKED, TEST, write_sets

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory):
    """Draw 8 ranked scenes, 12 miscounted and 6 test pictures of 48 x 64 pixels."""
    folder = tmp_path_factory.mktemp("drawn")
    settings = SceneSettings(image_size=(48, 64), max_count=12)
    write_sets(folder, {RANKED: 8, NOISY: 12, TEST: 6}, settings)
    return folder


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory):
    """Copy the demo's configuration with a smaller input, one epoch and small batches."""
    folder = tmp_path_factory.mktemp("config")
    changes = {
        "baseline": {"input_shape": [48, 64, 3], "epochs": 1, "batch_size": 4},
        "noisy_synth_regress": {"batch_size": 4, "num_pictures": 2},
    }
    for name, values in changes.items():
        file = f"{name}.params.json"
        params = json.loads((ROOT / "config" / "demo" / file).read_text())
        (folder / file).write_text(json.dumps({**params, **values}))
    return folder
