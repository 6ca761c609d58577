import argparse
import json

import pytest

from config.errors import InputError
from training.continued_runs import (
    LOCALIZER_FILE,
    SEEDS_FILE,
    find_model_file,
    find_run_with,
    take_data,
)

LOCALIZATION = "training/localization"


def make_run(tmp_path, experiment, *files, name="2026-01-02-03-04-05", status="finished"):
    folder = tmp_path / experiment.replace("/", "_") / "d" / "0" / name
    folder.mkdir(parents=True)
    (folder / "args.json").write_text(json.dumps({"experiment": experiment}))
    (folder / "hyperparams.json").write_text("{}")
    (folder / "results.json").write_text(json.dumps({"status": status}))
    for file in files:
        (folder / file).touch()
    return folder


def test_latest_means_the_newest_finished_localizer(tmp_path):
    run = make_run(tmp_path, LOCALIZATION, "localizer.keras")
    make_run(tmp_path, LOCALIZATION, "localizer.keras", name="2026-02", status="running")
    make_run(tmp_path, "training/baseline", "best_model_01.keras", name="2026-03")
    found = find_model_file("latest", str(tmp_path), LOCALIZATION)
    assert found == run / "localizer.keras"
    assert find_run_with(LOCALIZER_FILE, "latest", str(tmp_path), LOCALIZATION) == run


def test_a_fine_tuned_localizer_may_be_continued(tmp_path):
    run = make_run(tmp_path, "finetuning/localization", "localizer.keras")
    assert find_run_with(LOCALIZER_FILE, str(run), str(tmp_path), LOCALIZATION) == run
    file = run / "localizer.keras"
    assert find_run_with(LOCALIZER_FILE, str(file), str(tmp_path), LOCALIZATION) == run


def test_a_points_run_is_no_localizer(tmp_path):
    run = make_run(tmp_path, "training/points", "points.keras")
    message = "holds no localizer.keras, for it is a run of training/points; give a run of training"
    with pytest.raises(InputError, match=message):
        find_model_file(str(run), str(tmp_path), LOCALIZATION)
    message = "must lead to a run of training/localization .* a run of training/points"
    with pytest.raises(InputError, match=message):
        find_run_with(LOCALIZER_FILE, str(run / "points.keras"), str(tmp_path), LOCALIZATION)


def test_a_localizer_is_no_encoder(tmp_path):
    run = make_run(tmp_path, LOCALIZATION, "localizer.keras")
    message = "holds no best_model.*, for it is a run of training/localization"
    with pytest.raises(InputError, match=message):
        find_model_file(str(run), str(tmp_path), "training/baseline")


def test_a_file_without_a_run_is_not_continued(tmp_path):
    (tmp_path / "localizer.keras").touch()
    with pytest.raises(InputError, match="must be a run folder, with args.json"):
        find_run_with(
            LOCALIZER_FILE, str(tmp_path / "localizer.keras"), str(tmp_path), LOCALIZATION
        )


@pytest.mark.parametrize(
    ("stored", "given", "expected"),
    [
        ({"dataset": "pets"}, {}, ("voc", "pets", "pets")),
        ({"train_data": "a", "test_data": "b"}, {}, ("voc", "a", "b")),
        ({"dataset": "pets"}, {"train_data": "own", "format": "coco"}, ("coco", "own", "own")),
        ({"dataset": "pets"}, {"test_data": "own"}, ("voc", "pets", "own")),
    ],
)
def test_take_data_prefers_what_is_given_to_what_the_run_had(tmp_path, stored, given, expected):
    run = make_run(tmp_path, LOCALIZATION, "localizer.keras")
    stored = {"experiment": LOCALIZATION, "data_dir": "there", "format": "voc", **stored}
    (run / "args.json").write_text(json.dumps(stored))
    drawn = {"format": "coco", "train_data": "drawn", "test_data": "drawn", "data_dir": "data"}
    arguments = {"model_path": str(run), "experiment_dir": str(tmp_path), **drawn, **given}
    args = take_data(argparse.Namespace(**arguments, given=tuple(given)))
    assert (args.format, args.train_data, args.test_data) == expected
    assert args.data_dir == "there"


def test_a_guided_segmentation_continues_seeds_alone(tmp_path):
    run = make_run(tmp_path, "training/seeds", "seeds.keras")
    assert find_run_with(SEEDS_FILE, "latest", str(tmp_path), "training/seeds") == run
    other = make_run(tmp_path, LOCALIZATION, "localizer.keras", "seeds.keras")
    with pytest.raises(InputError, match=r"a run of training/seeds, with its seeds.keras. Rec"):
        find_run_with(SEEDS_FILE, str(other), str(tmp_path), "training/seeds")


def test_a_guided_segmentation_takes_the_data_of_its_seeds(tmp_path):
    run = make_run(tmp_path, "training/seeds", "seeds.keras")
    stored = {"experiment": "training/seeds", "data_dir": "d", "format": "ccp", "dataset": "ccp"}
    (run / "args.json").write_text(json.dumps(stored))
    args = argparse.Namespace(
        experiment="finetuning/guided_segmentation",
        model_path=str(run),
        experiment_dir=str(tmp_path),
        given=("data_dir",),
        data_dir="mine",
        format="tags",
        train_data="synthetic_tags",
        test_data="synthetic_tags",
    )
    taken = take_data(args)
    assert (taken.data_dir, taken.format, taken.train_data) == ("mine", "ccp", "ccp")
