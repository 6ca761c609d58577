import re
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import synthesize
from datasets import set_writing
from datasets.annotations import read_ranked_annotations
from datasets.crop_jobs import CropSettings, write_crops
from datasets.synthetic_files import NOISY, OBJECTS, RANKED, SHOTS, TAGS, TEST, TRIPLETS
from training.command_line import run_command

SCRIPT = Path(synthesize.__file__)
SMALL = ["--image_size", "32", "48", "--num_ranked", "3", "--num_noisy", "2", "--num_test", "2"]
SMALL += ["--num_objects", "3", "--num_tags", "3", "--num_shots", "3", "--num_triplets", "2"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        cwd=SCRIPT.parent,
        timeout=120,
    )


def test_synthesize_writes_seven_data_sets_and_their_contact_sheets(tmp_path):
    done = run("--data_dir", str(tmp_path), *SMALL, "--workers", "2", "--contact_sheet")
    assert done.returncode == 0, done.stderr
    for name in (RANKED, TRIPLETS, NOISY, TEST, OBJECTS, TAGS, SHOTS):
        assert (tmp_path / name / "annotations.json").is_file()
        assert (tmp_path / name / "contact_sheet.png").is_file()
        assert f"{name}: " in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_synthesize_says_at_a_stop_that_the_same_command_goes_on(
    tmp_path, monkeypatch, capsys, number
):
    monkeypatch.setattr(set_writing, "run_jobs", lambda *_, **__: signal.raise_signal(number))
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--data_dir", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert ended.value.code == 75
    told = "stopped; the same command line goes on where it was stopped."
    assert capsys.readouterr().err == f"synthesize.py: error: {told}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image_size", "8", "8"], "`image_size` must be"),
        (["--seed", "-3"], "`--seed`"),
        (["--num_test", "-1"], "`synthetic_test` must hold 1 to 1000000 records (`--num_test`)."),
        (["--num_shots", "2"], "records (`--num_shots`). Received 2."),
        (["--workers", "0"], "`workers`"),
        (["--max_count", "0"], "`max_count`"),
    ],
)
def test_synthesize_refuses_bad_input_in_one_line(tmp_path, capsys, arguments, message):
    arguments = ["--data_dir", str(tmp_path), *SMALL, *arguments]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_synthesize_cuts_crops_that_the_ranker_reads(tmp_path, drawn_data):
    photos = str(drawn_data / TEST / "images")
    arguments = ["--method", "crops", "--source", photos, "--image_size", "24", "32"]
    arguments += ["--data_dir", str(tmp_path), "--num_chains", "1", "--name", "mine"]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 0
    assert len(read_ranked_annotations(tmp_path, "mine", "train")) == 5
    assert len(read_ranked_annotations(tmp_path, "mine", "val")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max_enlargement", "2"], "`--max_enlargement` goes with `--method crops`. Received"),
        (["--method", "diffusion", "--workers", "3"], "diffusion`, .* in one process. Received 3"),
        (["--method", "crops", "--masks"], "`--masks` goes with `--method scenes`"),
        (["--name", "mine"], "`--name` must be left out"),
        (["--method", "crops", "--name", "../x"], "`--name` must be a folder's name"),
        (["--method", "crops", "--chain_length", "1"], "`chain_length` .* must be between 2 and"),
        (["--method", "crops"], "Photos must come from `--source`"),
    ],
)
def test_synthesize_refuses_options_of_other_methods(tmp_path, capsys, arguments, message):
    arguments = ["--data_dir", str(tmp_path), *arguments]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not any(tmp_path.iterdir())


def test_synthesize_checks_a_data_set(drawn_data, capsys):
    arguments = ["--check", str(drawn_data / RANKED)]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    # Eight scenes of two pairs; a third of the people at least are missing from each target.
    assert lines[1:] == [
        [kind, "8", "8", "100.0", "%", "0.0", "%", "0.0", "%"] for kind in ("moved", "removed")
    ]


def test_synthesize_cannot_check_crops_of_photos_without_labels(tmp_path, drawn_data, capsys):
    photos = str(drawn_data / TEST / "images")
    write_crops(tmp_path, "crops", CropSettings(source=photos, image_size=(24, 32)))
    arguments = ["--check", str(tmp_path / "crops")]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 1
    captured = capsys.readouterr()
    assert "must hold true_counts.json to be checked" in captured.err and not captured.out


def test_synthesize_refuses_options_of_methods_with_a_check(drawn_data, capsys):
    arguments = ["--check", str(drawn_data / RANKED), "--seed", "1"]
    assert run_command(synthesize.main, synthesize.build_parser(), arguments) == 2
    assert "`--seed` goes with `--method`. Received it with --check" in capsys.readouterr().err


def test_synthesize_refuses_a_file_as_data_folder(tmp_path):
    (tmp_path / "file").touch()
    done = run("--data_dir", str(tmp_path / "file"), *SMALL, "--workers", "1")
    assert done.returncode == 2
    assert "folder that can be written to" in done.stderr and "Traceback" not in done.stderr
