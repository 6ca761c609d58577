import numpy as np
import pytest

from reporting.shot_tracks import follow_object
from reporting.videos import FrameResult


def make(xs, scores=None):
    scores = [1.0] * len(xs) if scores is None else scores
    return [
        FrameResult(
            i, f"{i}.jpg", "cat", score, None if x is None else np.array([x, 0, x + 4, 4.0])
        )
        for i, (x, score) in enumerate(zip(xs, scores, strict=True))
    ]


def lefts(results):
    return [None if each.box is None else float(each.box[0]) for each in results]


def test_follow_object_leaves_all_as_it_is_without_options():
    results = make([0, None, 9], [0.9, 0.0, 0.1])
    followed = follow_object(results)
    assert lefts(followed) == [0, None, 9] and all(each.present for each in followed)
    assert [each.name for each in followed] == ["0.jpg", "1.jpg", "2.jpg"]


def test_follow_object_fills_gaps_and_drops_what_jumps():
    assert lefts(follow_object(make([0, None, 4]), radius=1)) == [0, 2, 4]
    followed = lefts(follow_object(make([2, 2, 90, 2, 2, 2]), radius=1))
    assert followed == pytest.approx([2] * 6)


def test_follow_object_keeps_boxes_of_absent_frames_out_of_the_track():
    results = make([0, 0, 0, 80, 80, 80], [0.9, 0.9, 0.9, 0.1, 0.1, 0.1])
    followed = follow_object(results, radius=1, absent_below=0.5)
    assert [each.present for each in followed] == [True] * 3 + [False] * 3
    assert lefts(followed) == [0, 0, 0, None, None, None]


def test_follow_object_of_nothing_and_of_one_frame():
    assert follow_object([], radius=3, absent_below=0.5) == []
    assert lefts(follow_object(make([5]), radius=3)) == [5]
    assert lefts(follow_object(make([None]), radius=3)) == [None]


def test_follow_object_refuses_scores_that_are_none():
    with pytest.raises(ValueError, match="finite"):
        follow_object(make([1], [np.nan]), absent_below=0.5)
