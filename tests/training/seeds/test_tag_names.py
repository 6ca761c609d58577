import pytest

from config.errors import InputError
from training.seeds.tag_names import find_columns, read_tag_names


def test_read_tag_names_reads_those_of_the_run(tmp_path):
    (tmp_path / "tags.json").write_text('{"class_names": ["disc", "square"], "learnt": ["disc"]}')
    assert read_tag_names(tmp_path) == ("disc", "square")


@pytest.mark.parametrize("text", [None, "{}", '{"class_names": []}', '{"class_names": [1]}', "["])
def test_read_tag_names_refuses_a_file_without_names(tmp_path, text):
    if text:
        (tmp_path / "tags.json").write_text(text)
    with pytest.raises(InputError, match=r"tags\.json"):
        read_tag_names(tmp_path)


def test_find_columns_goes_by_name():
    assert find_columns(("disc", "square", "triangle"), ("triangle", "disc")) == [2, 0]
    assert find_columns(("disc",), ()) == []
    with pytest.raises(InputError, match="has learnt: disc. Received square; leave it out"):
        find_columns(("disc",), ("disc", "square"))
