import json

import numpy as np
import pytest

from config.errors import InputError
from training import workers
from training.workers import any_worker, check_agreement, is_chief, num_workers, text_of_chief


def test_one_process_is_its_own_chief():
    assert (is_chief(), num_workers()) == (True, 1)
    assert any_worker([True, False]) == [True, False]
    assert any_worker(np.array([1, 0])) == [True, False]
    assert text_of_chief("é" * 40_000) == "é" * 40_000
    check_agreement({"epochs": 3})


class Cluster:
    """Stands in for two workers: what this one sends is added to what the other one sent."""

    def __init__(self, monkeypatch, *, number):
        self.sent, self.other = [], []
        monkeypatch.setattr(workers, "num_workers", lambda: 2)
        monkeypatch.setattr(workers, "worker_number", lambda: number)
        monkeypatch.setattr(workers, "_sum_over_workers", self.add)

    def add(self, values):
        self.sent.append(values)
        return values + self.other.pop(0)


def as_message(text):
    message = np.zeros(workers._TEXT_BYTES, np.int32)
    message[: len(text.encode())] = list(text.encode())
    return message


def test_any_worker_hears_of_the_other(monkeypatch):
    cluster = Cluster(monkeypatch, number=1)
    cluster.other = [np.array([1, 0])]
    assert any_worker([False, False]) == [True, False]


def test_text_of_chief_comes_from_the_chief_alone(monkeypatch):
    cluster = Cluster(monkeypatch, number=1)
    cluster.other = [as_message("in hall ä")]
    assert text_of_chief("elsewhere") == "in hall ä"
    assert not cluster.sent[0].any()  # this one said nothing


def test_check_agreement_says_what_differs_here(monkeypatch):
    cluster = Cluster(monkeypatch, number=1)
    cluster.other = [as_message(json.dumps({"epochs": 3, "seed": 0}, sort_keys=True)), np.zeros(1)]
    with pytest.raises(InputError, match="Received: `epochs` is 5 here, 3 there"):
        check_agreement({"epochs": 5, "seed": 0})


def test_check_agreement_stops_the_worker_that_is_right_as_well(monkeypatch):
    cluster = Cluster(monkeypatch, number=0)
    cluster.other = [as_message(""), np.ones(1, np.int32)]
    with pytest.raises(InputError, match="another value in another worker, see its message"):
        check_agreement({"epochs": 3})
