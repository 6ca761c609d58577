import dataclasses

import pytest

from config.errors import InputError
from datasets.records import TagRecord
from datasets.tags import TagSplits
from training.seen_pictures import drop_seen, list_seen, read_seen, require_unseen, write_seen

NOTHING = {"training": {}, "validation": {}}


@pytest.fixture
def make(tmp_path):
    """Splits of files `0` to `9`, each as many bytes long as its name says."""
    for number in range(10):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / str(number)).write_bytes(b"x" * number)

    def make(training="", validation="", test=""):
        parts = (
            [TagRecord(tmp_path / "data" / name, (1,), ("cat",)) for name in part]
            for part in (training, validation, test)
        )
        return TagSplits(*parts, ("cat",))

    return make


def names(records):
    return "".join(record.image.name for record in records)


def test_seen_pictures_come_back_and_add_up(make, tmp_path):
    seen = list_seen(make("01", "2", "3"), tmp_path)
    assert seen == {"training": {"data/0": 0, "data/1": 1}, "validation": {"data/2": 2}}
    write_seen(seen, tmp_path)
    assert read_seen(tmp_path) == seen
    assert list_seen(make("4"), tmp_path, seen)["training"] == {**seen["training"], "data/4": 4}


@pytest.mark.parametrize("text", [None, "{", "[]", '{"training": []}', '{"training": {}}'])
def test_read_seen_names_a_damaged_file(tmp_path, text):
    if text:
        (tmp_path / "pictures.json").write_text(text)
    with pytest.raises(InputError, match=r"pictures\.json"):
        read_seen(tmp_path)
    if not text:
        with pytest.raises(InputError, match="absent or damaged; look for it"):
            read_seen(tmp_path, cure="look for it")


def test_require_unseen_passes_the_same_split(make, tmp_path):
    splits = make("012", "34", "56")
    require_unseen(splits, list_seen(splits, tmp_path), tmp_path)


def test_require_unseen_refuses_another_split(make, tmp_path):
    seen = list_seen(make("012", "34", "56"), tmp_path)
    with pytest.raises(InputError, match="No test picture may be one that .* had for training"):
        require_unseen(make("3456", "", "2"), seen, tmp_path)
    with pytest.raises(InputError, match="No validation picture may .* leave `split_seed`"):
        require_unseen(make("3456", "2"), seen, tmp_path)


def test_a_picture_is_known_by_its_size_too(make, tmp_path):
    seen = {**NOTHING, "training": {"data/5": 4, "data/6": 6}}
    require_unseen(make("0", "1", "5"), seen, tmp_path)
    assert names(drop_seen(make("0", "1", "56"), seen, tmp_path).test) == "5"


def test_drop_seen_leaves_out_what_either_run_learnt(make, tmp_path, caplog):
    seen = list_seen(make("012", "3"), tmp_path)
    left = drop_seen(make("4", "2356", "0345789"), seen, tmp_path)
    # 2 was learnt from; 3 chose the epoch there and may again, but is not to be tested on
    assert (names(left.training), names(left.validation), names(left.test)) == ("4", "356", "789")
    assert "4 of 7 test pictures were seen in training before and are left out" in caplog.text
    assert "1 of 4 validation pictures" in caplog.text


def test_drop_seen_leaves_the_same_split_alone(make, tmp_path, caplog):
    splits = make("012", "34", "56")
    left = drop_seen(splits, list_seen(splits, tmp_path), tmp_path)
    assert dataclasses.astuple(left) == dataclasses.astuple(splits) and not caplog.text
    assert drop_seen(make("0", "1"), NOTHING, tmp_path).test == []


def test_drop_seen_refuses_where_none_is_left(make, tmp_path):
    with pytest.raises(InputError, match="A test picture must be one .* All 2 were"):
        drop_seen(make("01", "2", "12"), NOTHING, tmp_path)
    with pytest.raises(InputError, match="A validation picture must be one .* All 1 were"):
        drop_seen(make("01", "2", "3"), {**NOTHING, "training": {"data/2": 2}}, tmp_path)
