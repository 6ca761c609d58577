import argparse
import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from training.ranked_lists import read_lists

CONFIG = Path(__file__).resolve().parents[2] / "config"
PARAMS = dataclasses.replace(load_params(CONFIG, "training/triplets"), input_shape=(3, 4, 3))


@pytest.fixture
def args(tmp_path):
    """Give a function that writes `annotations.json` beside ten pictures, and its arguments."""
    for i in range(10):
        Image.new("RGB", (4, 3)).save(tmp_path / f"{i}.png")

    def write(train, val, **values):
        splits = {"train": [list_images(each) for each in train]}
        splits["val"] = [list_images(each) for each in val]
        (tmp_path / "annotations.json").write_text(json.dumps(splits))
        folders = {"data_dir": tmp_path, "dataset": ".", "experiment_dir": str(tmp_path / "runs")}
        options = {"format": "annotations", "filter_classes": [], "cache": "none", "seed": 0}
        return argparse.Namespace(**{**folders, **options, **values})

    return write


def list_images(names):
    images = [f"{name}.png" for name in names]
    if len(images) == 2:
        return {"source_image": images[0], "target_image": images[1], "info": {"type": "removed"}}
    return {"images": images, "info": {"type": "crops"}}


def stems(records):
    return ["".join(path.stem for path in record.images) for record in records]


def test_read_lists_reads_chains(args):
    lists = read_lists(args(["012", "345"], ["678"]), PARAMS)
    assert stems(lists.training) == ["012", "345"] and stems(lists.validation) == ["678"]
    assert lists.length == 3 and lists.kept is None
    assert lists.training_source.image_size == (3, 4)
    assert set(lists.records) == {"training", "validation"}


def test_read_lists_joins_pairs_of_each_side(args):
    lists = read_lists(args(["01", "12", "13"], ["67", "78"]), PARAMS, join_pairs=True)
    assert stems(lists.training) == ["012", "013"] and stems(lists.validation) == ["678"]


def test_read_lists_keeps_pairs_where_they_are_not_to_be_joined(args):
    assert read_lists(args(["01", "12"], ["67"]), PARAMS).length == 2


def test_read_lists_of_two_lengths_names_both(args):
    with pytest.raises(InputError, match="one length. It has 3 pictures in train.*2 pictures in"):
        read_lists(args(["012", "34"], ["678"]), PARAMS)


def test_read_lists_whose_pairs_share_nothing_says_so(args):
    with pytest.raises(InputError, match="`join_pairs` must find pairs .*Of 1 none do"):
        read_lists(args(["01", "12"], ["67"]), PARAMS, join_pairs=True)


def test_read_lists_filters_annotated_kinds_only(args):
    arguments = args(["012"], ["345"], format="csv", filter_classes=["crops"])
    with pytest.raises(InputError, match="`--filter_classes` goes with `--format annotations`"):
        read_lists(arguments, PARAMS)
