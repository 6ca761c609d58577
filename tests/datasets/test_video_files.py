import logging
import os

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets import video_files
from datasets.video_files import (
    UnreadableVideo,
    extract_frames,
    iterate_frames,
    read_video_header,
)
from ops.opencv import cv2

LEVELS = (20, 60, 100, 140, 180)


def write_video(path, levels=LEVELS, size=(32, 16), codec="MJPG"):
    """Write frames of one grey each, redder to the right edge."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, size)
    for level in levels:
        frame = np.full((size[1], size[0], 3), level, np.uint8)
        frame[:, -8:] = (0, 0, 250)  # blue, green, red
        writer.write(frame)
    writer.release()
    return path


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mp4", "mp4v")])
def test_frames_come_in_time_and_in_rgb(tmp_path, name, codec):
    path = write_video(tmp_path / name, codec=codec)
    frames = list(iterate_frames(path))
    assert [frame.shape for frame in frames] == [(16, 32, 3)] * 5
    for frame, level in zip(frames, LEVELS, strict=True):
        assert np.abs(frame[:, :16].astype(int) - level).max() < 20
        assert frame[8, -2, 0] > 200 and frame[8, -2, 1:].max() < 60
    header = read_video_header(path)
    assert (header.width, header.height, header.num_frames) == (32, 16, 5)
    assert header.frames_per_second == 10


def test_a_stride_takes_every_so_many_frames(tmp_path):
    path = write_video(tmp_path / "a.avi")
    levels = [float(frame[8, 4].mean()) for frame in iterate_frames(path, stride=2)]
    np.testing.assert_allclose(levels, [20, 100, 180], atol=4)
    with pytest.raises(ValueError, match="`stride` must be at least 1"):
        next(iterate_frames(path, stride=0))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no such file"),
        (b"", "must be an AVI or MP4 video"),
        (b"#EXTM3U\nhttp://example.com/a.ts\n", "must be an AVI or MP4 video"),
        (b"RIFF\0\0\0\0AVI LIST", "must be a whole video"),
        (b"\0\0\0\x1cftypisom\0\0\x02\0", "must be a whole video"),
    ],
)
def test_what_is_no_video_is_named(tmp_path, content, message, capfd):
    path = tmp_path / "a.avi"
    if content is not None:
        path.write_bytes(content)
    for read in (read_video_header, lambda path: list(iterate_frames(path))):
        with pytest.raises(UnreadableVideo, match=f"a.avi` {message}|{message}"):
            read(path)
    assert "WARN" not in capfd.readouterr().err


def test_a_video_without_frames_is_named(tmp_path):
    write_video(tmp_path / "a.avi", levels=())
    with pytest.raises(UnreadableVideo, match="a.avi"):
        list(iterate_frames(tmp_path / "a.avi"))


def test_a_video_that_was_cut_gives_what_is_left_of_it(tmp_path, caplog):
    path = write_video(tmp_path / "a.avi", levels=LEVELS * 4, size=(128, 96))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 4 // 5])
    with caplog.at_level(logging.WARNING):
        frames = list(iterate_frames(path))
    assert 0 < len(frames) < 20
    assert f"says 20 frames, {len(frames)} came" in caplog.text


def test_frames_of_too_many_pixels_are_refused(tmp_path):
    path = write_video(tmp_path / "a.avi")
    assert len(list(iterate_frames(path, max_pixels=512))) == 5
    with pytest.raises(UnreadableVideo, match="at most 511 pixels.*It says 32 x 16"):
        list(iterate_frames(path, max_pixels=511))


def test_a_percent_sign_in_a_name_is_no_pattern(tmp_path):
    assert len(list(iterate_frames(write_video(tmp_path / "a%03d.avi")))) == 5


def test_extract_frames_writes_pictures_once(tmp_path, monkeypatch):
    video = write_video(tmp_path / "a.avi")
    paths = extract_frames(video, tmp_path / "frames")
    assert [path.name for path in paths] == [f"{i:06d}.jpg" for i in range(5)]
    with Image.open(paths[2]) as picture:
        assert np.abs(np.asarray(picture)[:, :16].astype(int) - 100).max() < 8
    monkeypatch.setattr(video_files, "iterate_frames", None)
    assert extract_frames(video, tmp_path / "frames") == paths


def test_a_stopped_run_goes_on_with_the_frames_that_are_missing(tmp_path, monkeypatch):
    video = write_video(tmp_path / "a.avi")
    write, written = video_files.write_picture, []

    def stop_at_the_third(path, pixels):
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        write(path, pixels)

    monkeypatch.setattr(video_files, "write_picture", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        extract_frames(video, tmp_path / "frames")
    assert len(extract_frames(video, tmp_path / "frames")) == 5
    assert [path.name for path in written[3:]] == ["000002.jpg", "000003.jpg", "000004.jpg"]


def test_a_frame_that_was_removed_is_written_again(tmp_path):
    video = write_video(tmp_path / "a.avi")
    paths = extract_frames(video, tmp_path / "frames", stride=2)
    paths[1].unlink()
    assert extract_frames(video, tmp_path / "frames", stride=2) == paths
    assert all(path.is_file() for path in paths)


@pytest.mark.parametrize("change", ["content", "stride", "index"])
def test_frames_of_another_state_are_written_anew(tmp_path, change):
    video, stride = write_video(tmp_path / "a.avi"), 1
    extract_frames(video, tmp_path / "frames")
    if change == "content":
        write_video(video, levels=(200, 210, 220))
        os.utime(video, (1, 1))
    elif change == "stride":
        stride = 3
    else:
        (tmp_path / "frames" / "video.json").write_text("{")
    paths = extract_frames(video, tmp_path / "frames", stride=stride)
    assert sorted((tmp_path / "frames").glob("*.jpg")) == paths
    assert len(paths) == {"content": 3, "stride": 2, "index": 5}[change]


def test_a_folder_of_other_pictures_is_left_alone(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "holiday.jpg")
    with pytest.raises(InputError, match="no video.json; move it away"):
        extract_frames(write_video(tmp_path / "a.avi"), tmp_path)
    assert (tmp_path / "holiday.jpg").is_file()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be a folder that can be written to, for .* a.avi"):
        extract_frames(write_video(tmp_path / "a.avi"), tmp_path / "file" / "frames")


def test_what_is_no_video_leaves_no_folder(tmp_path):
    (tmp_path / "a.avi").write_text("text")
    with pytest.raises(UnreadableVideo):
        extract_frames(tmp_path / "a.avi", tmp_path / "frames")
    assert not (tmp_path / "frames").exists()
