import json

import pytest

from config.errors import InputError
from datasets.prompts import COUNTS, choose_prompts, read_prompts


def write(tmp_path, content):
    path = tmp_path / "prompts.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_read_prompts_sorts_counts_and_takes_lists(tmp_path):
    path = write(tmp_path, {"20": ["a", "b"], "3": "c"})
    assert read_prompts(path) == {3: ("c",), 20: ("a", "b")}
    assert list(read_prompts(path)) == [3, 20]


@pytest.mark.parametrize("key", ["-1", "-20", "1.5", "many", "", "1000001", "9" * 5000])
def test_read_prompts_refuses_counts(tmp_path, key):
    path = write(tmp_path, {"5": "five", key: "none"})
    match = r"prompts.json`: counts must be whole numbers from 0 to 1000000. Received `"
    with pytest.raises(InputError, match=match + key[:40]):
        read_prompts(path)


@pytest.mark.parametrize("value", ["", " ", [], None, 3, [["a"]], "x" * 1001])
def test_read_prompts_refuses_prompts(tmp_path, value):
    with pytest.raises(InputError, match="the prompts of `5` must be text"):
        read_prompts(write(tmp_path, {"5": value}))


@pytest.mark.parametrize("content", [[], {}, "5", "{", '{"1": "a", "01": "b"}'])
def test_read_prompts_refuses_other_files(tmp_path, content):
    with pytest.raises(InputError, match="prompts.json` must"):
        read_prompts(write(tmp_path, content))


def test_choose_prompts_fills_the_template():
    chosen = choose_prompts(template="{count} of {them}", counts=(7, 0, 7), empty="a lawn")
    assert chosen == {0: ("a lawn",), 7: ("7 of {them}",)}
    assert tuple(choose_prompts(template="{count}")) == COUNTS


def test_choose_prompts_takes_some_counts_of_a_file(tmp_path):
    path = str(write(tmp_path, {"1": "one", "5": "five"}))
    assert choose_prompts(path=path, counts=(5,)) == {5: ("five",)}
    with pytest.raises(InputError, match="It has no prompt for 6; it has some for 1, 5"):
        choose_prompts(path=path, counts=(5, 6))


def test_choose_prompts_refuses_a_template_without_a_place():
    with pytest.raises(InputError, match="`--prompt_template`.*Received 'a crowd'"):
        choose_prompts(template="a crowd")
