import json
import shutil
from pathlib import Path

import pytest

from benchmarks.localizer import build_parser, main, read_records
from config.commands import run_main
from config.errors import InputError
from config.loader import load_params, params_to_dict
from config.localization_variants import fill_published
from datasets.boxes import read_boxes
from training.seen_pictures import list_seen, write_seen

CONFIG = Path(__file__).resolve().parents[2] / "config"
EXPERIMENT = "training/localization"


@pytest.fixture
def run(box_data, tmp_path):
    """A run that knows the red boxes alone, split by seed 3."""
    overrides = ["split_seed=3", "test_fraction=0.4", 'classes=["red"]', "objects=only"]
    params = fill_published(load_params(CONFIG / "demo", EXPERIMENT, overrides))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "args.json").write_text(json.dumps({"experiment": EXPERIMENT}))
    (folder / "hyperparams.json").write_text(json.dumps(params_to_dict(params)))
    (folder / "localizer.keras").touch()
    options = {"split_seed": 3, "test_fraction": 0.4, "classes": ["red"]}
    splits = read_boxes("voc", box_data, "boxes", validation_fraction=0.15, **options)
    write_seen(list_seen(splits, box_data), folder)
    return folder


def parse(run, data_dir, dataset="boxes"):
    arguments = ["--model", run, "--format", "voc", "--data_dir", data_dir, "--dataset", dataset]
    return build_parser().parse_args(list(map(str, arguments)))


def test_read_records_reads_and_splits_as_the_run_did(run, box_data):
    training, test = read_records(parse(run, box_data))
    assert len(test) == 4 and test[0].class_names == ("red",)  # .4 of the 10 red ones
    seen = json.loads((run / "pictures.json").read_text())
    assert {f"boxes/images/{record.image.name}" for record in training} == set(seen["training"])


def test_read_records_refuses_pictures_that_the_run_has_seen(run, box_data, tmp_path):
    for name in ("images", "annotations"):
        shutil.copytree(box_data / "boxes" / name, tmp_path / "boxes" / name)
    stems = [path.stem for path in (tmp_path / "boxes" / "images").glob("red_*")]
    lists = tmp_path / "boxes" / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    for name, part in (("train", stems[:2]), ("test", stems[2:])):
        (lists / f"{name}.txt").write_text("\n".join(part))
    with pytest.raises(InputError, match="No test picture may be one that the earlier run had"):
        read_records(parse(run, tmp_path))


def test_main_says_in_one_line_what_is_missing(capsys):
    assert run_main(main, build_parser(), ["--format", "voc"]) == 2
    assert "and `--model` must be given together" in capsys.readouterr().err
