import argparse
import json

import pytest

from config.errors import InputError
from datasets.records import CountRecord
from training.run_folders import create_run, read_digests
from training.run_lock import release_runs
from training.runs import load_run_params, open_run


@pytest.fixture
def records(args, tmp_path):
    """Three counted pictures in the data folder."""
    (tmp_path / "data").mkdir()
    pictures = [tmp_path / "data" / f"{number}.png" for number in range(3)]
    for picture in pictures:
        picture.write_bytes(b"pixels")
    return {"training": [CountRecord(picture, 5) for picture in pictures]}


def resuming(args, run, *, force=False):
    return argparse.Namespace(**{**vars(args), "resume": str(run), "force": force, "given": ()})


def test_open_run_goes_on_with_the_unfinished_run_of_the_same_command(args, params, records):
    first = open_run(args, params, "d", records=records)
    assert open_run(args, params, "d", records=records) == first


def test_open_run_starts_anew_after_a_finished_run(args, params, records, finish):
    first = open_run(args, params, "d", records=records)
    finish(first)
    assert open_run(args, params, "d", records=records) != first


def test_open_run_starts_anew_when_asked(args, params, records):
    first = open_run(args, params, "d", records=records)
    args.fresh = True
    assert open_run(args, params, "d", records=records) != first


def test_open_run_passes_over_a_run_that_another_process_holds(
    args, params, records, held_elsewhere
):
    first = open_run(args, params, "d", records=records)
    release_runs()
    with held_elsewhere(first):
        second = open_run(args, params, "d", records=records)
        with pytest.raises(InputError, match="another process is at work in this run"):
            open_run(resuming(args, first), params, "d", records=records)
    assert second != first


def test_open_run_does_not_care_how_often_checkpoints_are_written(args, params, records):
    first = open_run(args, params, "d", records=records)
    args.checkpoint_steps = 7
    assert open_run(args, params, "d", records=records) == first


def test_open_run_starts_anew_when_the_data_changed_and_says_why(args, params, records, caplog):
    first = open_run(args, params, "d", records=records)
    fewer = {"training": records["training"][:2]}
    second = open_run(args, params, "d", records=fewer)
    assert second != first
    assert f"{first} is not continued, for its data have changed: `training` had 3" in caplog.text
    assert open_run(args, params, "d", records=fewer) == second
    assert open_run(args, params, "d", records=records) == first  # they are back


def test_open_run_refuses_to_resume_with_other_data(args, params, records):
    run = open_run(args, params, "d", records=records)
    records["training"][1] = CountRecord(records["training"][1].image, 6)
    with pytest.raises(InputError, match="data must be those .* is number 2 .*1.png.*`--force`"):
        open_run(resuming(args, run), params, "d", records=records)


def test_open_run_forced_goes_on_with_other_data_and_keeps_them(args, params, records, caplog):
    run = open_run(args, params, "d", records=records)
    fewer = {"training": records["training"][1:]}
    assert open_run(resuming(args, run, force=True), params, "d", records=fewer) == run
    assert "goes on with other data: `training` had 3 records, now 2" in caplog.text
    assert len(read_digests(run)["training"]["labels"]) == 2 * 8
    assert open_run(args, params, "d", records=fewer) == run


def test_open_run_takes_a_run_without_digests_for_one_of_other_data(args, params, records):
    run = open_run(args, params, "d", records=records)
    (run / "data.json").unlink()
    with pytest.raises(InputError, match="`training` had 0 records, now 3"):
        open_run(resuming(args, run), params, "d", records=records)


@pytest.mark.parametrize("experiment", ["training/basline", ["a"], None])
def test_load_run_params_names_an_unknown_experiment(args, params, experiment):
    args.resume = str(create_run(args, params, "d", {}))
    args.experiment = experiment
    with pytest.raises(InputError, match="d/0/.*: unknown experiment `.*nearest known one is"):
        load_run_params(args)


def test_load_run_params_takes_those_of_the_run(args, params):
    run = create_run(args, params, "d", {})
    stored = json.loads((run / "hyperparams.json").read_text())
    (run / "hyperparams.json").write_text(json.dumps({**stored, "epochs": 3}))
    assert load_run_params(resuming(args, run)).epochs == 3
