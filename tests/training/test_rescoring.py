import pytest

from config.errors import InputError
from training.rescoring import hold_run
from training.run_folders import create_run
from training.run_lock import held_runs, release_runs


def test_hold_run_gives_the_arguments_and_frees_the_run(args, params):
    run = create_run(args, params, "d", {})
    release_runs()
    with hold_run(run) as stored:
        assert (stored.resume, stored.force, stored.given) == (str(run), False, ())
        assert stored.experiment == args.experiment and held_runs() == [run.resolve()]
    assert held_runs() == []


def test_hold_run_refuses_a_run_at_work(args, params, held_elsewhere):
    run = create_run(args, params, "d", {})
    release_runs()
    with held_elsewhere(run), pytest.raises(InputError, match="another process is at work"):
        with hold_run(run):
            pass
