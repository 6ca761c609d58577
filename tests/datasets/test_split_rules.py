import pytest

from config.errors import InputError, MissingSplit
from datasets.split_rules import check_split, every_fifth


def test_every_fifth_shares_all_records_out():
    records = list("abcdefghijk")
    assert every_fifth(records, "test") == ["e", "j"]
    assert every_fifth(records, "train") == list("abcdfghik")


def test_every_fifth_has_no_validation_split():
    assert every_fifth(range(10), "val") == []


@pytest.mark.parametrize("records, split", [([], "train"), (range(4), "test")])
def test_every_fifth_refuses_too_few_records(records, split):
    with pytest.raises(MissingSplit, match=f"at least 5 pictures.*It has {len(records)}"):
        every_fifth(records, split)


def test_every_fifth_of_one_record_trains_on_it():
    assert every_fifth(["a"], "train") == ["a"]


def test_check_split_refuses_other_names():
    with pytest.raises(InputError, match="one of train, val, test. Received validation"):
        check_split("validation")
