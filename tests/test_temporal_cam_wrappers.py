"""From tags of shots to boxes, end to end: maps, decoder, a stop in each, both splits, a video."""

import csv
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
import predict
import train_wrapper
from config.errors import InputError
from datasets.cam_store import CamStore
from datasets.images import read_image
from datasets.shot_pictures import ShotPictures
from datasets.synthetic_shots import moving_shots
from datasets.video_files import iterate_frames
from finetuning.temporal_cam import eval as temporal_eval
from models.map_locator import find_map_reader
from reporting.model_files import load_keras_model
from reporting.results import read_results
from reporting.videos import write_video
from training.command_line import run_command

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_cam_encoder")]


def run(script, *arguments, resumable=False):
    argv = [str(argument) for argument in arguments]
    return run_command(script.main, script.build_parser(), argv, resumable=resumable)


def run_finetune(*arguments):
    arguments = ["--experiment", "finetuning/temporal_cam", "--workers", 1, *arguments]
    return run(finetune_wrapper, *arguments, resumable=True)


def only_run(folder):
    (results,) = folder.rglob("results.json")
    return results.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write 12 shots of 3 frames of 32 x 40 pixels with a box each: `shots`."""
    folder = tmp_path_factory.mktemp("data")
    for number, shot in enumerate(moving_shots(12, num_frames=3, image_size=(32, 40))):
        place = folder / "shots" / shot.name / f"{number:02d}"
        place.mkdir(parents=True)
        rows = ["frame,xmin,ymin,xmax,ymax"]
        for i, (frame, box) in enumerate(zip(shot.frames, shot.boxes, strict=True)):
            Image.fromarray(frame).save(place / f"{i}.png")
            rows.append(f"{i}.png,{','.join(map(str, box))}")
        (place / "boxes.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory, tiny_config, data):
    folder = tmp_path_factory.mktemp("classifier")
    arguments = ["--experiment", "training/video_classifier", "--experiment_dir", folder]
    arguments += ["--params_dir", tiny_config, "--data_dir", data, "--dataset", "shots"]
    assert run(train_wrapper, *arguments) == 0
    return only_run(folder)


@pytest.fixture(scope="module")
def options(tiny_config, classifier):
    return ["--params_dir", tiny_config, "--model_path", classifier]


@pytest.fixture
def no_export(monkeypatch):
    """Scoring leaves no SavedModel, which takes seconds and another test looks at."""
    monkeypatch.setattr("finetuning.temporal_cam.scoring.export_saved_model", lambda *_, **__: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, options):
    folder = tmp_path_factory.mktemp("experiments")
    assert run_finetune(*options, "--experiment_path", folder) == 0
    return only_run(folder)


def read_rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_fine_tuning_leaves_the_whole_run_folder(whole):
    names = {path.name for path in whole.iterdir()}
    wanted = {"cams", "decoder.keras", "fit.json", "results.csv", "results.json", "report.html"}
    wanted |= {"boxes.csv", "boxes.json", "scores.json", "figures", "videos", "saved_model"}
    assert wanted <= names
    figures = {path.name for path in (whole / "figures").iterdir()}
    wanted = {"seeds_sheet.png", "frames_sheet.png", "corloc_tags.png", "corloc_shots.png"}
    assert wanted | {"training_curves.png"} <= figures
    (video,) = (whole / "videos").iterdir()
    assert len(list(iterate_frames(video))) == 3
    metrics = read_results(whole).metrics
    wanted = {"corloc_macro", "corloc_micro", "corloc_shots", "threshold", "corloc_square"}
    wanted |= {f"label_free_{name}" for name in ("corloc_macro", "threshold")}
    wanted |= {"cam_corloc_macro", "layer_cam_corloc_macro", "layer_cam_label_free_corloc_macro"}
    wanted |= {"max_box_acc_v2", "top1_localization", "box_corloc_macro", "box_mean_iou"}
    assert wanted <= set(metrics)
    told = json.loads((whole / "fit.json").read_text())
    assert told["monitor"] == "val_corloc" and not told["transductive"]
    assert told["threshold"] == pytest.approx(metrics["label_free_threshold"], abs=6e-4)
    scores = json.loads((whole / "scores.json").read_text())
    assert set(scores) == {"decoder", "cam", "layer_cam"}
    assert len(scores["cam"]["oracle"]["per_shot"]) == 2
    rows = read_rows(whole / "shots.csv")
    assert [row["num_frames"] for row in rows] == ["3", "3"]
    for name in ("decoder", "layer_cam", "cam"):
        shares = [float(row[f"{name}_label_free_corloc"]) for row in rows]
        assert np.mean(shares) == pytest.approx(scores[name]["label_free"]["corloc_shots"])


def test_the_table_has_a_row_per_frame(whole):
    rows = read_rows(whole / "boxes.csv")
    assert [row["frame"] for row in rows] == ["0", "1", "2"] * 2
    assert {row["label"] for row in rows} <= {"disc", "square", "triangle"}
    assert all(row["name"].startswith("shots/") and row["name"].endswith(".png") for row in rows)
    overlaps = [float(row["iou"]) for row in rows]
    assert np.mean(overlaps) == pytest.approx(read_results(whole).metrics["box_mean_iou"], abs=1e-3)


def test_the_saved_model_finds_as_the_kept_decoder(whole, data):
    served = tf.saved_model.load(str(whole / "saved_model")).signatures["serving_default"]
    locator = load_keras_model(whole / "decoder.keras")
    image = read_image(data / "shots" / "disc" / "00" / "1.png")[None, :, :31]
    answer, expected = served(images=tf.constant(image)), locator(image)
    np.testing.assert_allclose(answer["map"], expected["map"], atol=1e-4)
    assert set(answer) == {"map", "boxes", "scores", "classes", "class_probabilities"}
    asset = json.loads((whole / "saved_model" / "assets.extra" / "boxes.json").read_text())
    assert asset["class_names"] == ["disc", "square", "triangle"]
    fitted = json.loads((whole / "fit.json").read_text())
    assert find_map_reader(locator).threshold == fitted["threshold"]


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


def test_a_run_stopped_in_every_stage_goes_on_to_the_same_result(
    whole, options, tmp_path, monkeypatch, no_export
):
    from finetuning.temporal_cam import fitting

    arguments = [*options, "--experiment_path", tmp_path, "--checkpoint_steps", 1]
    stops = [(CamStore, "write", 2), (ShotPictures, "read", 9)]
    stops += [(fitting, "find_decoder_threshold", 1)]
    for target, name, number in stops:
        with monkeypatch.context() as patch:
            StopAfter(patch, target, name, number)
            assert run_finetune(*arguments) == 75, name
    assert run_finetune(*arguments) == 0
    run_folder = only_run(tmp_path)
    assert len(list(tmp_path.rglob("args.json"))) == 1
    # The barriers' sharpness, in the table too, goes on where it was.
    for file in ("results.csv", "boxes.csv"):
        assert (run_folder / file).read_bytes() == (whole / file).read_bytes(), file
    assert read_results(run_folder).metrics == read_results(whole).metrics


def test_another_run_takes_the_maps_over_and_never_looks_at_boxes(
    whole, options, no_export, caplog
):
    caplog.set_level(logging.INFO)
    sets = ["num_neighbours=0", "joint_crf_weight=1.0", "side_frames=1", "crf_weight=0.0"]
    sets += ["empty_outside_weight=0.01", "temporal_size_weight=0.01", "entropy_weight=0.1"]
    sets += ["background_larger_weight=0.01", "baselines=[]", "num_videos=0", "num_pictures=0"]
    sets += ["track_radius=1", "absent_below=0.999", "epochs=1", "all_frames=false"]
    sets += ["test_fraction=0.0", "validation_fraction=0.0"]
    arguments = [f"--set={each}" for each in sets]
    experiments = whole.parents[3]
    arguments += ["--experiment_path", experiments, "--index", "other", "--accumulate", "3"]
    assert run_finetune(*options, *arguments) == 0
    (run_folder,) = (experiments / "temporal_cam" / "shots" / "other").iterdir()
    assert f"{run_folder / 'cams'}: taken from the same in {whole / 'cams'}" in caplog.text
    history = (run_folder / "results.csv").read_text()
    assert "joint_crf_term" in history and "corloc" not in history
    assert not (run_folder / "videos").exists()
    told = json.loads((run_folder / "fit.json").read_text())
    assert told["transductive"] and told["monitor"] is None
    notes = " ".join(read_results(run_folder).notes)
    assert "F-CAM" in notes and "boxes and masks never" in notes
    rows = read_rows(run_folder / "boxes.csv")
    assert len(rows) == 36 and {row["present"] for row in rows} == {"0"}


def run_eval(*arguments):
    return run(temporal_eval, *arguments)


def test_eval_keeps_the_test_beside_the_validation(whole, tmp_path, no_export):
    run_folder = tmp_path / "run"
    shutil.copytree(whole, run_folder)
    before = read_results(run_folder).metrics
    table = (run_folder / "boxes.csv").read_bytes()
    assert run_eval("--model", run_folder, "--split", "val") == 0
    results = read_results(run_folder)
    assert {**before, **results.metrics} == results.metrics
    assert {"val_corloc_macro", "val_layer_cam_corloc_macro"} <= set(results.metrics)
    assert (run_folder / "boxes.csv").read_bytes() == table
    for name in ("boxes_val.csv", "scores_val.json", "shots_val.csv", "figures_val", "videos_val"):
        assert (run_folder / name).exists(), name


def test_eval_without_maps_names_the_command_before_it_scores(
    whole, classifier, tmp_path, monkeypatch, capsys, caplog
):
    run_folder = tmp_path / "run"
    shutil.copytree(whole, run_folder)
    (run_folder / "cams" / "stage.json").unlink()

    def look(*_):
        raise InputError("it looks")

    monkeypatch.setattr("finetuning.temporal_cam.scoring.look_at_shots", look)
    assert run_eval("--model", run_folder) == 2
    assert f"store_cams --model {classifier} --method layer_cam`" in capsys.readouterr().err
    shutil.rmtree(run_folder / "cams")  # not needed but for a figure
    assert run_eval("--model", run_folder) == 2
    assert "it looks" in capsys.readouterr().err
    assert f"{run_folder / 'cams'} was removed: no sheet shows the seeds" in caplog.text


def test_predict_annotates_a_video(whole, data, tmp_path, capsys):
    frames = [read_image(data / "shots" / "disc" / "00" / f"{i}.png") for i in (0, 1, 2, 1)]
    clip = write_video(frames, tmp_path / "clip.mp4", frames_per_second=5)
    out = tmp_path / "out"
    arguments = ["--model", whole, "--input", clip, "--output", out, "--track_radius", 1]
    assert run(predict, *arguments, "--batch_size", 3) == 0
    assert "4 frames of" in capsys.readouterr().out
    rows = read_rows(out / "clip.csv")
    assert [row["frame"] for row in rows] == ["0", "1", "2", "3"]
    assert len({row["label"] for row in rows}) == 1 and rows[0]["iou"] == ""
    shown = list(iterate_frames(out / "clip.mp4"))
    assert len(shown) == 4 and shown[0].shape[1] == 40 and shown[0].shape[0] > 32
    clip = write_video(frames[:1], tmp_path / "one.mp4", frames_per_second=5)
    assert run(predict, "--model", whole, "--input", clip, "--output", tmp_path / "one") == 0
    assert "1 frame of" in capsys.readouterr().out


def test_bad_input_is_refused_in_one_line(options, classifier, whole, data, tmp_path, capsys):
    runs = ["--experiment_path", tmp_path]
    for sets, message in [
        (["--set=seed_size=2"], "`seed_size` must be odd"),
        (["--set=baselines=layercam"], "`baselines`: unknown method `layercam`"),
        (["--set=channels=[4,4]"], "`channels` must be 5 whole numbers"),
        (["--set=batch_size=64"], "`batch_size` must not exceed"),
        (["--set=side_frames=1"], "`side_frames` must be at least 1"),
        (["--set=classes=disc"], "the data must have the tags of the classifier"),
        (["--jit", "on"], "`--jit` must be auto or off"),
    ]:
        assert run_finetune(*options, *runs, *sets) == 2
        assert message in capsys.readouterr().err
    clip = data / "shots" / "disc" / "00" / "0.png"
    assert run(predict, "--model", whole, "--input", clip, "--track_radius", 1) == 2
    assert "`--track_radius`: only for videos" in capsys.readouterr().err
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    arguments = ["--model", whole, "--output", tmp_path / "out"]
    assert run(predict, *arguments, "--input", tmp_path / "broken.mp4") == 2
    assert "must be an AVI or MP4 video" in capsys.readouterr().err
