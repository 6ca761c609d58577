import numpy as np
import pytest

from ops.box_tracks import find_absent, smooth_track

NONE = [np.nan] * 4


def moving(num_frames=9, step=3.0):
    """Return a box of 10 x 6 pixels that moves right evenly."""
    return np.array([[step * t, 5, step * t + 10, 11] for t in range(num_frames)])


@pytest.mark.parametrize("radius", [0, 1, 2, 5, 50])
def test_smooth_track_keeps_even_motion_to_its_ends(radius):
    np.testing.assert_allclose(smooth_track(moving(), radius=radius), moving(), atol=1e-12)


def test_smooth_track_drops_a_frame_that_went_wrong():
    track = moving()
    track[4] = [200, 100, 220, 130]
    np.testing.assert_allclose(smooth_track(track, radius=2)[4], moving()[4], atol=3)
    assert np.abs(smooth_track(track, radius=2) - moving()).max() <= 3  # one frame's step


def test_smooth_track_calms_jitter():
    noise = np.random.default_rng(0).normal(0, 2, (60, 4))
    track = moving(60) + noise
    calm = smooth_track(track, radius=3)
    assert np.abs(calm - moving(60))[5:-5].mean() < 0.5 * np.abs(noise)[5:-5].mean()


def test_smooth_track_fills_short_gaps_alone():
    track = moving(12)
    track[3:5] = np.nan  # 2 frames
    track[7:10] = np.nan  # 3 frames, more than 2 x 1
    smooth = smooth_track(track, radius=1)
    np.testing.assert_allclose(smooth[:7], moving(12)[:7], atol=1e-12)
    assert np.isnan(smooth[7:10]).all()
    np.testing.assert_allclose(smooth[10:], moving(12)[10:], atol=1e-12)


def test_smooth_track_does_not_reach_beyond_a_gap_or_an_end():
    track = np.array([NONE, NONE, [0, 0, 2, 2], NONE, NONE, NONE, [8, 8, 9, 9]])
    np.testing.assert_array_equal(smooth_track(track, radius=1), track)


def test_smooth_track_of_one_frame_of_none_and_of_no_box():
    assert smooth_track(moving(1)).tolist() == moving(1).tolist()
    assert smooth_track(np.zeros((0, 4))).shape == (0, 4)
    assert np.isnan(smooth_track(np.array([NONE, NONE]))).all()


def test_smooth_track_leaves_its_input():
    track = moving()
    track[4] = 0
    before = track.copy()
    smooth_track(track)
    np.testing.assert_array_equal(track, before)


def test_smooth_track_names_what_is_wrong():
    with pytest.raises(ValueError, match=r"`boxes` must be \(T, 4\)"):
        smooth_track(np.zeros(4))
    with pytest.raises(ValueError, match="`radius` at least 0. Received .* -1"):
        smooth_track(moving(), radius=-1)
    with pytest.raises(ValueError, match="NaN in all four"):
        smooth_track(np.array([[0, 0, np.nan, 1]]))


def test_find_absent_takes_the_median_nearby():
    scores = [0.9, 0.9, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1]
    # Medians of three: .9 .9 .9 .9 .9 .1 .1 .1 .1, and the ends alone.
    expected = [False] * 5 + [True] * 5
    assert find_absent(scores, threshold=0.5, radius=1).tolist() == expected
    alone = find_absent(scores, threshold=0.5, radius=0)
    assert alone.tolist() == [score < 0.5 for score in scores]


def test_find_absent_of_no_frame_and_at_the_threshold():
    assert find_absent([], threshold=0.5).shape == (0,)
    assert find_absent([0.5], threshold=0.5).tolist() == [False]


def test_find_absent_names_what_is_wrong():
    with pytest.raises(ValueError, match=r"`scores` must be \(T,\) finite"):
        find_absent([0.5, np.nan], threshold=0.5)
