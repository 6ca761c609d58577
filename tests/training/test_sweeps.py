import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.errors import InputError
from reporting.results import Results, write_results
from train_wrapper import build_parser
from training import sweeps
from training.command_line import list_given
from training.run_lock import release_runs
from training.runs import create_run, load_run_params
from training.sweeps import parse_sweeps, run_sweep, strip_sweeps

CONFIG = str(Path(__file__).resolve().parents[2] / "config" / "demo")


def parse(*argv):
    args = build_parser().parse_args(argv)
    args.given, args.experiment_name = list_given(build_parser(), argv), "baseline"
    return args


def test_parse_sweeps_makes_a_grid():
    assert parse_sweeps(["epochs=1,2", "alpha=0.5,1.0"]) == [
        ["epochs=1", "alpha=0.5"],
        ["epochs=1", "alpha=1.0"],
        ["epochs=2", "alpha=0.5"],
        ["epochs=2", "alpha=1.0"],
    ]


def test_parse_sweeps_keeps_lists_and_objects_whole():
    text = 'loss={"class_name": "a,b", "config": {}},[1,2]'
    values = [overrides[0].partition("=")[2] for overrides in parse_sweeps([text])]
    assert [json.loads(value) for value in values] == [{"class_name": "a,b", "config": {}}, [1, 2]]


@pytest.mark.parametrize("sweep", ["epochs", "epochs=", "epochs=1,,2"])
def test_parse_sweeps_says_what_it_takes(sweep):
    with pytest.raises(InputError, match="`--sweep` takes key=a,b,c"):
        parse_sweeps([sweep])


def test_parse_sweeps_refuses_a_key_twice():
    with pytest.raises(InputError, match="Received `epochs` twice"):
        parse_sweeps(["epochs=1", "epochs=2"])


def test_strip_sweeps_keeps_the_other_arguments():
    argv = ["--sweep", "a=1,2", "--set", "b=3", "--sweep=c=4"]
    assert strip_sweeps(argv) == ["--set", "b=3"]


@pytest.fixture
def started(monkeypatch):
    """Stand in for the wrapper: each command leaves a finished run, its loss the epochs told."""
    commands = []

    def run(command, check):
        commands.append(command)
        args = parse(*command[2:])
        params = load_run_params(args)
        folder = create_run(args, params, args.dataset)
        values = {"experiment": args.experiment, "status": "finished", "units": {}, "config": {}}
        metrics = {"val_loss": float(params.epochs)}
        results = Results(**values, metrics=metrics, seed=0, seconds=1.0, command="x")
        write_results(folder, results)
        release_runs()
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(sweeps, "subprocess", SimpleNamespace(run=run))
    return commands


def test_run_sweep_starts_what_is_missing_and_compares_all(started, tmp_path, capsys, caplog):
    caplog.set_level(logging.INFO)
    argv = ["--experiment_dir", str(tmp_path), "--params_dir", CONFIG, "--sweep", "epochs=4,3"]
    assert run_sweep(parse(*argv), "train_wrapper.py", argv) == 0
    assert [command[-1] for command in started] == ["--set=epochs=4", "--set=epochs=3"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[2:4]] == ["3", "4"]  # the smallest loss first
    assert (tmp_path / "baseline" / "sweep.html").exists()
    assert run_sweep(parse(*argv), "train_wrapper.py", argv) == 0
    assert len(started) == 2  # nothing left to do
    assert "run 2 of 2: epochs=3" in caplog.text


def test_run_sweep_finds_a_bad_value_before_the_first_run(started, tmp_path):
    argv = ["--experiment_dir", str(tmp_path), "--params_dir", CONFIG, "--sweep", "epochs=4,0"]
    with pytest.raises(InputError, match="`epochs`"):
        run_sweep(parse(*argv), "train_wrapper.py", argv)
    assert started == []
