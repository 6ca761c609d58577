"""Both wrappers from end to end, and what they say about bad input."""

import argparse
import csv
import json
import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.stats import spearmanr

import finetune_wrapper
import train_wrapper
from config.errors import InputError
from config.loader import load_params
from datasets.crop_jobs import CropSettings, write_crops
from datasets.images import read_image
from finetuning.unsupervised.pictures import read_pictures
from models.encoders import build_encoder
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command
from training.ranker_scores import build_ranker_parser, tell_ranking
from training.run_folders import read_run

pytestmark = pytest.mark.slow


def run_train(*arguments):
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_finetune(*arguments):
    parser = finetune_wrapper.build_parser()
    return run_command(finetune_wrapper.main, parser, list(map(str, arguments)))


@pytest.fixture(scope="module")
def experiments(tmp_path_factory, drawn_data, tiny_config):
    """Run both wrappers once."""
    folder = tmp_path_factory.mktemp("experiments")
    common = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    assert run_train(*common, "--experiment_dir", folder) == 0
    assert run_finetune(*common, "--experiment_path", folder) == 0
    return folder


def only_run(folder, experiment):
    (results,) = (folder / experiment).rglob("results.json")
    return results.parent


def test_training_leaves_the_published_run_folder(experiments):
    run = only_run(experiments, "baseline")
    assert run.relative_to(experiments).parts[:3] == ("baseline", "synthetic_ranked", "0")
    names = {path.name for path in run.iterdir()}
    published = {"hyperparams.json", "args.json", "results.csv", "best_model_00.keras"}
    assert published | {"results.json", "report.html", "ranker.keras"} <= names
    assert 0 <= read_results(run).metrics["rank_accuracy"] <= 1


def test_training_takes_chains_of_crops(drawn_data, tiny_config, tmp_path):
    photos = str(drawn_data / "synthetic_noisy" / "images")
    settings = CropSettings(source=photos, image_size=(24, 32), num_chains=1, chain_length=3)
    write_crops(tmp_path, "crops", settings)
    arguments = ["--data_dir", tmp_path, "--dataset", "crops", "--params_dir", tiny_config]
    assert run_train(*arguments, "--experiment_dir", tmp_path / "runs") == 0
    metrics = read_results(only_run(tmp_path / "runs", "baseline")).metrics
    assert (metrics["num_training_lists"], metrics["num_validation_lists"]) == (10, 2)
    assert 0 <= metrics["rank_accuracy"] <= 1


def test_a_ranker_scores_counted_pictures(experiments, drawn_data, capsys):
    run = next((experiments / "baseline").rglob("ranker.keras")).parent
    arguments = ["--model", str(run), "--data_dir", str(drawn_data), "--dataset", "synthetic_test"]
    parser = build_ranker_parser("eval", "")
    assert run_command(tell_ranking, parser, arguments) == 0
    files = run / "ranking" / "annotations_synthetic_test_test_N1"
    rows = list(csv.DictReader(files.with_suffix(".csv").open()))
    found = json.loads(files.with_suffix(".json").read_text())
    counts, scores = ([float(row[name]) for row in rows] for name in ("count", "score"))
    assert found["num_images"] == len(rows) and min(scores) >= 0
    expected = spearmanr(counts, scores).statistic if len(set(scores)) > 1 else None
    assert found["spearman"] == (expected and pytest.approx(expected, abs=1e-4))
    assert run_command(tell_ranking, parser, [*arguments, "--N", "500"]) == 2
    assert "sides" in capsys.readouterr().err


