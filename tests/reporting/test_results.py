import errno
import json
import os

import pytest

from config.errors import InputError
from reporting import results as results_module
from reporting.results import (
    Results,
    collect_versions,
    format_number,
    git_commit,
    print_metrics_table,
    read_results,
    write_results,
)


def make_results(**changes):
    values = {
        "experiment": "training/baseline",
        "status": "finished",
        "metrics": {"mae": 2.5},
        "units": {"mae": "objects"},
        "config": {"N": 2},
        "seed": 7,
        "seconds": 12.5,
        "command": "python finetune_wrapper.py --N 2",
    }
    return Results(**{**values, **changes})


def test_write_results_gives_back_what_it_got(tmp_path):
    results = make_results()
    write_results(tmp_path, results)
    assert read_results(tmp_path) == results


def test_write_results_has_the_agreed_keys(tmp_path):
    content = json.loads(write_results(tmp_path, make_results()).read_text())
    assert set(content) == {
        *("experiment", "status", "metrics", "units", "config"),
        *("versions", "seed", "git_commit", "seconds", "command", "notes"),
    }


def test_write_results_keeps_notes(tmp_path):
    write_results(tmp_path, make_results(notes=["Scored on 3 pictures."]))
    assert read_results(tmp_path).notes == ["Scored on 3 pictures."]


def test_write_results_stores_null_for_nan(tmp_path):
    write_results(tmp_path, make_results(metrics={"a": float("nan"), "b": float("-inf")}))
    assert read_results(tmp_path).metrics == {"a": None, "b": None}


def test_write_results_keeps_the_earlier_ones_when_the_disk_is_full(tmp_path, monkeypatch):
    write_results(tmp_path, make_results(seed=1))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_results(tmp_path, make_results(seed=2))
    assert read_results(tmp_path).seed == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"experiment": "a"}', "\xff"])
def test_read_results_names_a_broken_file(tmp_path, text):
    (tmp_path / "results.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="results.json must hold the results of a run as JSON"):
        read_results(tmp_path)


def test_read_results_names_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="results.json must be a file.*No such file"):
        read_results(tmp_path)


def test_collect_versions_names_what_numbers_depend_on():
    assert {"python", "tensorflow", "keras", "numpy"} <= set(collect_versions())


def test_collect_versions_leaves_out_what_is_not_installed(monkeypatch):
    monkeypatch.setattr(results_module, "DISTRIBUTIONS", {"x": ("no-such-distribution",)})
    assert set(collect_versions()) == {"python", "platform"}


def test_git_commit_is_none_outside_a_checkout(tmp_path):
    assert git_commit(tmp_path) is None


def test_git_commit_is_none_without_commits_or_git(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    assert git_commit(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert git_commit(tmp_path) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.98765, "0.9877"), (15234.6, "15235"), (3.0, "3"), (2e9 + 0.5, "2e+09")],
)
def test_format_number_is_short(value, text):
    assert format_number(value) == text


def test_print_metrics_table_aligns_values():
    table = print_metrics_table({"mae": 12.5, "r2": float("nan")}, {"mae": "people"})
    assert table == "mae        12.5  people\nr2   not finite"


def test_print_metrics_table_without_metrics_is_empty():
    assert print_metrics_table({}, {}) == ""
