import csv

import numpy as np
import pytest

from config.errors import InputError
from datasets.video_files import iterate_frames
from ops.opencv import cv2
from reporting.box_settings import BoxSettings
from reporting.prediction_videos import VideoOptions, predict_video
from reporting.predictors import Predictor
from reporting.videos import write_video

OUTPUTS = {"boxes": (None, 4), "scores": (None,), "class_probabilities": (None, 2), "map": None}


class Follower(Predictor):
    """Finds a box that moves a pixel a frame; a cat at first, then ever more a dog."""

    def __init__(self, absent=(), names=("cat", "dog")):
        self.outputs, self.settings = OUTPUTS, BoxSettings(names)
        self.num_seen, self.sizes, self.absent = 0, [], absent

    def __call__(self, images):
        self.sizes.append(len(images))
        numbers = self.num_seen + np.arange(len(images))
        self.num_seen += len(images)
        dogs = np.where(numbers > 1, 0.9, 0.2)
        boxes = np.stack([[n, 2, n + 6, 10] for n in numbers]).astype(np.float32)
        boxes[[n in self.absent for n in numbers]] = 0
        return {
            "boxes": boxes,
            "scores": np.full(len(images), 0.5, np.float32),
            "class_probabilities": np.stack([1 - dogs, dogs], axis=1),
            "map": np.full((len(images), 90, 70), 0.5, np.float32),
        }


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = [np.full((16, 24, 3), 20 * i, np.uint8) for i in range(5)]
    return write_video(frames, tmp_path_factory.mktemp("clip") / "clip.mp4", frames_per_second=10)


def run(clip, folder, predictor=None, **options):
    predictor = predictor or Follower()
    bounds = {"max_pixels": 10**6, "batch_size": 2}
    return predict_video(predictor, clip, folder, options=VideoOptions(**options), **bounds)


def test_predict_video_writes_a_row_and_a_picture_per_frame(clip, tmp_path):
    predictor = Follower()
    results = run(clip, tmp_path, predictor)
    assert predictor.sizes == [2, 2, 1]
    with (tmp_path / "clip.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["x0"] for row in rows] == ["0.00", "1.00", "2.00", "3.00", "4.00"]
    # The mean over frames is for a dog; a frame's score is .5 of its own probability.
    assert {result.label for result in results} == {"dog"}
    assert [result.score for result in results] == pytest.approx([0.1, 0.1, 0.45, 0.45, 0.45])
    frames = list(iterate_frames(tmp_path / "clip.mp4"))
    assert len(frames) == 5 and frames[0].shape[0] > 16


def test_predict_video_warns_once_of_a_video_that_was_cut(tmp_path, caplog):
    name = str(tmp_path / "cut.avi")
    writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for number in range(20):
        writer.write(np.random.default_rng(number).integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    path = tmp_path / "cut.avi"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    results = run(path, tmp_path / "out")
    assert 0 < len(results) < 20 and caplog.text.count("says 20 frames") == 1
    assert len(list(iterate_frames(tmp_path / "out" / "cut.mp4"))) == len(results)


def test_predict_video_decides_where_the_object_is_absent(clip, tmp_path):
    results = run(clip, tmp_path, absent_below=0.2, draw=False)
    assert [result.present for result in results] == [False, False, True, True, True]
    assert not (tmp_path / "clip.mp4").exists()


def test_predict_video_fills_frames_without_a_box(clip, tmp_path):
    results = run(clip, tmp_path, Follower(absent=(2,)), draw=False)
    assert results[2].box is None
    results = run(clip, tmp_path, Follower(absent=(2,)), draw=False, track_radius=1)
    np.testing.assert_allclose(results[2].box, [2, 2, 8, 10])


def test_predict_video_names_what_has_no_name(clip, tmp_path):
    assert run(clip, tmp_path, Follower(names=()), draw=False)[0].label == "2"


def test_predict_video_refuses_what_it_cannot_take(clip, tmp_path):
    with pytest.raises(InputError, match="videos are for models that count, or find a box"):
        run(clip, tmp_path, Predictor(None, {"saliency": (None,)}))
    with pytest.raises(InputError, match="`--absent_below` must be a score"):
        VideoOptions(absent_below=2.0)
    with pytest.raises(InputError, match="There is no such file"):
        run(tmp_path / "absent.mp4", tmp_path)
    with pytest.raises(InputError, match="`max_pixels`"):
        bounds = {"options": VideoOptions(), "max_pixels": 100}
        predict_video(Follower(), clip, tmp_path, **bounds)
