from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import tcam_decoder
from benchmarks.tcam_decoder import WARM_UP, time_training
from config.loader import load_params

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("num_steps", "num_calls"), [(1, WARM_UP + 1), (9, 18)])
def test_time_steps_warms_up_before_it_times(monkeypatch, num_steps, num_calls):
    calls, clock = [], []

    def read_clock():
        clock.append(len(calls))
        return 0.5 * len(calls)

    monkeypatch.setattr(tcam_decoder.time, "perf_counter", read_clock)
    assert tcam_decoder._time_steps(lambda: calls.append(1), num_steps) == 0.5
    assert clock == [num_calls - num_steps, num_calls] and WARM_UP >= 3


@pytest.mark.slow
@pytest.mark.usefixtures("small_cam_encoder")
def test_time_training_traces_no_timed_step(tmp_path, monkeypatch):
    params = load_params(ROOT / "config" / "pretrained", "finetuning/temporal_cam")
    sizes = {"batch_size": 2, "epochs": 1, "channels": (4, 4, 4, 4, 4), "crf_scale": 0.25}
    traces, build = [], tcam_decoder.build_models

    def build_traced(*arguments, **options):
        models = build(*arguments, **options)
        step = models[1].train_step

        def train_step(data):
            traces.append(len(steps))
            return step(data)

        models[1].train_step = train_step
        return models

    steps, time_steps = [], tcam_decoder._time_steps

    def count(run, num_steps):
        return time_steps(lambda: (steps.append(1), run()), num_steps)

    monkeypatch.setattr(tcam_decoder, "build_models", build_traced)
    monkeypatch.setattr(tcam_decoder, "_time_steps", count)
    times = time_training(replace(params, **sizes), tmp_path, 2)
    assert set(times) == {"step", "pipeline"} and min(times.values()) > 0
    # The first step is 1; the timed ones come after the warm-up.
    assert 1 <= max(traces) <= WARM_UP