def test_fine_tuning_scores_reports_and_exports(experiments):
    run = only_run(experiments, "noisy_synth_regress")
    metrics = read_results(run).metrics
    wanted = {"mae", "mse", "rmse", "r2", "rank_accuracy", "mean_predictor_mae"}
    assert wanted | {"ranker_rank_accuracy"} <= set(metrics)
    assert metrics["rmse"] == pytest.approx(metrics["mse"] ** 0.5)
    predictions = json.loads((run / "predictions.json").read_text())["predictions"]
    errors = [abs(item["predicted"] - item["count"]) for item in predictions]
    assert metrics["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-5)
    assert "data:image/png;base64," in (run / "report.html").read_text()


def test_the_command_to_repeat_a_run_names_the_ranker_that_latest_meant(experiments):
    run, ranker = (only_run(experiments, name) for name in ("noisy_synth_regress", "baseline"))
    command = read_results(run).command
    (model,) = ranker.glob("best_model_*.keras")
    named = f" --model_path {model}"
    assert command.endswith(named) and named in (run / "report.html").read_text()


def test_the_exported_counter_equals_the_keras_one(experiments):
    run = only_run(experiments, "noisy_synth_regress")
    counter = keras.saving.load_model(run / "counter.keras", compile=False)
    exported = tf.saved_model.load(run / "saved_model")
    images = np.random.default_rng(0).integers(0, 256, (2, 71, 53, 3), np.uint8)
    # Compiled as the export is: op by op, an untrained network differs from itself by more.
    expected = counter.predict_on_batch(images)
    given = exported.signatures["serving_default"](images=tf.constant(images))
    assert set(given) == set(expected)
    for name in expected:
        np.testing.assert_allclose(given[name], expected[name], rtol=1e-4, atol=1e-4)
    low, count, high = (np.asarray(expected[f"count{end}"]) for end in ("_low", "", "_high"))
    assert (low >= 0).all() and (low <= count).all() and (count <= high).all()


def test_fine_tuning_tells_an_interval_and_what_it_was_calibrated_on(experiments):
    run = only_run(experiments, "noisy_synth_regress")
    results = read_results(run)
    # Of 12 pictures 4 are held out: an interval of .8 is bounded, one of .9 is not.
    assert 0 <= results.metrics["coverage_50"] <= results.metrics["coverage_80"] <= 1
    assert "coverage_90" not in results.metrics
    assert "calibrated on 4 drawn scenes" in results.notes[0]
    assert "not guaranteed" in (run / "report.html").read_text()
    row = json.loads((run / "predictions.json").read_text())["predictions"][0]
    assert 0 <= row["count_low"] <= row["predicted"] <= row["count_high"]
    assert 0 <= row["none_probability"] <= 1


def test_pictures_to_fit_on_may_be_cut_as_test_pictures_are(
    experiments, drawn_data, tiny_config, tmp_path
):
    common = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    (model,) = (experiments / "baseline").rglob("ranker.keras")
    options = ["--model_path", model, "--N", 2, "--set", "fit_N=null", "--set", "num_pictures=0"]
    assert run_finetune(*common, "--experiment_path", tmp_path, *options) == 0
    run = only_run(tmp_path, "noisy_synth_regress")
    args = read_run(run)[0]
    params = load_params(tiny_config, "finetuning/unsupervised/noisy_synth_regress", ["N=2"])
    records = read_pictures(argparse.Namespace(**args), params).fitted
    counter = load_keras_model(run / "counter.keras")
    errors = [
        abs(counter.predict(read_image(each.image)[None], verbose=0)["count"][0] - each.count)
        for each in records
    ]
    # The weights were fitted on what the counter sees: the sum over the same four patches.
    fitted = json.loads((run / "fit.json").read_text())
    assert fitted["num_images"] == len(records)
    assert fitted["train_mae"] == pytest.approx(np.mean(errors), rel=1e-3)


@pytest.mark.parametrize(
    ("train_data", "solver", "told"),
    [
        ("coco:synthetic_noisy", "auto", {"solver": "ridge", "cells_known": True}),
        ("synthetic_noisy", "ridge", {"solver": "ridge", "cells_known": False}),
        ("synthetic_noisy", "auto", {"solver": "nnls"}),
    ],
)
def test_the_solver_fits_cells_where_points_tell_their_counts(
    experiments, drawn_data, tiny_config, tmp_path, train_data, solver, told
):
    common = ["--data_dir", drawn_data, "--params_dir", tiny_config, "--train_data", train_data]
    (model,) = (experiments / "baseline").rglob("ranker.keras")
    options = ["--model_path", model, "--set", f"solver={solver}", "--set", "grid=2"]
    options += ["--N", 2, "--set", "strides=[8,16]", "--set", "fit_N=null"]
    options += ["--set", "num_pictures=0"]
    assert run_finetune(*common, "--experiment_path", tmp_path, *options) == 0
    run = only_run(tmp_path, "noisy_synth_regress")
    fitted = json.loads((run / "fit.json").read_text())
    assert told.items() <= fitted.items()
    assert fitted["solver"] == "nnls" or (fitted["penalty"] > 0 and fitted["validation_mae"] > 0)
    counter = load_keras_model(run / "counter.keras")
    args = argparse.Namespace(**read_run(run)[0])
    changes = [f"solver={solver}", "grid=2", "strides=[8,16]", "N=2"]
    params = load_params(tiny_config, "finetuning/unsupervised/noisy_synth_regress", changes)
    errors = [
        abs(counter.predict(read_image(each.image)[None], verbose=0)["count"][0] - each.count)
        for each in read_pictures(args, params).fitted
    ]
    assert fitted["train_mae"] == pytest.approx(np.mean(errors), rel=1e-3, abs=1e-3)
    images = np.random.default_rng(0).integers(0, 256, (1, 50, 60, 3), np.uint8)
    expected = counter.predict_on_batch(images)
    exported = tf.saved_model.load(run / "saved_model")
    given = exported.signatures["serving_default"](images=tf.constant(images))
    np.testing.assert_allclose(given["count"], expected["count"], rtol=1e-3, atol=1e-3)


def test_strides_that_the_encoder_does_not_give_are_refused(
    drawn_data, tiny_config, tmp_path, capsys
):
    common = ["--data_dir", drawn_data, "--params_dir", tiny_config, "--set", "strides=[8,32]"]
    build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35, deepest_stride=8).save(
        tmp_path / "short.keras"
    )
    options = ["--experiment_path", tmp_path / "runs", "--model_path", tmp_path / "short.keras"]
    assert run_finetune(*common, *options) != 0
    told = capsys.readouterr().err
    assert "`strides` must be of feature maps that the encoder gives: 4, 8. Received 32" in told
    assert not list((tmp_path / "runs").rglob("hyperparams.json"))


