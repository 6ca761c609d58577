import json
import logging
import sys
from pathlib import Path

import pytest

import finetune_wrapper
import train_wrapper
from config.errors import InputError
from reporting.results import Results, write_results
from training import sweeps
from training.command_line import list_given
from training.model_files import name_model_file
from training.run_folders import create_run
from training.run_lock import release_runs
from training.runs import load_run_params
from training.sweeps import parse_sweeps, run_sweep, strip_sweeps

CONFIG = str(Path(__file__).resolve().parents[2] / "config" / "demo")


def parse(*argv, wrapper="train_wrapper"):
    parser = {"train_wrapper": train_wrapper, "finetune_wrapper": finetune_wrapper}[
        wrapper
    ].build_parser()
    args = parser.parse_args(argv)
    args.given, args.experiment_name = list_given(parser, argv), Path(args.experiment).name
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
    """Stand in for the wrappers: each command leaves a finished run, its loss a value told."""
    commands = []

    def run(command):
        commands.append(command)
        wrapper = Path(command[1]).stem
        args = parse(*command[2:], wrapper=wrapper)
        if wrapper == "finetune_wrapper":
            args = name_model_file(args)
        params = load_run_params(args)
        metrics = {"val_loss": float(params.epochs if wrapper == "train_wrapper" else params.N)}
        write_finished(args, params, metrics)
        return 0

    monkeypatch.setattr(sweeps, "_run", run)
    return commands


def write_finished(args, params, metrics):
    folder = create_run(args, params, "d", {})
    values = {"experiment": args.experiment, "status": "finished", "units": {}, "config": {}}
    write_results(folder, Results(**values, metrics=metrics, seed=0, seconds=1.0, command="x"))
    release_runs()
    return folder


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


def train_ranker(tmp_path):
    """Leave a finished training run, the newest one, with a model file."""
    args = parse("--experiment_dir", str(tmp_path), "--params_dir", CONFIG)
    run = write_finished(args, load_run_params(args), {"val_loss": 1.0})
    (run / "best_model_00.keras").touch()
    return run


def sweep_finetuning(tmp_path, *more):
    argv = ["--experiment_path", str(tmp_path), "--params_dir", CONFIG, *more]
    args = name_model_file(parse(*argv, wrapper="finetune_wrapper"))
    assert run_sweep(args, "finetune_wrapper.py", argv) == 0


def test_run_sweep_runs_all_anew_for_a_newer_latest_model(started, tmp_path):
    first = train_ranker(tmp_path)
    sweep_finetuning(tmp_path, "--sweep", "bin_width=10,20")
    sweep_finetuning(tmp_path, "--sweep", "bin_width=10,20", "--model_path", str(first))
    assert len(started) == 2  # the run's folder and "latest" mean the same file
    second = train_ranker(tmp_path)
    sweep_finetuning(tmp_path, "--sweep", "bin_width=10,20", "--model_path", "latest")
    assert len(started) == 4
    model = [argument for argument in started[3] if argument.startswith("--model_path=")]
    assert model == [f"--model_path={second / 'best_model_00.keras'}"]


def test_run_sweep_hands_n_to_its_runs(started, tmp_path, capsys):
    train_ranker(tmp_path)
    sweep_finetuning(tmp_path, "--N", "3", "--sweep", "bin_width=10,20")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[2:4]] == ["3", "3"]
    sweep_finetuning(tmp_path, "--N", "3", "--sweep", "N=1,2")  # the values swept win
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[2:4]] == ["1", "2"]


def test_run_sweep_is_refused_among_several_workers(started, tmp_path, monkeypatch):
    cluster = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    argv = ["--experiment_dir", str(tmp_path), "--params_dir", CONFIG, "--sweep", "epochs=4,3"]
    with pytest.raises(InputError, match="`--sweep` must be started by one process.* 2 workers"):
        run_sweep(parse(*argv), "train_wrapper.py", argv)
    assert started == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", 9),
        ("import os, signal; os.kill(os.getppid(), signal.SIGTERM); signal.pause()", 75),
        (
            "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); "
            "os.kill(os.getppid(), signal.SIGTERM); signal.pause()",
            75,
        ),
    ],
    ids=["fails", "killed", "stopped at its start", "stopped after its results"],
)
def test_run_tells_how_a_run_ended(code, status):
    assert sweeps._run([sys.executable, "-c", code]) == status
