import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.records import CountRecord, PointRecord
from finetuning.unsupervised.pictures import (
    COUNTED,
    check_sizes,
    hold_out_calibration,
    knows_cells,
    read_dataset,
    read_pictures,
    split_name,
    tell_kind,
)

CONFIG = Path(__file__).resolve().parents[3] / "config"
PARAMS = load_params(CONFIG, "finetuning/unsupervised/noisy_synth_regress")
RECORDS = [CountRecord(Path(f"{i}.png"), i) for i in range(10)]


@pytest.fixture
def args(tmp_path):
    """Ten counted pictures, `known`, and six, `other`, also as a table."""
    for name, number in (("known", 10), ("other", 6)):
        (tmp_path / name).mkdir()
        splits = {}
        for split, prefix in (("train", ""), ("test", "test")):
            paths = [f"{name}/{prefix}{i}.png" for i in range(number)]
            splits[split] = [{"image": path, "count": i} for i, path in enumerate(paths)]
            for i, path in enumerate(paths):
                Image.new("RGB", (40, 32), (i, i, i)).save(tmp_path / path)
        (tmp_path / name / "annotations.json").write_text(json.dumps(splits))
    rows = "\n".join(["image,count", *(f"{i}.png,{i}" for i in range(6))])
    (tmp_path / "other" / "annotations.csv").write_text(rows)
    return argparse.Namespace(
        format="annotations",
        data_dir=str(tmp_path),
        train_data="known",
        test_data="known",
        experiment_dir=str(tmp_path / "runs"),
        seed=0,
    )


def test_split_name_takes_known_formats_alone():
    assert split_name("csv:cells", "coco") == ("csv", "cells")
    assert split_name("cells", "coco") == ("coco", "cells")
    assert split_name("cvs:cells", "coco") == ("coco", "cvs:cells")


def test_hold_out_calibration_holds_as_many_as_the_interval_needs():
    kept, held_out = hold_out_calibration(RECORDS, PARAMS, seed=0)
    # A fifth of ten is 2; an interval of .8 needs 4.
    assert len(held_out) == 4 and sorted(kept + held_out) == RECORDS
    assert kept == sorted(kept) and held_out == sorted(held_out)
    half = replace(PARAMS, interval=0.5, calibration_fraction=0.3)
    assert len(hold_out_calibration(RECORDS, half, seed=0)[1]) == 3
    assert hold_out_calibration(RECORDS, PARAMS, seed=1)[1] != held_out


def test_hold_out_calibration_keeps_a_picture_to_fit_on():
    with pytest.raises(InputError, match="needs 4 pictures .* Received 4 in all"):
        hold_out_calibration(RECORDS[:4], PARAMS, seed=0)


def test_read_pictures_holds_some_out(args):
    pictures = read_pictures(args, PARAMS)
    assert [len(part) for part in pictures[:3]] == [6, 4, 10]
    assert pictures.calibrated_on == COUNTED
    few = read_pictures(args, replace(PARAMS, num_labelled=6))
    assert [len(part) for part in few[:3]] == [2, 4, 10]


def test_read_pictures_calibrates_on_another_data_set_of_any_format(args):
    for name in ("other", "csv:other"):
        pictures = read_pictures(args, replace(PARAMS, calibration=name))
        assert [len(part) for part in pictures[:3]] == [10, 6 if name == "other" else 5, 10]


def test_read_pictures_refuses_the_pictures_it_fits_on_and_too_few(args):
    for name in ("known", "annotations:known"):
        with pytest.raises(InputError, match="`calibration` must be another data set"):
            read_pictures(args, replace(PARAMS, calibration=name))
    with pytest.raises(InputError, match="needs 9 pictures to calibrate on. `other` has 6"):
        read_pictures(args, replace(PARAMS, calibration="other", interval=0.9))


def test_read_pictures_names_the_nearest_format(args):
    args.train_data = "nosuch:known"
    with pytest.raises(InputError, match="`nosuch` is no format; the nearest is "):
        read_pictures(args, PARAMS)
    with pytest.raises(InputError, match="`cvs` is no format; the nearest is csv"):
        read_dataset(args, PARAMS, "cvs:other", "train")


def test_read_dataset_takes_a_folder_with_a_colon(args):
    data_dir = Path(args.data_dir)
    (data_dir / "cvs:cells").symlink_to(data_dir / "other")
    assert len(read_dataset(args, PARAMS, "cvs:cells", "train")) == 6


def test_read_pictures_refuses_a_picture_of_two_uses(args):
    for name in ("known/", "./known"):
        with pytest.raises(InputError, match="to fit and to calibrate: .* 10 are, the first"):
            read_pictures(args, replace(PARAMS, calibration=name))
    listing = Path(args.data_dir) / "known" / "annotations.json"
    items = json.loads(listing.read_text())
    items["test"].append(items["train"][0])
    listing.write_text(json.dumps(items))
    with pytest.raises(InputError, match="to fit and to score: .* 1 are, the first .*known/0.png"):
        read_pictures(args, PARAMS)


def test_knows_cells_where_every_object_has_a_place():
    points = PointRecord(Path("a.png"), np.ones((1, 2)))
    assert knows_cells([points]) and not knows_cells([points, CountRecord(Path("b.png"), 1)])
    region = np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0]])
    assert not knows_cells([replace(points, region=region)])


def test_tell_kind_sees_what_was_drawn(args):
    assert tell_kind(args, "known") == COUNTED
    provenance = Path(args.data_dir) / "known" / "provenance.json"
    for text, kind in (
        ('{"method": "scenes"}', "drawn scenes"),
        ('{"method": "paste"}', "pasted pictures"),
        ('{"method": "remove"}', "made pictures"),
        ("torn", "made pictures"),
    ):
        provenance.write_text(text)
        assert tell_kind(args, "known") == tell_kind(args, "csv:known") == kind


def test_check_sizes_names_the_small_picture(tmp_path):
    Image.new("RGB", (9, 1)).save(tmp_path / "thin.png")
    with pytest.raises(InputError, match="Received 2 for .*thin.png of 1 x 9 pixels"):
        check_sizes([CountRecord(tmp_path / "thin.png", 0)], PARAMS)
    check_sizes([CountRecord(tmp_path / "thin.png", 0)], replace(PARAMS, N=1))
