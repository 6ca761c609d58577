import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.ranker import build_ranker
from training.devices import check_options, choose_device, start_engine
from training.engine_options import EngineOptions

ROOT = Path(__file__).resolve().parents[2]


def run_toy(folder, *more):
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "tests/training/toy_run.py", "--run", str(folder), *more]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return json.loads((folder / "end.json").read_text())


def assert_same_end(end, other, atol):
    for values, twin in zip(end["weights"], other["weights"], strict=True):
        np.testing.assert_allclose(values, twin, atol=atol)
    for row, twin in zip(end["history"], other["history"], strict=True):
        np.testing.assert_allclose(list(row.values()), list(twin.values()), rtol=1e-5)
    for name, value in end["scores"].items():
        np.testing.assert_allclose(value, other["scores"][name], rtol=1e-5)


@pytest.mark.slow
def test_two_devices_equal_one_and_determinism_changes_nothing_on_a_cpu(tmp_path):
    one = run_toy(tmp_path / "one")
    assert_same_end(run_toy(tmp_path / "same", "--deterministic"), one, atol=0)
    two = run_toy(tmp_path / "two", "--virtual", "2", "--device", "all")
    assert_same_end(two, one, atol=1e-5)  # batch norm learns; 27 validation records, 2 devices


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (EngineOptions(accumulate=2), "`--accumulate` must be 1 with `--device all`"),
        (EngineOptions(jit="on"), "`--jit` must be auto or off with `--device all`"),
    ],
)
def test_check_options_refuses_what_several_devices_cannot_do(options, text):
    check_options(options, several=False)
    with pytest.raises(InputError, match=text):
        check_options(options, several=True)


@pytest.mark.parametrize("device", ["gpu", "gpu:99", "tpu", ""])
def test_choose_device_lists_the_devices_there_are(device):
    with pytest.raises(InputError, match="device of this machine: auto, all, cpu"):
        choose_device(device)


def test_start_engine_sets_the_precision_and_puts_it_back():
    with start_engine(argparse.Namespace(precision="mixed_bfloat16")):
        encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        ranker = build_ranker(encoder)
    assert keras.config.dtype_policy().name == "float32"
    assert encoder.layers[-1].compute_dtype == "bfloat16"
    assert ranker.output.dtype == "float32"  # close scores do not tie
