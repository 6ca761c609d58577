import csv

import numpy as np
import pytest

from config.errors import InputError
from datasets.video_files import iterate_frames
from reporting.count_videos import count_video
from reporting.point_settings import PointSettings
from reporting.predictors import Predictor
from reporting.videos import write_video

BOUNDS = {"max_pixels": 10**6}


def brightness(images):
    """Count = brightness of the middle; the band is one wide."""
    import tensorflow as tf

    count = tf.cast(images[:, 8, 12, 0], tf.float32) / 10
    return {
        "count": count,
        "count_low": count - 0.5,
        "count_high": count + 0.5,
        "none_probability": 1 / (1 + count),
        "patch_counts": tf.stack([count / 4] * 4, axis=1),
    }


def counter(function=brightness, **shapes):
    names = ("count", "count_low", "count_high", "none_probability")
    shapes = shapes or {**dict.fromkeys(names, (None,)), "patch_counts": (None, 4)}
    return Predictor(function, shapes)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    frames = [np.full((16, 24, 3), 20 * i, np.uint8) for i in range(5)]
    return write_video(frames, tmp_path_factory.mktemp("clip") / "clip.mp4", frames_per_second=10)


def read_rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_count_video_writes_a_row_a_picture_and_a_point_per_frame(clip, tmp_path):
    results = count_video(counter(), clip, tmp_path, batch_size=2, **BOUNDS)
    assert [result.number for result in results] == [0, 1, 2, 3, 4]
    rows = read_rows(tmp_path / "clip.csv")
    assert list(rows[0])[:3] == ["frame", "seconds", "count"]
    assert {"count_low", "count_high", "none_probability", "patch_count_3"} <= set(rows[0])
    # Grey 20 n is a count of 2 n, but for what the compression of the clip takes.
    np.testing.assert_allclose([float(row["count"]) for row in rows], np.arange(5) * 2, atol=0.4)
    assert [row["seconds"] for row in rows] == ["0.000", "0.100", "0.200", "0.300", "0.400"]
    frames = list(iterate_frames(tmp_path / "clip.mp4"))
    assert len(frames) == 5 and frames[0].shape[0] > 16 and (tmp_path / "clip.png").is_file()


def test_count_video_takes_every_nth_frame(clip, tmp_path):
    results = count_video(counter(), clip, tmp_path, stride=2, draw=False, **BOUNDS)
    assert [result.number for result in results] == [0, 2, 4]
    assert read_rows(tmp_path / "clip.csv")[1]["seconds"] == "0.200"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.csv", "clip.png"]


def test_count_video_keeps_the_points_of_a_point_counter(clip, tmp_path, pixelwise_counter):
    model = pixelwise_counter(2, threshold=0.6, max_points=50)
    shapes = {name: tuple(item.shape) for name, item in model.output.items()}
    settings = PointSettings(class_names=("red", "white"))
    predictor = Predictor(lambda images: model(images, training=False), shapes, settings)
    results = count_video(predictor, clip, tmp_path, **BOUNDS)
    rows = read_rows(tmp_path / "clip.csv")
    assert set(rows[0]) == {"frame", "seconds", "count", "class_count_red", "class_count_white"}
    for result in results:
        assert len(result.points) == len(result.classes) == result.outputs["count"]


def test_count_video_leaves_nothing_when_it_is_stopped(clip, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("reporting.count_videos.annotate_count", stop)
    with pytest.raises(KeyboardInterrupt):
        count_video(counter(), clip, tmp_path, **BOUNDS)
    assert list(tmp_path.iterdir()) == []


def test_count_video_refuses_what_it_cannot_take(clip, tmp_path):
    with pytest.raises(InputError, match="`--stride` must be at least 1 frame. Received 0"):
        count_video(counter(), clip, tmp_path, stride=0, **BOUNDS)
    with pytest.raises(InputError, match="There is no such file"):
        count_video(counter(), tmp_path / "absent.mp4", tmp_path, **BOUNDS)
    with pytest.raises(InputError, match="`max_pixels`"):
        count_video(counter(), clip, tmp_path, max_pixels=100)

    def refuse(images):
        import tensorflow as tf

        small = tf.debugging.assert_greater(tf.shape(images)[1], 99, "`images` are too small.")
        with tf.control_dependencies([small]):
            return {"count": tf.cast(images[:, 0, 0, 0], tf.float32)}

    with pytest.raises(InputError, match="the model refused the picture: .*too small"):
        count_video(counter(refuse, count=(None,)), clip, tmp_path, **BOUNDS)
    assert list(tmp_path.iterdir()) == []
