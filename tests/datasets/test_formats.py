import json

import pytest

from config.errors import InputError
from datasets.formats import FORMATS, read_counted


def test_read_counted_reads_the_format_asked_for(tmp_path):
    (tmp_path / "annotations.json").write_text(json.dumps([{"image": "a.jpg", "count": 3}]))
    (tmp_path / "annotations.csv").write_text("image,count\na.jpg,4\n")
    assert read_counted("annotations", tmp_path, ".", "train")[0].count == 3
    assert read_counted("csv", str(tmp_path), ".", "train")[0].count == 4


def test_read_counted_names_the_nearest_format():
    with pytest.raises(InputError, match="Received shanghai; the nearest is shanghaitech"):
        read_counted("shanghai", "data", "crowd", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_a_missing_data_folder(tmp_path, name):
    with pytest.raises(InputError, match="`--data_dir` must be a folder"):
        read_counted(name, tmp_path / "absent", "crowd", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_a_data_set_outside(tmp_path, name):
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="must lie inside the data folder"):
        read_counted(name, tmp_path / "data", "../other", "train")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_refuses_an_unknown_split(tmp_path, name):
    with pytest.raises(InputError):
        read_counted(name, tmp_path, ".", "everything")
