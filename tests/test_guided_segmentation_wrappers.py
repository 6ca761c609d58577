"""From tags to a segmenter, end to end: stages, a stop in each, a second round, other settings."""

import json
import logging
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import finetune_wrapper
import train_wrapper
from datasets.guide_pipeline import GuidePictures
from datasets.images import read_image, read_labels
from finetuning.guided_segmentation import eval as guided_eval
from reporting.model_files import load_keras_model
from reporting.results import read_results
from training.command_line import run_command

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_encoder")]
STAGES = ("heat_maps", "saliency", "guides")


def run_train(*arguments):
    arguments = ["--experiment", "training/seeds", "--format", "masks", *arguments]
    return run_command(train_wrapper.main, train_wrapper.build_parser(), list(map(str, arguments)))


def run_finetune(*arguments):
    arguments = ["--experiment", "finetuning/guided_segmentation", "--workers", 1, *arguments]
    parser = finetune_wrapper.build_parser()
    return run_command(finetune_wrapper.main, parser, list(map(str, arguments)), resumable=True)


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


def list_files(folder, pattern="**/*.png"):
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob(pattern)}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write 16 pictures of 36 x 50 pixels with a red or a blue area each, and label maps."""
    folder = tmp_path_factory.mktemp("data") / "areas"
    generator = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    (folder / "classes.txt").write_text("blue\nred\n")
    for i in range(16):
        image = generator.integers(90, 110, (36, 50, 3)).astype(np.uint8)
        labels = np.zeros((36, 50), np.uint8)
        y, x = generator.integers(3, 12, 2)
        labels[y : y + 20, x : x + 24] = i % 2 + 1
        image[labels > 0] = ((30, 30, 220), (220, 30, 30))[i % 2]
        Image.fromarray(image).save(folder / "images" / f"{i:02d}.png")
        Image.fromarray(labels).save(folder / "masks" / f"{i:02d}.png")
    return folder.parent


@pytest.fixture(scope="module")
def seeds(tmp_path_factory, tiny_config, data):
    folder = tmp_path_factory.mktemp("seeds")
    options = ["--params_dir", tiny_config, "--data_dir", data, "--dataset", "areas"]
    assert run_train(*options, "--experiment_dir", folder) == 0
    return only_run(folder)


@pytest.fixture(scope="module")
def options(tiny_config, seeds):
    return ["--params_dir", tiny_config, "--model_path", seeds]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, options):
    """Two rounds without a stop."""
    folder = tmp_path_factory.mktemp("experiments")
    assert run_finetune(*options, "--experiment_path", folder, "--set=rounds=2") == 0
    return only_run(folder)


def test_the_chain_leaves_the_whole_run_folder(whole):
    names = {path.name for path in whole.iterdir()}
    wanted = {*STAGES, "guides_round_2", "round_1", "segmenter.keras", "fit.json", "masks.json"}
    wanted |= {"results.csv", "results.json", "report.html", "figures", "saved_model"}
    assert wanted | {"predictions", "scores.json"} <= names
    metrics = read_results(whole).metrics
    rules = {"seeds", "saliency", "G0", "G1", "G2", "oracle"}
    assert {f"label_miou_{rule}" for rule in rules} <= set(metrics)
    wanted = {"miou", "crf_miou", "iou_background", "iou_red", "crf_iou_blue", "pixel_accuracy"}
    wanted |= {"tagged_miou", "round_1_tagged_miou"}
    assert wanted | {"round_1_miou", "round_1_crf_miou", "guides_round_2_miou"} <= set(metrics)
    assert metrics["label_miou"] == metrics["label_miou_G2"]
    # Of one tag a picture, what is salient has it, whatever the seeds of two epochs are like.
    assert metrics["label_miou_G0"] == metrics["label_miou_saliency"] > 0.9
    sheets = {"training_sheet.png", "scored_sheet.png", "label_quality.png", "confusion_matrix.png"}
    assert sheets <= {path.name for path in (whole / "figures").iterdir()}
    assert any("not with masks" in note for note in read_results(whole).notes)


def test_labels_are_palette_pngs_of_the_pictures_own_tags(whole, data):
    for folder in ("guides", "guides_round_2"):
        guides = sorted((whole / folder / "areas").rglob("*.png"))
        assert len(guides) == 13  # 16 less a fifth for the test
        for path in guides:
            picture = Image.open(path)
            assert picture.mode == "P" and picture.getpalette()[3:6] == [128, 0, 0]
            truth = np.asarray(Image.open(data / "areas" / "masks" / path.name[:6]))
            assert set(np.unique(picture)) <= {0, 255, int(truth.max())}


def test_the_saved_model_labels_as_the_scored_segmenter(whole, data):
    served = tf.saved_model.load(str(whole / "saved_model")).signatures["serving_default"]
    segmenter = load_keras_model(whole / "segmenter.keras")
    image = read_image(data / "areas" / "images" / "03.png")[:, :31]
    answer = served(images=tf.constant(image[None]))
    assert answer["label_map"].shape == (1, 36, 31)
    expected = segmenter(image[None])["probabilities"]
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-4)
    asset = json.loads((whole / "saved_model" / "assets.extra" / "masks.json").read_text())
    assert asset["class_names"] == ["blue", "red"]


class StopAfter:
    """Sends SIGTERM to the test itself at the n-th call of a function."""

    def __init__(self, monkeypatch, target, name, number):
        left, called = [number], getattr(target, name)

        def count_and_call(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            return called(*args, **kwargs)

        monkeypatch.setattr(target, name, count_and_call)


def list_stops():
    from datasets.cam_store import CamStore
    from finetuning.guided_segmentation import guides, relabelling, saliency_maps, scoring

    return [
        (CamStore, "write", 2),
        (saliency_maps, "robust_background_saliency", 3),
        (guides, "write_label_png", 4),
        (GuidePictures, "read", 14),
        (relabelling, "sharpen_labels", 5),
        (GuidePictures, "read", 20),
        (scoring, "_compare", 2),
    ]


def test_a_chain_stopped_in_every_stage_goes_on_to_the_same_result(
    whole, options, tmp_path, monkeypatch
):
    arguments = [*options, "--experiment_path", tmp_path, "--set=rounds=2"]
    arguments += ["--checkpoint_steps", 1]
    for target, name, number in list_stops():
        with monkeypatch.context() as patch:
            StopAfter(patch, target, name, number)
            assert run_finetune(*arguments) == 75, name
    assert run_finetune(*arguments) == 0
    run = only_run(tmp_path)
    assert len(list(tmp_path.rglob("args.json"))) == 1
    for folder in (*STAGES, "guides_round_2", "predictions"):
        assert list_files(run / folder) == list_files(whole / folder), folder
    for file in ("results.csv", "round_1/results.csv"):
        assert (run / file).read_bytes() == (whole / file).read_bytes()
    before, after = (read_results(each).metrics for each in (whole, run))
    assert before == after


def test_another_setting_takes_over_what_it_does_not_change(whole, options, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    experiments = whole.parents[3]
    short = ["--set=epochs=1", "--set=num_pictures=0", "--set=compare_rules=false"]
    short += ["--set=rule=G1", "--index", "other"]
    assert run_finetune(*options, "--experiment_path", experiments, *short) == 0
    (run,) = (experiments / "guided_segmentation" / "areas" / "other").iterdir()
    assert f"{run / 'saliency'}: taken from the same in {whole / 'saliency'}" in caplog.text
    assert f"{run / 'guides'}: taken" not in caplog.text
    metrics = read_results(run).metrics
    assert metrics["label_miou_G1"] == read_results(whole).metrics["label_miou_G1"]
    assert "label_miou_G2" not in metrics


def test_a_stage_of_another_configuration_is_named_and_made_anew(
    options, tmp_path, monkeypatch, caplog
):
    arguments = [*options, "--experiment_path", tmp_path, "--set=epochs=1", "--set=num_pictures=0"]
    with monkeypatch.context() as patch:
        StopAfter(patch, GuidePictures, "read", 1)
        assert run_finetune(*arguments, "--set=saliency_threshold=0.5") == 75
    (args,) = tmp_path.rglob("args.json")
    run, forced = args.parent, ["--force", "--set=saliency_threshold=0.9"]
    before = list_files(run / "saliency")
    assert run_finetune("--resume", run, *forced) == 0
    assert f"{run / 'guides'} is of another configuration and made anew: `settings` was" in (
        caplog.text
    )
    assert list_files(run / "saliency") == before and "saliency is of another" not in caplog.text


def test_another_geometry_head_and_schedule(options, tmp_path):
    sets = ["resize=none", "augment=published", "head=large_fov", "schedule=steps", "momentum=0.9"]
    sets += ["steps_per_drop=2", "optimizer=sgd", "weight_decay=0.01", "test_mirror=true"]
    sets += ["epochs=1", "num_pictures=0", "compare_rules=false", "test_scales=[0.75,1.0]"]
    arguments = [f"--set={each}" for each in sets]
    assert run_finetune(*options, "--experiment_path", tmp_path, *arguments) == 0
    assert read_results(only_run(tmp_path)).metrics["num_masks"] == 3


def test_pictures_with_boxes_alone_are_scored_by_boxes(tiny_config, box_data, tmp_path):
    common = ["--params_dir", tiny_config, "--data_dir", box_data]
    experiments = ["--experiment_dir", tmp_path / "seeds", "--set=epochs=1"]
    assert run_train("--format=voc", *common, "--dataset", "boxes", *experiments) == 0
    seeds = only_run(tmp_path / "seeds")
    short = ["--set=epochs=1", "--set=num_pictures=1", "--model_path", seeds]
    assert run_finetune(*common, *short, "--experiment_path", tmp_path / "runs") == 0
    metrics = read_results(only_run(tmp_path / "runs")).metrics
    assert {"box_iou", "box_iou_red", "box_iou_blue"} <= set(metrics)
    assert "miou" not in metrics and "label_miou" not in metrics


def run_eval(*arguments):
    parser = guided_eval.build_parser()
    return run_command(guided_eval.main, parser, list(map(str, arguments)))


def test_eval_repeats_the_results_and_keeps_the_test_beside_the_validation(whole, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    before = read_results(run).metrics
    assert run_eval("--model", run) == 0
    assert read_results(run).metrics == before
    kept = ("predictions/**/*.png", "figures/*", "scores.json")
    files = [list_files(run, pattern) for pattern in kept]
    assert run_eval("--model", run, "--split", "val") == 0
    results = read_results(run)
    assert {**before, **results.metrics} == results.metrics  # those of the test are kept
    assert {"val_crf_miou", "val_round_1_miou", "val_num_masks"} <= set(results.metrics)
    assert results.metrics["num_images"] == 3 and results.metrics["val_num_images"] == 2
    assert "test pictures" in results.notes[0] and "validation pictures" in results.notes[1]
    assert [list_files(run, pattern) for pattern in kept] == files
    assert len(list_files(run / "predictions_val")) == 2 and (run / "scores_val.json").is_file()
    assert (run / "figures_val" / "scored_sheet.png").is_file()
    assert not (run / "figures_val" / "training_sheet.png").exists()


def test_a_saliency_run_gives_the_maps(options, tiny_config, data, tmp_path):
    from models.saliency_network import build_saliency_model, build_saliency_network
    from tests.conftest import _build_small_encoder

    network = build_saliency_network(_build_small_encoder(shape=(32, 32, 3)), num_neurons=4)
    build_saliency_model(network).save(tmp_path / "saliency.keras")
    sets = ["epochs=1", "num_pictures=0", "grabcut=false", "start=weights", "rule=oracle"]
    short = [f"--set={each}" for each in [*sets, "unlabelled=ignore", "compare_rules=false"]]
    short += [f"--set=saliency_model={tmp_path / 'saliency.keras'}", "--workers", 2]
    assert run_finetune(*options, "--experiment_path", tmp_path / "runs", *short) == 0
    run = only_run(tmp_path / "runs")
    path = sorted((run / "saliency").rglob("*.png"))[0]
    image = read_image(data / "areas" / "images" / path.name[:6])
    model = load_keras_model(tmp_path / "saliency.keras")
    expected = model.predict_on_batch(image[None])["saliency"][0] * 255
    assert np.abs(read_labels(path) - expected).max() <= 0.51


def test_bad_input_is_refused_in_one_line(options, seeds, tmp_path, capsys):
    runs = ["--experiment_path", tmp_path]
    assert run_finetune(*options, *runs, "--set=image_size=64") == 2
    assert "`image_size` must be 32 k + 1 pixels" in capsys.readouterr().err
    assert run_finetune(*options, *runs, "--set=saliency_model=absent") == 2
    assert "`saliency_model` must be a run folder" in capsys.readouterr().err
    assert run_finetune(*options, *runs, "--set=rule=oracle", "--set=masks=none") == 2
    assert "`rule` oracle needs a mask of every picture" in capsys.readouterr().err
    assert not list(tmp_path.rglob("args.json"))  # nothing was begun
    assert run_finetune(*options, *runs, "--workers", "0") == 2
    assert "`--workers` must be at least 1. Received 0." in capsys.readouterr().err


def test_a_wrong_test_mask_is_refused_before_anything_is_trained(
    options, seeds, tiny_config, data, tmp_path, capsys
):
    shutil.copytree(data, tmp_path / "data")
    tested = find_test_picture(seeds)
    mask = tmp_path / "data" / "areas" / "masks" / tested
    Image.open(mask).crop((0, 0, 50, 35)).save(mask)
    common = ["--data_dir", tmp_path / "data"]
    trained = ["--params_dir", tiny_config, "--dataset", "areas", "--experiment_dir", tmp_path]
    for done in (
        run_train(*common, *trained),
        run_finetune(*options, *common, "--experiment_path", tmp_path),
    ):
        assert done == 2
    assert capsys.readouterr().err.count(f"{tested}` must have the size of its picture") == 2
    assert not list(tmp_path.rglob("args.json"))


def find_test_picture(run):
    seen = json.loads((run / "pictures.json").read_text())
    learnt = {name.rsplit("/")[-1] for part in seen.values() for name in part}
    return next(name for name in (f"{i:02d}.png" for i in range(16)) if name not in learnt)
