from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from datasets.bad_records import read_own_points
from datasets.records import BadRecord, Region

IMAGE, FILE = Path("1.jpg"), Path("1.mat")


def test_read_own_points_gives_the_points_and_the_region():
    region = Region(mask=Path("mask.png"))
    record = read_own_points(IMAGE, FILE, lambda file: np.ones((3, 2)), region=region)
    assert (record.image, record.count, record.region) == (IMAGE, 3, region)


def test_read_own_points_says_what_is_wrong_with_the_file():
    def read(file):
        raise InputError(f"`{file}` is damaged.")

    assert read_own_points(IMAGE, FILE, read) == BadRecord(IMAGE, "`1.mat` is damaged.")


def test_read_own_points_keeps_a_bug_a_bug():
    with pytest.raises(ZeroDivisionError):
        read_own_points(IMAGE, FILE, lambda file: 1 / 0)
