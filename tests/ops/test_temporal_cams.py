import numpy as np
import pytest

from ops.temporal_cams import TemporalSettings, heat_at, neighbours, temporal_max

# T = 5; written out by hand from "n before, n after, clipped at the ends of the shot".
TABLE = [
    (0, 0, "instant", []),
    (0, 2, "before", []),
    (1, 2, "before", [0]),
    (4, 2, "before", [2, 3]),
    (4, 2, "after", []),
    (3, 2, "after", [4]),
    (0, 2, "after", [1, 2]),
    (2, 1, "before-after", [1, 3]),
    (0, 2, "before-after", [1, 2]),
    (4, 9, "before-after", [0, 1, 2, 3]),
]


@pytest.mark.parametrize(("t", "n", "mode", "expected"), TABLE)
def test_neighbours_are_clipped_at_the_ends_of_the_shot(t, n, mode, expected):
    assert neighbours(t, 5, n, mode) == expected


@pytest.mark.parametrize("mode", ["before", "after", "before-after"])
def test_neighbours_of_a_shot_of_one_frame_are_none(mode):
    assert neighbours(0, 1, 3, mode) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 5, 1, "before"), "`t` must be 0 to 4"),
        ((-1, 5, 1, "before"), "`t` must be"),
        ((0, 5, 1, "behind"), "`mode` must be one of instant"),
        ((0, 5, 1, "instant"), "`n` must be 0 with the mode instant"),
        ((0, 5, 0, "after"), "`n` must be 0 with the mode instant"),
        ((0, 5, -1, "after"), "`n` must be"),
    ],
)
def test_neighbours_refuses_what_does_not_go_together(arguments, message):
    with pytest.raises(ValueError, match=message):
        neighbours(*arguments)


def test_temporal_max_is_that_of_a_loop_over_places():
    cams = np.random.default_rng(0).random((6, 3, 4))
    for number in range(6):
        found = temporal_max(cams, number, n=2, mode="before-after")
        first, last = max(0, number - 2), min(5, number + 2)
        for row in range(3):
            for column in range(4):
                values = [cams[i, row, column] for i in range(first, last + 1)]
                assert found[row, column] == pytest.approx(max(values), rel=1e-6)
    assert found.dtype == np.float32


def test_temporal_max_of_one_frame_is_its_map():
    cam = np.array([[[0.25, 0.5]]], np.float16)
    assert temporal_max(cam, 0, n=0, mode="instant").tolist() == [[0.25, 0.5]]
    assert temporal_max(cam, 0, n=3, mode="before").tolist() == [[0.25, 0.5]]


def test_temporal_max_with_heat_follows_the_formula():
    cams = np.array([[[0.2, 0.4]], [[0.9, 0.1]]])
    found = temporal_max(cams, 1, n=1, mode="before", heat=2.0)
    # exp(2 x (.2 - .4)) = .670320, 1; and 1, exp(2 x (.1 - .9)) = .201897.
    np.testing.assert_allclose(found, [[1.0, 1.0]], rtol=1e-6)
    alone = temporal_max(cams, 0, n=1, mode="before", heat=2.0)
    np.testing.assert_allclose(alone, [[np.exp(-0.4), 1.0]], rtol=1e-5)
    # Without neighbours there is no heat.
    np.testing.assert_allclose(
        temporal_max(cams, 0, n=0, mode="instant", heat=2.0), cams[0], rtol=1e-6
    )


def test_temporal_max_stays_finite_at_any_heat_and_shows_nan():
    cams = np.array([[[0.0, 1.0]], [[0.5, np.nan]]])
    assert np.isfinite(temporal_max(cams, 0, n=1, mode="before", heat=1e6)).all()
    assert np.isnan(temporal_max(cams, 1, n=1, mode="before")[0, 1])


@pytest.mark.parametrize(
    ("cams", "options", "message"),
    [
        (np.zeros((3, 3)), {}, r"must be \(T, h, w\). Received shape \(3, 3\)"),
        (np.zeros((0, 3, 3)), {}, "`t` must be"),
        (np.zeros((1, 3, 3)), {"heat": -1.0}, "`heat` must be at least 0"),
        (np.zeros((1, 3, 3)), {"heat": float("nan")}, "`heat` must be at least 0"),
    ],
)
def test_temporal_max_refuses_what_is_out_of_range(cams, options, message):
    with pytest.raises(ValueError, match=message):
        temporal_max(cams, 0, n=1, mode="before", **options)


def test_heat_falls_to_its_lowest_value_and_stays():
    # 10 - e x 9 / 10, by hand.
    expected = [10.0, 9.1, 8.2, 7.3, 6.4, 5.5, 4.6, 3.7, 2.8, 1.9, 1.0, 1.0]
    found = [heat_at(e, heat=10.0, heat_min=1.0, uniform_from=10) for e in range(12)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("uniform_from", [-1, 0])
def test_heat_stays_without_a_last_epoch(uniform_from):
    assert heat_at(99, heat=3.0, heat_min=1.0, uniform_from=uniform_from) == 3.0


@pytest.mark.parametrize("values", [{"heat": -1.0}, {"heat": 1.0, "heat_min": 2.0}])
def test_heat_refuses_temperatures_out_of_order(values):
    with pytest.raises(ValueError, match="0 <= `heat_min` <= `heat`"):
        heat_at(0, **values)


def test_settings_are_checked_when_they_are_made():
    assert TemporalSettings(heat=4.0, heat_min=2.0, uniform_from=4).heat_at(2) == 3.0
    assert TemporalSettings(n=0, mode="instant").heat_at(9) == 0.0
    with pytest.raises(ValueError, match="`n` must be 0 with the mode instant"):
        TemporalSettings(n=0)
    with pytest.raises(ValueError, match="0 <= `heat_min` <= `heat`"):
        TemporalSettings(heat_min=1.0)
