import os
import threading

import pytest

from datasets.job_pool import run_pool, run_threads


def tell_process(number):
    return number, os.getpid()


def fail(number):
    raise OSError("full")


@pytest.mark.slow
def test_run_pool_works_in_other_processes_in_order():
    told = run_pool(tell_process, range(5), workers=2, chunk=1)
    assert [number for number, _ in told] == list(range(5))
    assert os.getpid() not in {process for _, process in told}


def test_run_pool_of_one_stays_in_this_process():
    assert run_pool(tell_process, [7], workers=8) == [(7, os.getpid())]
    assert run_pool(tell_process, [], workers=8) == []


def test_errors_of_jobs_come_through():
    with pytest.raises(OSError, match="full"):
        run_pool(fail, [1, 2])
    with pytest.raises(OSError, match="full"):
        list(run_threads(fail, [1, 2], workers=2))


def test_run_threads_keeps_the_order_and_few_items_waiting():
    made, most = [], []

    def make():
        for number in range(20):
            made.append(number)
            yield number

    for done, number in enumerate(run_threads(lambda number: number, make(), workers=2)):
        assert number == done
        most.append(len(made) - done)
    assert max(most) <= 2 * 2 + 1


def test_run_threads_makes_items_in_the_calling_thread():
    told = run_threads(lambda each: each, (threading.get_ident() for _ in range(3)), workers=2)
    assert set(told) == {threading.get_ident()}
