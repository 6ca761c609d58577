import logging

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.bad_frames import drop_bad_frames
from datasets.records import ShotRecord


def write_shot(folder, name, num_frames, bad=(), size=(8, 6)):
    """Write frames, of which some are text, with a box each."""
    frames = []
    for number in range(num_frames):
        frames.append(folder / f"{name}_{number}.png")
        if number in bad:
            frames[-1].write_text("no picture")
        else:
            Image.new("RGB", size).save(frames[-1])
    boxes = tuple(np.full((1, 4), float(number)) for number in range(num_frames))
    return ShotRecord(name, tuple(frames), 1, ("cat",), boxes=boxes)


def test_bad_frames_are_taken_out_with_their_boxes(tmp_path, caplog):
    shots = [write_shot(tmp_path, "a", 4, bad=(1,)), write_shot(tmp_path, "b", 2)]
    with caplog.at_level(logging.WARNING):
        first, second = drop_bad_frames(shots, max_bad_fraction=0.2)
    assert [frame.stem for frame in first.frames] == ["a_0", "a_2", "a_3"]
    assert [int(boxes[0, 0]) for boxes in first.boxes] == [0, 2, 3]
    assert second is shots[1]
    assert "a_1.png" in caplog.text and "several" not in caplog.text


def test_a_shot_without_a_sound_frame_is_named_and_dropped(tmp_path, caplog):
    shots = [write_shot(tmp_path, "a", 1, bad=(0,)), write_shot(tmp_path, "b", 1)]
    assert drop_bad_frames(shots, max_bad_fraction=0.5) == [shots[1]]
    assert "Left out the shot a: none of its frames is sound" in caplog.text


@pytest.mark.parametrize(("num_bad", "fraction"), [(1, 0.2), (4, 1.0)])
def test_too_many_bad_frames_and_no_shot_left_are_refused(tmp_path, num_bad, fraction):
    shot = write_shot(tmp_path, "a", 4, bad=range(num_bad))
    with pytest.raises(InputError, match=f"{num_bad} of 4 pictures are bad"):
        drop_bad_frames([shot], max_bad_fraction=fraction)


def test_a_frame_of_another_size_is_named_and_kept(tmp_path, caplog):
    shot = write_shot(tmp_path, "a", 3)
    Image.new("RGB", (6, 8)).save(shot.frames[1])
    assert drop_bad_frames([shot, shot], max_bad_fraction=0) == [shot, shot]
    assert "a has frames of 2 sizes: most are 8 x 6, a_1.png is 6 x 8" in caplog.text
    assert len(caplog.records) == 1


def test_no_shots_stay_no_shots():
    assert drop_bad_frames([], max_bad_fraction=0) == []


def test_a_memo_saves_decoding(tmp_path):
    shot = write_shot(tmp_path, "a", 2)
    drop_bad_frames([shot], max_bad_fraction=0, memo=tmp_path / "memo.json")
    assert "a_0.png" in (tmp_path / "memo.json").read_text()
