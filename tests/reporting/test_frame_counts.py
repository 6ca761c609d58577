import numpy as np
import pytest

from reporting.frame_counts import (
    FrameCount,
    annotate_count,
    draw_count_plot,
    write_count_table,
)


def frame(number=0, count=2.0, **outputs):
    return FrameCount(number, {"count": np.float32(count), **outputs})


def test_annotate_count_draws_patches_and_leaves_one_alone():
    image = np.zeros((60, 80, 3), np.uint8)
    four = annotate_count(image, frame(patch_counts=np.array([1.0, 0.0, 0.5, 0.5])))[-60:]
    assert four[5, 40].tolist() == four[30, 5].tolist() == [213, 94, 0]
    one = annotate_count(image, frame(patch_counts=np.array([2.0])))[-60:]
    assert not one.any()


def test_annotate_count_tells_classes_apart():
    points = np.array([[10.0, 10.0], [10.0, 60.0]])
    result = FrameCount(0, {"count": np.float32(2)}, points, np.array([1, 2]))
    shown = annotate_count(np.zeros((60, 80, 3), np.uint8), result)[-60:]
    assert shown[10, 10].tolist() != shown[10, 60].tolist()
    empty = FrameCount(0, {"count": np.float32(0)}, np.zeros((0, 2)), np.zeros(0, int))
    assert not annotate_count(np.zeros((60, 80, 3), np.uint8), empty)[-60:].any()


def test_annotate_count_keeps_one_height_for_any_text():
    image = np.zeros((9, 7, 3), np.uint8)
    heights = {annotate_count(image, frame(count=count)).shape for count in (0, 123456)}
    assert len(heights) == 1


def test_write_count_table_leaves_unknown_times_empty(tmp_path):
    path = write_count_table([frame(3)], tmp_path / "a.csv", frames_per_second=0)
    assert path.read_text() == "frame,seconds,count\n3,,2.0\n"


def test_write_count_table_says_what_intervals_stand_on(tmp_path):
    result = FrameCount(0, {"count": np.float32(1)}, about={"interval": 0.8})
    path = write_count_table([result], tmp_path / "a.csv", frames_per_second=5)
    assert path.read_text() == "frame,seconds,count,interval\n0,0.000,1.0,0.8\n"


@pytest.mark.parametrize("speed", [0, 25])
def test_draw_count_plot_takes_bands_and_single_frames(tmp_path, speed):
    band = {"count_low": np.float32(1), "count_high": np.float32(3)}
    results = [frame(n, n, **band, none_probability=np.float32(0.5)) for n in range(3)]
    for number in (1, 3):
        path = draw_count_plot(
            results[:number], tmp_path / f"{number}.png", frames_per_second=speed, title="a"
        )
        assert path.stat().st_size > 1000
