"""A run that is killed outright, wherever it is, goes on to the very same files."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import write_ranked
from models.ranker import build_ranker  # noqa: F401 registers the layers
from training.model_files import load_model

ROOT = Path(__file__).resolve().parents[2]
PARAMS = {
    "input_shape": "[32,32,3]",
    "batch_size": 4,
    "epochs": 3,
    "model_name": "mobilenet_v2",
    "max_bad_fraction": 0,
    "learning_rate": 0.0001,
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_ranked(folder, 20, SceneSettings(image_size=(48, 64), max_count=6))
    return folder


def start(data_dir, experiments, *more):
    overrides = [f"--set={name}={value}" for name, value in PARAMS.items()]
    command = [sys.executable, "train_wrapper.py", "--data_dir", str(data_dir)]
    command += ["--experiment_dir", str(experiments), "--checkpoint_steps=1", *overrides, *more]
    log = open(experiments.with_suffix(".log"), "a")
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)


def wait_for(process, folder, pattern, count):
    """Wait until files of that pattern have appeared `count` times; False when the run ended."""
    seen = set()
    while process.poll() is None:
        for path in folder.glob(f"baseline/*/*/*/{pattern}"):
            with suppress(FileNotFoundError):
                seen.add(path.stat().st_ino)
        if len(seen) >= count:
            return True
        time.sleep(0.001)
    return False


def read_run(experiments):
    (run,) = experiments.glob("baseline/*/*/*")
    results = json.loads((run / "results.json").read_text())
    ranker = load_model(run / "ranker.keras")
    return run, results["metrics"], ranker.get_weights()


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bits(data_dir, tmp_path):
    undisturbed = start(data_dir, tmp_path / "undisturbed")
    # After a random step of the first epoch, in mid-write of its best model, and in mid-write of
    # the checkpoint of a later step.
    stops = [("checkpoints/step-*", random.randint(1, 3)), (".*.partial.keras", 1)]
    stops += [("checkpoints/partial-*", random.randint(2, 5))]
    for pattern, count in stops:
        process = start(data_dir, tmp_path / "killed")
        assert wait_for(process, tmp_path / "killed", pattern, count), pattern
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert start(data_dir, tmp_path / "killed").wait() == 0
    assert undisturbed.wait() == 0
    run, metrics, weights = read_run(tmp_path / "undisturbed")
    killed_run, killed_metrics, killed_weights = read_run(tmp_path / "killed")
    assert killed_metrics == metrics
    assert (killed_run / "results.csv").read_bytes() == (run / "results.csv").read_bytes()
    for values, twin in zip(weights, killed_weights, strict=True):
        np.testing.assert_array_equal(values, twin)
    last = max((run / "checkpoints").iterdir()).name
    for name in ("weights.data-00000-of-00001", "metrics.npz"):
        twins = [folder / "checkpoints" / last / name for folder in (run, killed_run)]
        assert twins[0].read_bytes() == twins[1].read_bytes()
