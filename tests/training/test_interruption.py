import ctypes
import json
import signal
import subprocess
import sys
import threading

import pytest

from training.interruption import (
    StoppedRun,
    StopRequest,
    listen_for_stop,
    pass_signals_on,
    stop_on_signal,
    take_signals_back,
)
from training.run_lock import lock_run, release_runs

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_stop_request_is_asked_once_and_stops_at_once_at_a_further_ctrl_c(number):
    request = StopRequest()
    request.ask(number, None)
    assert request.asked
    request.ask(signal.SIGTERM, None)  # a scheduler's second one
    with pytest.raises(KeyboardInterrupt):
        request.ask(signal.SIGINT, None)


@pytest.mark.parametrize("number", SIGNALS)
def test_stop_on_signal_ends_the_block_and_puts_the_handlers_back(number):
    before = [signal.getsignal(each) for each in SIGNALS]
    with pytest.raises(StoppedRun, match="the same command line starts again"), stop_on_signal():
        signal.raise_signal(number)
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_stop_on_signal_names_the_run_that_goes_on(tmp_path):
    lock_run(tmp_path)
    with pytest.raises(StoppedRun, match=f"goes on with {tmp_path.resolve()}"), stop_on_signal():
        signal.raise_signal(signal.SIGTERM)
    release_runs()


def test_stop_on_signal_leaves_a_run_with_results_alone(tmp_path):
    lock_run(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps({"status": "finished"}))
    with stop_on_signal() as request:
        signal.raise_signal(signal.SIGTERM)
    assert not request.asked
    release_runs()


def test_stop_on_signal_is_not_swallowed_by_a_mending_except():
    with pytest.raises(StoppedRun), stop_on_signal():
        try:
            signal.raise_signal(signal.SIGTERM)
        except Exception:
            pytest.fail("taken for a failure that can be mended")


def test_listen_for_stop_only_remembers_and_hands_back():
    with stop_on_signal(), listen_for_stop() as request:
        signal.raise_signal(signal.SIGTERM)
        assert request.asked
    with pytest.raises(StoppedRun), stop_on_signal():
        with listen_for_stop() as request:
            assert not request.asked
        signal.raise_signal(signal.SIGTERM)


def test_listen_for_stop_knows_of_a_stop_that_was_lost():
    with stop_on_signal():
        try:
            signal.raise_signal(signal.SIGTERM)
        except StoppedRun:  # as Python does with what is raised within a destructor
            pass
        with listen_for_stop() as request:
            assert request.asked


def test_take_signals_back_from_a_library_that_took_one():
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    with pytest.raises(StoppedRun), stop_on_signal():
        libc.signal(signal.SIGTERM, 1)  # SIG_IGN, which Python does not see
        signal.raise_signal(signal.SIGTERM)
        take_signals_back()
        signal.raise_signal(signal.SIGTERM)


def test_outside_the_main_thread_nothing_is_handled():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with stop_on_signal() as request:
            seen.append((request.asked, signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def test_pass_signals_on_reaches_processes_that_come_later():
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); "
    code += "print('ready', flush=True); signal.pause()"
    processes = []
    with pass_signals_on(processes) as request:
        command = [sys.executable, "-c", code]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True))
        assert processes[0].stdout.readline() == b"ready\n"
        signal.raise_signal(signal.SIGTERM)
        assert processes[0].wait() == 7
        signal.raise_signal(signal.SIGTERM)  # to nobody
    assert request.asked
