import argparse
import json
from pathlib import Path

import pytest

import finetune_wrapper
import train_wrapper
from config.schema import SCHEMAS
from datasets.formats import FORMATS, SHOT_FORMATS, TAG_FORMATS
from datasets.synthetic_files import NOISY, OBJECTS, RANKED, SHOTS, TAGS, TEST, TRIPLETS
from training.command_line import complete_arguments
from training.default_data import DEFAULT_DATA, describe_default, fill_data

CONFIG = Path(train_wrapper.__file__).parent / "config"
WRAPPERS = {"training": train_wrapper, "finetuning": finetune_wrapper}


@pytest.mark.parametrize("experiment", sorted(SCHEMAS))
def test_every_experiment_takes_drawn_data(experiment):
    stage = experiment.split("/")[0]
    args = WRAPPERS[stage].build_parser().parse_args(["--experiment", experiment])
    filled = vars(complete_arguments(args, stage=stage))
    assert filled["format"] in {*FORMATS, *TAG_FORMATS, *SHOT_FORMATS}
    names = ("dataset",) if stage == "training" else ("train_data", "test_data")
    assert {filled[name] for name in names} <= {RANKED, NOISY, TEST, OBJECTS, TAGS, SHOTS, TRIPLETS}


def test_fill_data_keeps_what_is_named():
    args = argparse.Namespace(
        experiment="finetuning/localization", format="voc", train_data="cats", test_data=None
    )
    filled = fill_data(args)
    named = (filled.format, filled.train_data, filled.test_data)
    assert named == ("voc", "cats", "synthetic_objects")
    assert args.test_data is None and "dataset" not in vars(filled)


def test_a_resumed_run_keeps_its_own_data(tmp_path):
    stored = {"experiment": "training/points", "format": "dots", "dataset": "cells", "seed": 1}
    (tmp_path / "args.json").write_text(json.dumps(stored))
    params = json.loads((CONFIG / "demo" / "points.params.json").read_text())
    (tmp_path / "hyperparams.json").write_text(json.dumps(params))
    args = train_wrapper.build_parser().parse_args(["--resume", str(tmp_path)])
    args.given = ("resume",)
    filled = complete_arguments(args, stage="training")
    assert (filled.format, filled.dataset) == ("dots", "cells")


@pytest.mark.parametrize("stage", ["training", "finetuning"])
def test_help_tells_the_defaults_of_every_experiment(stage, capsys):
    with pytest.raises(SystemExit):
        WRAPPERS[stage].build_parser().parse_args(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    names = {name for data in DEFAULT_DATA.values() for name in data}
    for name in names - ({"dataset"} if stage == "finetuning" else {"train_data", "test_data"}):
        assert describe_default(name, stage) in printed


def test_describe_default_tells_shared_values_once():
    told = describe_default("format", "finetuning")
    assert told == (
        "default: tags (guided_segmentation), coco (localization, points, density_guided), "
        "shots (temporal_cam), annotations (noisy_synth_regress)"
    )
