import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from training.launch import find_addresses
from training.multi_worker import (
    SLURM_VARIABLES,
    join_workers,
    name_lost_worker,
    needs_repairs,
    read_cluster,
)

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}


def toy(folder, *more):
    folder.mkdir(exist_ok=True)
    return ["tests/training/toy_run.py", "--run", str(folder), *more]


def launch(*command):
    command = [sys.executable, "-m", "training.launch", "--workers", "2", "--", *command]
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)


def read_end(folder):
    return json.loads((folder / "end.json").read_text())


@pytest.fixture(scope="module")
def one_process(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "run"
    subprocess.run([sys.executable, *toy(folder)], cwd=ROOT, env=ENVIRONMENT, check=True)
    return read_end(folder)


def assert_same_end(end, other):
    for values, twin in zip(end["weights"], other["weights"], strict=True):
        np.testing.assert_allclose(values, twin, atol=1e-5)
    for row, twin in zip(end["history"], other["history"], strict=True):
        np.testing.assert_allclose(list(row.values()), list(twin.values()), rtol=1e-5)
    for name, value in end["scores"].items():
        np.testing.assert_allclose(value, other["scores"][name], rtol=1e-5)


@pytest.mark.slow
def test_two_workers_equal_one_process(one_process, tmp_path):
    done = launch(*toy(tmp_path / "run"))
    assert done.returncode == 0, done.stdout
    assert_same_end(read_end(tmp_path / "run"), one_process)
    assert sorted((tmp_path / "run").glob(".*")) == []  # nobody left half a file


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_worker_is_named_and_the_run_goes_on_to_the_same_end(
    one_process, tmp_path, killed
):
    started = time.monotonic()
    stopped = launch(*toy(tmp_path / "run", "--kill", str(killed)))
    assert stopped.returncode == 75, stopped.stdout
    assert time.monotonic() - started < 90  # TensorFlow's start, an epoch, and at most 60 s
    assert f"[worker {killed}] ended with status -9" in stopped.stdout
    assert f"error: worker {killed} (localhost:" in stopped.stdout
    again = launch(*toy(tmp_path / "run"))
    assert again.returncode == 0, again.stdout
    assert_same_end(read_end(tmp_path / "run"), one_process)


@pytest.mark.slow
def test_sigterm_to_one_worker_stops_both_after_the_same_step(one_process, tmp_path):
    stopped = launch(*toy(tmp_path / "run", "--stop", "1"))
    assert stopped.returncode == 75, stopped.stdout
    assert stopped.stdout.count("stopped at epoch 2, step 1 of 4") == 2
    again = launch(*toy(tmp_path / "run"))
    assert again.returncode == 0, again.stdout
    assert_same_end(read_end(tmp_path / "run"), one_process)


@pytest.mark.slow
def test_sigterm_to_one_worker_before_training_ends_both_with_75(tmp_path):
    stopped = launch(*toy(tmp_path / "run", "--stop_early", "1"))
    assert stopped.returncode == 75, stopped.stdout
    assert "[worker 1] toy_run.py: error: stopped; the same command line" in stopped.stdout
    assert "[worker 0] toy_run.py: error: worker 1 (localhost:" in stopped.stdout
    assert "Traceback" not in stopped.stdout


@pytest.mark.slow
@pytest.mark.parametrize("repair", ["build", "reduce"])
def test_keras_still_needs_the_repair(tmp_path, repair):
    assert needs_repairs(), f"try Keras {keras.__version__} without repairs, then drop them"
    done = launch(*toy(tmp_path / "run", "--without_repair", repair))
    assert done.returncode not in (0, 75), f"Keras no longer needs the repair of {repair}; drop it"


@pytest.mark.slow
def test_workers_that_disagree_both_stop(tmp_path):
    addresses = find_addresses(2)
    workers = []
    for index in range(2):
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        command = [sys.executable, *toy(tmp_path / "run", "--seed", str(index))]
        environment = {**ENVIRONMENT, "TF_CONFIG": json.dumps(config)}
        workers.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        )
    errors = [worker.communicate()[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [2, 2]
    assert "every worker must be started with the same command line" in errors[0]
    assert "`seed` is 1 here, 0 there" in errors[1]


def config(workers, index=0):
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        "{}",
        config(["a:1", "b"]),
        config(["a:1", "b:1"], 2),
        config(["a:1", "a:1"]),
        config({"a:1": 0, "b:1": 1}),
        config("a:1"),
        config(["a:1", "b:1"], float("inf")),
    ],
)
def test_read_cluster_refuses_a_malformed_description(text):
    with pytest.raises(InputError, match="TF_CONFIG must be"):
        read_cluster({"TF_CONFIG": text})


def test_read_cluster_of_one_worker_is_a_plain_run():
    assert read_cluster({"TF_CONFIG": config(["a:1"])}) is None
    assert read_cluster({}) is None


def test_read_cluster_asks_slurm(monkeypatch):
    # What srun sets for two tasks on node01 and node02, in the second of them.
    variables = {
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_STEP_NODELIST": "node[01-02]",
        "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
        "SLURM_PROCID": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    cluster = read_cluster()
    assert cluster["cluster"] == {"worker": ["node01:8888", "node02:8888"]}
    assert cluster["task"] == {"type": "worker", "index": 1}


@pytest.mark.parametrize(
    "variables",
    [
        {"SLURM_STEP_NUM_TASKS": "two"},
        {"SLURM_STEP_NUM_TASKS": "2"},
        {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "first"},
        {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "9"},
        {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0", "SLURM_STEP_TASKS_PER_NODE": "many"},
    ],
)
def test_read_cluster_refuses_malformed_variables_of_slurm(monkeypatch, variables):
    for name in SLURM_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    nodes = {"SLURM_STEP_NODELIST": "n[1-2]", "SLURM_STEP_TASKS_PER_NODE": "1(x2)"}
    for name, value in {**nodes, **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InputError, match="SLURM_PROCID must be as srun sets them"):
        read_cluster()


def test_join_workers_says_that_the_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port must be free. Received localhost:{port}"):
            join_workers(json.loads(config([f"localhost:{port}", "b:1"])))


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (
            tf.errors.UnavailableError(None, None, "/job:worker/replica:0/task:2 gone"),
            "worker 2 (c:1)",
        ),
        (tf.errors.UnavailableError(None, None, "gone"), "another worker"),
        (tf.errors.InvalidArgumentError(None, None, "task:2"), None),
    ],
)
def test_name_lost_worker(monkeypatch, error, name):
    monkeypatch.setenv("TF_CONFIG", config(["a:1", "b:1", "c:1"]))
    assert name_lost_worker(error) == name
