import pytest

from config.errors import InputError
from datasets.yolo_names import read_class_list, read_yaml_names


@pytest.fixture
def path(tmp_path):
    return tmp_path / "names"


def test_read_class_list_keeps_the_order_and_inner_blanks(path):
    path.write_text("rat\r\nsea cat\n\n")
    assert read_class_list(path) == ("rat", "sea cat")


@pytest.mark.parametrize("text", ["", "\n\n", "cat\n\nrat", "cat\ncat\n"])
def test_read_class_list_refuses_gaps_and_repeats(path, text):
    path.write_text(text)
    with pytest.raises(InputError, match="must name the classes plainly, each once"):
        read_class_list(path)


@pytest.mark.parametrize(
    "text",
    [
        "path: ../x\nnc: 2\nnames: [rat, sea cat]\n",
        "names: ['rat', \"sea cat\"] # two\nnc: 2",
        "names: [\n  'rat', # small\n  'sea cat',\n]\nnc: 2\n",
        "names:\n- rat\n- 'sea cat'\nnc: 2\n",
        "names:  # all\n  - rat\n\n  - sea cat  # fish\nnc: 2\n",
        "nc: 2\nnames:\n  0: rat\n  1: sea cat\ntrain: x\n",
        "names:\n  1: 'sea cat'\n  0: rat\n",
        "names: {0: rat, 1: sea cat}\n",
    ],
)
def test_read_yaml_names_reads_lists_and_numbers(path, text):
    path.write_text(text)
    assert read_yaml_names(path) == ("rat", "sea cat")


def test_read_yaml_names_undoes_a_doubled_quote(path):
    path.write_text("names: ['cat''s tail']")
    assert read_yaml_names(path) == ("cat's tail",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nc: 2\n", "must have the key `names`"),
        ("names:\n  0: cat\n  2: rat\n", "number the classes from 0 without a gap"),
        ("names:\n  0: cat\n  0: rat\n", "number the classes from 0 without a gap"),
        ("names: ['a, b', c]", "must name the classes plainly"),
        ("names: [a, b", "must name the classes plainly"),
        ("names: !!python/object:os.system [a]", "must name the classes plainly"),
        ("names: []", "must name the classes plainly"),
        ("names:\nnc: 2", "must name the classes plainly"),
    ],
)
def test_read_yaml_names_refuses_what_it_does_not_know(path, text, message):
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_yaml_names(path)


def test_read_yaml_names_refuses_other_bytes(path):
    path.write_bytes(b"\xff\xfenames")
    with pytest.raises(InputError, match="must be text in UTF-8"):
        read_yaml_names(path)
