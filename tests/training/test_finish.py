import json
import time
from pathlib import Path

import pytest

from reporting.results import read_results
from training import finish as finish_module
from training.finish import finish_run
from training.run_folders import create_run, is_finished


@pytest.fixture
def run(args, params):
    return create_run(args, params, "d", {})


def close(run, args, params):
    finish_run(run, args, params, {"mae": 1.25}, {"mae": "objects"}, started=time.monotonic() - 3)


def test_finish_run_writes_results_report_and_table(run, args, params, capsys):
    close(run, args, params)
    results = read_results(run)
    assert (results.status, results.metrics, results.seed) == ("finished", {"mae": 1.25}, 0)
    assert 3 <= results.seconds < 60
    assert results.config["epochs"] == params.epochs
    assert results.command == json.loads((run / "args.json").read_text())["command"]
    assert "mae" in (run / "report.html").read_text()
    printed = capsys.readouterr().out
    assert "1.25" in printed and str(run) in printed
    assert not (run / "figures" / "training_curves.png").exists()  # nothing was trained by epochs


def test_finish_run_draws_the_curves_of_a_history(run, args, params):
    (run / "results.csv").write_text("epoch,loss,val_loss\n0,2.0,3.0\n1,1.0,2.5\n")
    close(run, args, params)
    assert (run / "figures" / "training_curves.png").stat().st_size > 1000


def test_finish_run_that_fails_leaves_the_run_unfinished(run, args, params, monkeypatch):
    def fail(*_):
        raise OSError("no room")

    monkeypatch.setattr(finish_module, "write_report", fail)
    with pytest.raises(OSError, match="no room"):
        close(run, args, params)
    assert not is_finished(run)


def test_finish_run_does_nothing_in_another_worker(args, params, monkeypatch, capsys):
    monkeypatch.setattr(finish_module, "is_chief", lambda: False)
    close(Path("absent"), args, params)
    assert capsys.readouterr().out == ""
