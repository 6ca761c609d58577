import argparse
import shutil
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params
from config.localization_variants import fill_published
from training.localization.pictures import read_pictures
from training.scored_splits import choose_scored

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def read(box_data, tmp_path):
    def read(*overrides, **changes):
        given = {"format": "voc", "data_dir": str(box_data), "dataset": "boxes"}
        given |= {"experiment_dir": str(tmp_path), "filter_classes": []}
        if "train_data" in changes:
            del given["dataset"]
        params = load_params(CONFIG, "training/localization", overrides)
        return read_pictures(argparse.Namespace(**{**given, **changes}), fill_published(params))

    return read


def test_pictures_are_split_by_class(read):
    splits = read("test_fraction=0.2", "validation_fraction=0.25")
    assert [len(part) for part in (splits.training, splits.validation, splits.test)] == [12, 4, 4]
    assert splits.class_names == ("blue", "red")
    assert sorted(int(record.classes[0]) for record in splits.test) == [1, 1, 2, 2]


def test_test_pictures_may_come_from_another_data_set(read, box_data):
    whole = read()
    again = read(train_data="boxes", test_data="boxes")
    assert [each.image for each in again.test] == [each.image for each in whole.test]
    shutil.copytree(box_data / "boxes", box_data / "others", dirs_exist_ok=True)
    both = read(train_data="boxes", test_data="others")
    assert [each.image.parts[-3:] for each in both.test] == [
        ("others", "images", each.image.name) for each in whole.test
    ]


def test_the_other_data_set_must_have_the_same_classes(read, box_data):
    shutil.copytree(box_data / "boxes", box_data / "blue", dirs_exist_ok=True)
    for path in (box_data / "blue").rglob("red*"):
        path.unlink()
    with pytest.raises(InputError, match="`blue` must have the classes of `boxes`: blue, red"):
        read(train_data="boxes", test_data="blue")


def test_a_data_set_without_validation_pictures_is_refused(read):
    with pytest.raises(InputError, match="must give pictures to validate on"):
        read("validation_fraction=0")


def test_ranked_pairs_cannot_be_filtered_here(read):
    with pytest.raises(InputError, match="`--filter_classes` goes with ranked pairs"):
        read(filter_classes=["a"])


def test_choose_scored_falls_back_to_validation(read, caplog):
    splits = read("test_fraction=0")
    assert choose_scored(splits) == (splits.validation, "val")
    assert "there are no test pictures" in caplog.text
    assert choose_scored(read(), "test")[1] == "test"