def test_a_run_of_a_model_file_needs_no_suffix(experiments, drawn_data, tiny_config, tmp_path):
    model = only_run(experiments, "baseline") / "best_model_00"
    shutil.copy(f"{model}.keras", tmp_path / "mine.keras")
    folders = ["--data_dir", drawn_data, "--params_dir", tiny_config, "--experiment_path", tmp_path]
    assert run_finetune(*folders, "--model_path", "mine", "--N", "2") == 0
    run = only_run(tmp_path, "noisy_synth_regress")
    assert json.loads((run / "hyperparams.json").read_text())["N"] == 2
    assert "ranker_rank_accuracy" not in read_results(run).metrics


def test_a_model_of_another_input_size_keeps_its_own(drawn_data, tiny_config, tmp_path):
    build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35).save(tmp_path / "small.keras")
    folders = ["--data_dir", drawn_data, "--params_dir", tiny_config, "--experiment_path", tmp_path]
    assert run_finetune(*folders, "--model_path", tmp_path / "small.keras") == 0
    counter = keras.saving.load_model(only_run(tmp_path, "noisy_synth_regress") / "counter.keras")
    assert counter.get_layer("patch_counter").input_shape[2:] == (32, 32, 3)


@pytest.mark.parametrize(
    ("count", "message"), [(-1, "must be"), (2.5, "must be"), ("3", "must be")]
)
def test_bad_counts_are_named(
    experiments, drawn_data, tiny_config, tmp_path, capsys, count, message
):
    shutil.copytree(drawn_data, tmp_path / "data")
    path = tmp_path / "data" / "synthetic_noisy" / "annotations.json"
    items = json.loads(path.read_text())
    items[3]["count"] = count
    path.write_text(json.dumps(items))
    folders = ["--data_dir", tmp_path / "data", "--params_dir", tiny_config]
    assert run_finetune(*folders, "--experiment_path", experiments) == 2
    printed = capsys.readouterr().err
    assert "annotations.json" in printed and "item 3" in printed and "must be" in printed


def test_n_larger_than_the_image_is_refused(experiments, drawn_data, tiny_config, capsys):
    before = sorted(experiments.rglob("*"))
    folders = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    assert run_finetune(*folders, "--experiment_path", experiments, "--N", "49") == 2
    assert "`N` must not exceed a picture's sides" in capsys.readouterr().err
    assert sorted(experiments.rglob("*")) == before


def test_a_model_that_is_no_encoder_is_refused(drawn_data, tiny_config, tmp_path, capsys):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.save(tmp_path / "mlp.keras")
    folders = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    arguments = ["--experiment_path", tmp_path, "--model_path", tmp_path / "mlp.keras"]
    assert run_finetune(*folders, *arguments) == 2
    assert "must hold an encoder" in capsys.readouterr().err


def test_latest_without_a_run_names_the_command(drawn_data, tiny_config, tmp_path, capsys):
    folders = ["--data_dir", drawn_data, "--params_dir", tiny_config]
    assert run_finetune(*folders, "--experiment_path", tmp_path) == 2
    assert "python train_wrapper.py --experiment training/baseline" in capsys.readouterr().err


def test_a_format_of_counted_pictures_is_ranked_by_order(tmp_path, tiny_config, capsys):
    generator = np.random.default_rng(0)
    rows = ["image,count"]
    for number in range(24):
        pixels = generator.integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{number}")
    (tmp_path / "annotations.csv").write_text("\n".join(rows))
    arguments = ["--data_dir", tmp_path.parent, "--dataset", tmp_path.name, "--format", "csv"]
    sizes = [
        "--set",
        "list_length=3",
        "--set",
        "pairs_per_epoch=4",
        "--set",
        "validation_fraction=0.2",
    ]
    folders = ["--params_dir", tiny_config, "--experiment_dir", tmp_path / "runs"]
    assert run_train(*arguments, *folders, *sizes) == 0
    assert "rank_accuracy" in capsys.readouterr().out


def test_wrappers_show_their_defaults():
    for wrapper in (train_wrapper, finetune_wrapper):
        defaults = vars(wrapper.build_parser().parse_args([]))
        assert defaults["params_dir"] == os.path.join("config", "demo")


def test_a_cosine_schedule_lasts_the_whole_training_with_accumulated_steps(
    tmp_path, drawn_data, tiny_config, monkeypatch
):
    lengths = []

    def stop(learning_rate, num_steps):
        lengths.append(num_steps)
        raise InputError("stop here")

    monkeypatch.setattr(keras.optimizers.schedules, "CosineDecay", stop)
    for parts in (1, 2):  # Keras counts each part of a step as one
        folders = ["--data_dir", drawn_data, "--experiment_dir", tmp_path]
        options = ["--set", "schedule=cosine", "--accumulate", parts]
        assert run_train(*folders, "--params_dir", tiny_config, *options) == 2
    assert lengths[1] == 2 * lengths[0]
