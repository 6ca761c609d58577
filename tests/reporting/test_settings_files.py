import pytest

from config.errors import InputError
from reporting.settings_files import CLASS_NAMES_RULE, is_whole, read_settings_file

RULES = {"class_names": CLASS_NAMES_RULE, "number": (is_whole, "a whole number from 1", float)}


def test_read_settings_file_takes_what_it_knows_and_leaves_the_rest(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"class_names": ["a", "b"], "other": [1]}')
    assert read_settings_file(path, RULES) == {"class_names": ("a", "b")}
    path.write_text("{}")
    assert read_settings_file(path, RULES) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a.json` must be JSON"),
        ("[1]", "must hold a JSON object. It holds a list"),
        ('{"number": true}', "`number` must be a whole number from 1. It is True"),
        ('{"class_names": ["a", "a"]}', "`class_names` must be a list of different names"),
        (" " * (1 << 20) + "{}", "at most 1048576 bytes"),
    ],
)
def test_read_settings_file_names_what_is_wrong(text, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_settings_file(path, RULES)
