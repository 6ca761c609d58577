import subprocess
import sys

import pytest

from config.errors import InputError
from training.launch import build_parser, find_addresses, main, wait_for_all


def start(code):
    return subprocess.Popen([sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("statuses", "expected"), [([0, 0], 0), ([0, 3], 3), ([-9, 75], 75), ([2, 2], 2)]
)
def test_wait_for_all_returns_what_a_scheduler_needs(statuses, expected, capsys):
    end = "import os, signal; os.kill(os.getpid(), 9) if {0} == -9 else os._exit({0})"
    workers = [start(end.format(status)) for status in statuses]
    assert wait_for_all(workers) == expected
    assert capsys.readouterr().out.count("ended with status") == sum(map(bool, statuses))


def test_wait_for_all_ends_a_worker_that_hangs_after_another_failed():
    workers = [start("import os; os._exit(3)"), start("import time; time.sleep(600)")]
    assert wait_for_all(workers, seconds_to_stop=0.2) in (3, 9)
    assert workers[1].returncode == -9


def test_main_shows_each_workers_output_and_its_place(capfd):
    code = "import os; print(os.environ['TF_CONFIG'])"
    assert main(build_parser().parse_args(["--workers", "2", "--", "-c", code])) == 0
    lines = sorted(capfd.readouterr().out.splitlines())
    assert [line[:10] for line in lines] == ["[worker 0]", "[worker 1]"]
    assert '"index": 1' in lines[1]


def test_main_wants_a_worker():
    with pytest.raises(InputError, match="`--workers` must be at least 1. Received 0"):
        main(build_parser().parse_args(["--workers", "0", "x.py"]))


def test_find_addresses_are_distinct():
    assert len(set(find_addresses(5))) == 5


def test_main_shows_output_that_is_not_utf8(capfd):
    code = "import sys; sys.stdout.buffer.write(bytes([255]) + b' sent')"
    assert main(build_parser().parse_args(["--workers", "1", "--", "-c", code])) == 0
    assert capfd.readouterr().out == "[worker 0] \ufffd sent\n"


def test_main_tells_a_scheduler_to_start_again_what_a_signal_ended(capfd):
    # The first worker sends the signal here; both die of it, having no handlers of their own.
    code = (
        "import json, os, signal; first = not json.loads(os.environ['TF_CONFIG'])['task']['index']"
    )
    code += "; first and os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    assert main(build_parser().parse_args(["--workers", "2", "--", "-c", code])) == 75
    assert capfd.readouterr().out.count("ended with status -15") == 2
