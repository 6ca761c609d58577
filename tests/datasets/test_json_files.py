import numpy as np
import pytest

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers


def test_read_json_reads_a_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_text('{"a": 1}', encoding="utf-8-sig")
    assert read_json(tmp_path / "a.json") == {"a": 1}


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b"9" * 5000 + b"x"])
def test_read_json_names_a_file_that_is_no_json(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json` must be JSON in UTF-8"):
        read_json(tmp_path / "a.json")


def test_read_json_bounds_the_file(tmp_path):
    (tmp_path / "a.json").write_text("[1, 2]")
    with pytest.raises(InputError, match="at most 5 bytes"):
        read_json(tmp_path / "a.json", max_bytes=5)


@pytest.mark.parametrize(
    "item, message",
    [
        ({}, "must be an object with `n`. Received no key"),
        ([1], "must be an object with `n`. Received list"),
        ({"n": "3"}, "`n` must be a whole number. Received '3'"),
        ({"n": True}, "`n` must be a whole number. Received True"),
    ],
)
def test_take_names_what_is_wrong(item, message):
    with pytest.raises(InputError, match=f"item 4:? {message}"):
        take(item, "n", int, "item 4")


def test_to_numbers_takes_lists_of_the_shape():
    np.testing.assert_array_equal(to_numbers([[1, 2.5]], (-1, 2), "p"), [[1, 2.5]])
    assert to_numbers([], (-1, 2), "p").shape == (0, 2)
    assert to_numbers(7, (), "p") == 7


@pytest.mark.parametrize(
    "value",
    [[[1]], [[1, 2], [3]], [1, 2], None, "12", [["1", "2"]], [[None, 1]], [[True, False]]]
    + [
        [[float("nan"), 1]],
        [[float("inf"), 1]],
        [[10**400, 1]],
        [[1e9, 1]],
        [[-(10**30), 1]],
        {"a": 1},
    ],
)
def test_to_numbers_refuses_anything_else(value):
    with pytest.raises(
        InputError, match="`points` must be N x 2 finite numbers below 1e9. Received"
    ):
        to_numbers(value, (-1, 2), "`points`")
