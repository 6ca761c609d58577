import csv

import keras
import numpy as np
import pytest

import predict
from models.counter import build_counter
from models.saliency_network import SaliencyMap
from reporting.videos import write_video
from training.command_line import run_command


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    image = keras.Input((16, 16, 3))
    features = keras.layers.Conv2D(2, 1, kernel_initializer="ones")(image)
    encoder = keras.Model(image, {"stride_32": features})
    path = tmp_path_factory.mktemp("run") / "counter.keras"
    # On white each of 2 features is 3, so that a patch counts 0.5 x 3 + 0.5 x 3 = 3.
    build_counter(encoder, 2, weights=np.array([0.5, 0.5])).save(path)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = [np.full((32, 48, 3), grey, np.uint8) for grey in (0, 255, 255, 0)]
    return write_video(frames, tmp_path_factory.mktemp("clip") / "clip.mp4", frames_per_second=10)


def run(*arguments):
    argv = [str(argument) for argument in arguments]
    return run_command(predict.main, predict.build_parser(), argv)


def test_predict_counts_a_video(model, clip, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("--model", model, "--input", clip, "--output", out, "--batch_size", 3) == 0
    assert "4 frames predicted" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["clip.csv", "clip.mp4", "clip.png"]
    with (out / "clip.csv").open() as file:
        rows = list(csv.DictReader(file))
    # White is 3 in each of 4 patches, black 0, but for what the clip's compression takes.
    np.testing.assert_allclose([float(row["count"]) for row in rows], [0, 12, 12, 0], atol=0.5)


def test_predict_takes_every_nth_frame_of_a_video(model, clip, tmp_path):
    more = ("--stride", 3, "--no_pictures")
    assert run("--model", model, "--input", clip, "--output", tmp_path, *more) == 0
    lines = (tmp_path / "clip.csv").read_text().splitlines()
    assert len(lines) == 3 and lines[2].startswith("3,0.300,")
    assert not (tmp_path / "clip.mp4").exists()


def test_predict_says_what_a_video_cannot_take(model, clip, tmp_path, capsys):
    (tmp_path / "broken.avi").write_bytes(b"no video")
    cases = [
        ((clip, tmp_path / "a", "--stride", "0"), "`--stride` must be at least 1 frame"),
        ((clip, tmp_path / "a", "--absent_below", "0.5"), "only for models that find a box"),
        ((clip, tmp_path / "a", "--threshold", "0.5"), "`--threshold`: only for pictures"),
        ((clip, clip.parent), "`--output` must be another folder than the video's"),
        ((tmp_path / "broken.avi", tmp_path / "a"), "must be an AVI or MP4 video"),
        ((tmp_path / "a.png", tmp_path / "a", "--stride", "2"), "`--stride`: only for videos"),
    ]
    for (video, out, *more), message in cases:
        assert run("--model", model, "--input", video, "--output", out, *more) == 2
        assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["broken.avi"]


def test_predict_refuses_videos_for_other_models(clip, tmp_path, capsys):
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    saliency = SaliencyMap()([keras.layers.Rescaling(1.0)(images)[..., :2], images])
    keras.Model(images, {"saliency": saliency}).save(tmp_path / "saliency.keras")
    out = tmp_path / "out"
    assert run("--model", tmp_path, "--input", clip, "--output", out) == 2
    assert "videos are for models that count, or find a box" in capsys.readouterr().err
    assert not out.exists()
