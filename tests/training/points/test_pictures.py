import argparse
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.records import PointRecord
from training.points.pictures import (
    check_whole_sizes,
    choose_labelled,
    count_classes,
    point_classes,
    read_scored_pictures,
    read_training_pictures,
)

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def args(tmp_path, disc_data):
    return argparse.Namespace(
        format="dots", data_dir=disc_data, dataset="discs", experiment_dir=tmp_path, seed=0
    )


def read(args, *overrides):
    params = load_params(CONFIG, "training/points", overrides)
    return read_training_pictures(args, params), read_scored_pictures(args, params)


def test_read_training_pictures_holds_some_out(args):
    (training, validation), (scored, split) = read(args, "validation_fraction=0.25")
    assert (len(training), len(validation), len(scored), split) == (6, 2, 2, "test")
    images = {record.image for record in [*training, *validation, *scored]}
    assert len(images) == 10


def test_read_training_pictures_counts_held_out_ones_as_labelled(args):
    (training, validation), _ = read(args, "num_labelled=4", "validation_fraction=0.25")
    assert (len(training), len(validation)) == (3, 1)


def write_table(folder, splits):
    lines = ["image,row,column,split"]
    for i, split in enumerate(splits):
        Image.new("RGB", (40, 40)).save(folder / f"{i}.png")
        lines.append(f"{i}.png,3,4,{split}")
    (folder / "points.csv").write_text("\n".join(lines))


def test_labelled_pictures_are_held_out_although_there_is_a_validation_split(args, tmp_path):
    write_table(tmp_path, ["train"] * 5 + ["val"] * 3)
    args.format, args.data_dir, args.dataset = "points", tmp_path, "."
    (training, validation), _ = read(args, "num_labelled=4", "validation_fraction=0.25")
    names = {record.image.name for record in [*training, *validation]}
    assert names < {f"{i}.png" for i in range(5)}
    assert (len(training), len(validation)) == (3, 1)


def test_whole_pictures_that_are_too_large_after_scaling_are_refused(args):
    # 64 x 64 pixels and more, 16 x 16 times as many after scaling: some 1 M; 100 x 100: 40 M.
    params = dataclasses.replace(load_params(CONFIG, "training/points"), scale=100.0)
    records = read_training_pictures(args, load_params(CONFIG, "training/points"))[0]
    check_whole_sizes(records, dataclasses.replace(params, scale=1.0))
    with pytest.raises(InputError, match=r"at most 8000000 pixels after scaling.*scale="):
        check_whole_sizes(records, params)


def test_read_scored_pictures_without_test_pictures_gives_validation(args, tmp_path):
    write_table(tmp_path, ["train"] * 4 + ["val"])
    args.format, args.data_dir, args.dataset = "points", tmp_path, "."
    (training, validation), (scored, split) = read(args)
    assert (len(training), len(validation), split) == (4, 1, "val")
    assert [record.image for record in scored] == [record.image for record in validation]


def test_read_training_pictures_refuses_formats_without_points(args):
    args.format = "annotations"
    with pytest.raises(InputError, match="tells where the objects are: .* Received annotations"):
        read(args)


def test_choose_labelled_of_fewer_is_part_of_more():
    records = list(range(20))
    few, more = (choose_labelled(records, number, seed=3) for number in (4, 9))
    assert set(few) <= set(more) and few == sorted(few) and len(set(more)) == 9
    assert choose_labelled(records, 4, seed=4) != few
    assert choose_labelled(records, 20, seed=3) == records


def test_choose_labelled_names_a_number_that_is_not_there():
    with pytest.raises(InputError, match="must not exceed the 3 annotated pictures. Received 4"):
        choose_labelled([1, 2, 3], 4, seed=0)


def test_count_classes_of_one_and_of_several():
    points = np.zeros((3, 2))
    assert count_classes(PointRecord(Path("a"), points), 1).tolist() == [3]
    record = PointRecord(Path("a"), points, np.array([3, 1, 3]), ("x", "y", "z"))
    assert count_classes(record, 3).tolist() == [1, 0, 2]
    assert point_classes(PointRecord(Path("a"), np.zeros((0, 2)))).shape == (0,)
