"""The density-guided counter from end to end, and what it says about bad input."""

import csv
import json

import pytest

import finetune_wrapper
import predict
from models.encoders import build_encoder
from reporting.results import read_results
from training.command_line import run_command

pytestmark = pytest.mark.slow
EXPERIMENT = "finetuning/unsupervised/density_guided"


def run_finetune(*arguments):
    parser = finetune_wrapper.build_parser()
    arguments = ["--experiment", EXPERIMENT, *map(str, arguments)]
    return run_command(finetune_wrapper.main, parser, arguments)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, drawn_data, tiny_config):
    folder = tmp_path_factory.mktemp("density_guided")
    build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35).save(folder / "encoder.keras")
    arguments = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    return [*arguments, "--experiment_path", folder, "--model_path", folder / "encoder.keras"]


@pytest.fixture(scope="module")
def run(folders):
    assert run_finetune(*folders) == 0
    (results,) = folders[5].rglob("results.json")
    return results.parent


def test_a_run_compares_guided_reading_with_fixed_grids(run):
    metrics = read_results(run).metrics
    wanted = {"mae", "patches_1_mae", "patches_2_mae", "cells_1_mae", "cells_2_mae"}
    assert wanted | {"cells_read", "cell_accuracy", "coverage_50", "coverage_80"} <= set(metrics)
    assert 1 <= metrics["cells_read"] <= 5
    rows = json.loads((run / "predictions.json").read_text())["predictions"]
    for row in rows:
        assert 0 <= row["count_low"] <= row["predicted"] <= row["count_high"]
        assert sum(count for count, _ in row["cells"]) == pytest.approx(row["predicted"], rel=1e-4)
    assert "patches_G_*" in (run / "report.html").read_text()


def test_predict_reads_the_run_and_its_export(run, drawn_data, tmp_path):
    found = []
    for model in (run / "counter.keras", run):  # of the folder its export
        arguments = ["--model", model, "--input", drawn_data / "synthetic_test" / "images"]
        arguments = [*arguments, "--output", tmp_path / model.name]
        parser = predict.build_parser()
        assert run_command(predict.main, parser, list(map(str, arguments))) == 0
        with (tmp_path / model.name / "predictions.csv").open(encoding="utf-8") as file:
            found.append(list(csv.DictReader(file)))
    assert found[0][0]["calibrated_on"] == "drawn scenes" and found[0][0]["interval"] == "0.8"
    for kept, exported in zip(*found, strict=True):
        for name in ("count", "count_low", "count_high", "none_probability"):
            assert float(kept[name]) == pytest.approx(float(exported[name]), abs=1e-3)


def test_counted_pictures_without_points_are_cells_themselves(folders, tmp_path):
    arguments = [*folders, "--format", "annotations", "--experiment_name", "whole"]
    assert run_finetune(*arguments) == 0
    (results,) = (folders[5] / "whole").rglob("results.json")
    assert "cell_accuracy" not in read_results(results.parent).metrics


def test_a_depth_that_the_pictures_do_not_hold_is_refused(folders, capsys):
    # 48 x 64 pixels; 3 cells cut five times are 96 a side.
    assert run_finetune(*folders, "--N", "3", "--set", "max_depth=5") == 2
    assert "lower `--N` or `max_depth`" in capsys.readouterr().err
