"""A run that is killed outright, wherever it is, goes on to the very same files."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import write_ranked
from models.ranker import build_ranker  # noqa: F401 registers the layers
from reporting.model_files import load_keras_model

ROOT = Path(__file__).resolve().parents[2]
STEPS = 8  # 17 of 20 scenes train, with 2 pairs each, in batches of 4
PARAMS = {
    "input_shape": "[32,32,3]",
    "batch_size": 4,
    "epochs": 2,
    "model_name": "mobilenet_v2",
    "alpha": 0.35,
    "num_neurons": 8,
    "max_bad_fraction": 0,
    "learning_rate": 0.0001,
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_ranked(folder, 20, SceneSettings(image_size=(48, 64), max_count=6))
    return folder


def start(data_dir, experiments):
    overrides = [f"--set={name}={value}" for name, value in PARAMS.items()]
    command = [sys.executable, "tests/training/tiny_ranker.py", "--data_dir", str(data_dir)]
    command += ["--experiment_dir", str(experiments), "--checkpoint_steps=1", *overrides]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with open(experiments.with_suffix(".log"), "a") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def wait_for(process, folder, pattern, step):
    """Wait for a path of that pattern, once `step` has its checkpoint; False when the run ended."""
    while process.poll() is None:
        run = next(folder.glob("baseline/*/*/*"), folder)
        steps = [int(path.name.removeprefix("step-")) for path in run.glob("checkpoints/step-*")]
        if max(steps, default=0) >= step and any(run.glob(pattern)):
            return True
        time.sleep(0.001)
    return False


def read_run(experiments):
    (run,) = experiments.glob("baseline/*/*/*")
    results = json.loads((run / "results.json").read_text())
    ranker = load_keras_model(run / "ranker.keras")
    return run, results["metrics"], ranker.get_weights()


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bits(data_dir, tmp_path):
    undisturbed = start(data_dir, tmp_path / "undisturbed")
    seed = random.randrange(2**32)
    draws = random.Random(seed)
    # After a random step of the first epoch, in mid-write of its best model, and in mid-write of
    # the checkpoint that follows a random step of the second epoch.
    stops = [("checkpoints", draws.randint(1, STEPS - 3)), (".*.partial.keras", 1)]
    stops += [("checkpoints/partial-*", draws.randint(STEPS + 1, 2 * STEPS - 3))]
    told = f"seed {seed}: killed at {stops}"
    for pattern, step in stops:
        process = start(data_dir, tmp_path / "killed")
        assert wait_for(process, tmp_path / "killed", pattern, step), told
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, told
    assert start(data_dir, tmp_path / "killed").wait() == 0, told
    assert undisturbed.wait() == 0
    run, metrics, weights = read_run(tmp_path / "undisturbed")
    killed_run, killed_metrics, killed_weights = read_run(tmp_path / "killed")
    assert killed_metrics == metrics, told
    assert (killed_run / "results.csv").read_bytes() == (run / "results.csv").read_bytes(), told
    for values, twin in zip(weights, killed_weights, strict=True):
        np.testing.assert_array_equal(values, twin, err_msg=told)
    last = max((run / "checkpoints").iterdir()).name
    for name in ("weights.data-00000-of-00001", "metrics.npz"):
        twins = [folder / "checkpoints" / last / name for folder in (run, killed_run)]
        assert twins[0].read_bytes() == twins[1].read_bytes(), told
