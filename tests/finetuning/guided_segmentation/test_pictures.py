import argparse
import json
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params, params_to_dict
from finetuning.guided_segmentation.pictures import keep_seen, read_pictures
from training.resolving import resolve_params
from training.seeds import pictures as seeds_pictures
from training.seen_pictures import list_seen, read_seen, write_seen

CONFIG = Path(__file__).resolve().parents[3] / "config"
SEEDS, GUIDED = "training/seeds", "finetuning/guided_segmentation"


@pytest.fixture
def args(box_data, tmp_path):
    return argparse.Namespace(
        format="voc",
        data_dir=str(box_data),
        train_data="boxes",
        test_data="boxes",
        model_path=str(tmp_path / "seeds"),
        experiment_dir=str(tmp_path),
        filter_classes=[],
    )


@pytest.fixture
def seeds(args, box_data, tmp_path):
    """A run of seeds on the boxed pictures, as far as a chain looks at it."""
    run = tmp_path / "seeds"
    run.mkdir()
    params = load_params(CONFIG, SEEDS, ["validation_fraction=0.2"])
    (run / "args.json").write_text(json.dumps({"experiment": SEEDS}))
    (run / "hyperparams.json").write_text(json.dumps(params_to_dict(params)))
    (run / "tags.json").write_text('{"class_names": ["blue", "red"]}')
    (run / "seeds.keras").touch()
    write_seen(list_seen(seeds_pictures.read_pictures(args, params), box_data), run)
    return run


def read(args, *overrides, run=None):
    params = resolve_params(load_params(CONFIG, GUIDED, overrides), args)
    return read_pictures(args, params, run)


def name_all(records):
    return {record.image.name for record in records}


def test_the_same_split_stays_whole(args, seeds):
    splits = read(args)
    assert [len(each) for each in (splits.training, splits.validation, splits.test)] == [13, 3, 4]


@pytest.mark.parametrize("test_data", ["boxes", "boxes/annotations/.."])
def test_pictures_seen_under_another_split_are_left_out(args, seeds, box_data, caplog, test_data):
    args.test_data = test_data  # another name of the same pictures has a split of its own
    other = ["split_seed=1", "test_fraction=0.5", "validation_fraction=0.5"]
    splits = read(args, *other)
    seen = read_seen(seeds)
    learnt = {Path(name).name for part in seen.values() for name in part}
    assert splits.test and not name_all(splits.test) & (learnt | name_all(splits.training))
    assert "test pictures were seen in training before and are left out" in caplog.text
    keep_seen(args, splits, seeds, seeds.parent)
    again = read(args, *other, run=seeds.parent)
    assert name_all(again.test) == name_all(splits.test)
    assert set(seen["training"]) < set(read_seen(seeds.parent)["training"])


def test_a_run_of_seeds_without_a_record_is_refused(args, seeds):
    (seeds / "pictures.json").unlink()
    with pytest.raises(InputError, match="absent or damaged; score it with"):
        read(args)
