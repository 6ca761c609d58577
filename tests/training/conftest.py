"""A command's arguments, and another process that holds a run, shared by tests of runs."""

import argparse
import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.loader import load_params
from training.run_lock import release_runs

CONFIG = Path(__file__).resolve().parents[2] / "config"
EXPERIMENT = "training/baseline"


@pytest.fixture
def args(tmp_path):
    """Give arguments of a wrapper; what the test opens with them is released."""
    yield argparse.Namespace(
        experiment=EXPERIMENT,
        experiment_dir=str(tmp_path),
        experiment_name="baseline",
        data_dir=str(tmp_path / "data"),
        dataset="a/b c",
        index="0",
        seed=0,
        resume=None,
        fresh=False,
        force=False,
        overrides=[],
        params_dir=str(CONFIG),
    )
    release_runs()


@pytest.fixture
def params():
    """Give the parameters that go with `args`."""
    return load_params(CONFIG, EXPERIMENT)


@pytest.fixture
def finish():
    """Give a function that marks a run as finished."""
    return lambda run: (run / "results.json").write_text(json.dumps({"status": "finished"}))


@pytest.fixture
def held_elsewhere():
    """Give a context in which another process holds a run's lock."""

    @contextmanager
    def hold(run):
        code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); "
        code += "print('held', flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", code, str(run / "lock")]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            process.communicate()

    return hold
