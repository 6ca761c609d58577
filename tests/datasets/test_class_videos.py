import logging

import numpy as np
import pytest

from config.errors import InputError
from datasets.class_videos import list_class_videos
from datasets.shots import ShotChoices, read_shots
from ops.opencv import cv2

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)


def write_video(path, num_frames=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 16))
    for number in range(num_frames):
        writer.write(np.full((16, 32, 3), 50 * number, np.uint8))
    writer.release()


def test_every_video_is_a_shot_of_its_class(tmp_path):
    write_video(tmp_path / "clips" / "dog" / "a.avi")
    write_video(tmp_path / "clips" / "dog" / "B.AVI", num_frames=1)
    write_video(tmp_path / "clips" / "ape" / "a.avi")
    shots = list_class_videos(tmp_path, "clips")
    assert [shot.name for shot in shots] == [
        "clips/ape/a.avi",
        "clips/dog/B.AVI",
        "clips/dog/a.avi",
    ]
    assert [(shot.tag, len(shot.frames)) for shot in shots] == [("ape", 3), ("dog", 1), ("dog", 3)]
    assert shots[0].frames[2] == tmp_path / "clips" / ".frames" / "ape" / "a.avi" / "000002.jpg"
    assert shots[0].split is None


def test_splits_are_told_by_folders_and_the_cache_is_none(tmp_path):
    for split in ("train", "test"):
        write_video(tmp_path / split / "dog" / "a.avi")
    for _ in range(2):  # the second time with the cache there
        assert [shot.split for shot in list_class_videos(tmp_path, ".")] == ["test", "train"]


def test_a_cache_elsewhere_is_kept_apart_by_data_set(tmp_path):
    for name in ("one", "two"):
        write_video(tmp_path / "data" / name / "dog" / "a.avi")
    splits = read_shots(
        "videos", tmp_path / "data", "one+two", WHOLE, frame_cache=tmp_path / "cache"
    )
    folders = [shot.frames[0].parent for shot in splits.training]
    assert folders == [tmp_path / "cache" / name / "dog" / "a.avi" for name in ("one", "two")]
    assert not (tmp_path / "data" / "one" / ".frames").exists()


def test_a_video_that_cannot_be_decoded_is_named_and_dropped(tmp_path, caplog):
    write_video(tmp_path / "dog" / "a.avi")
    (tmp_path / "dog" / "b.mp4").write_bytes(b"\0\0\0\x1cftypisom\0\0\x02\0")
    with caplog.at_level(logging.WARNING):
        splits = read_shots("videos", tmp_path, ".", WHOLE)
    assert [shot.name for shot in splits.training] == ["dog/a.avi"]
    assert "Left out the shot dog/b.mp4" in caplog.text and "must be a whole video" in caplog.text


def test_a_folder_without_videos_and_one_that_takes_no_frames_are_refused(tmp_path):
    (tmp_path / "dog").mkdir()
    with pytest.raises(InputError, match="must hold a folder of videos for each class"):
        list_class_videos(tmp_path, ".")
    write_video(tmp_path / "dog" / "a.avi")
    (tmp_path / ".frames").touch()
    with pytest.raises(InputError, match="must be a folder that can be written to"):
        list_class_videos(tmp_path, ".")
