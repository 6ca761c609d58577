import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from scipy.stats import chisquare

from ops.seed_sampling import SeedSettings, place_seeds, sample_seeds
from ops.seeds import IGNORE, region_of_interest

SINGLE = {"seed_size": 1, "background_fraction": 0.0, "num_background": 0}


def bump(height=30, width=40):
    y, x = np.mgrid[:height, :width].astype(float)
    return np.exp(-((x - 12) ** 2 + (y - 15) ** 2) / 60)


def count_hits(cam, roi, settings, num_draws=3000):
    hits = np.zeros(cam.shape, int)
    for seed in range(num_draws):
        hits += sample_seeds(cam, roi, settings=settings, seed=seed) == 1
    return hits.ravel()


def test_sample_seeds_are_two_patches_as_published():
    cam = bump()
    roi = region_of_interest(cam)
    for seed in range(20):
        labels = sample_seeds(cam, roi, seed=seed)
        assert labels.dtype == np.int32 and set(np.unique(labels)) == {0, 1, IGNORE}
        assert 0 < (labels == 1).sum() <= 9 and 0 < (labels == 0).sum() <= 9
        assert binary_dilation(roi, np.ones((3, 3)))[labels == 1].all()


def test_sample_seeds_hang_on_their_seed_alone():
    first, again, other = (sample_seeds(bump(), None, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (sample_seeds(bump(), None, seed=(1, 5)) != first).any()


def test_sample_seeds_takes_pixels_by_their_heat():
    cam = np.array([[0.1, 0.2, 0.3, 0.4]])
    settings = SeedSettings(foreground_fraction=1.0, **SINGLE)
    hits = count_hits(cam, None, settings)
    assert chisquare(hits, hits.sum() * cam.ravel() / cam.sum()).pvalue > 0.01


def test_sample_seeds_takes_pixels_uniformly():
    cam = np.array([[0.1, 0.2, 0.3, 0.4]])
    settings = SeedSettings(foreground_fraction=1.0, sampling="uniform", **SINGLE)
    assert chisquare(count_hits(cam, None, settings)).pvalue > 0.01


def test_sample_seeds_draws_without_replacement():
    cam = np.array([[0.01, 0.2, 0.3, 0.9, 1.0]])
    settings = SeedSettings(num_foreground=4, foreground_fraction=1.0, **SINGLE)
    for seed in range(30):
        assert (sample_seeds(cam, None, settings=settings, seed=seed) == 1).sum() == 4


def test_sample_seeds_second_draw_is_as_without_the_first():
    # P(the cold one is left) of three: of all orders with the other two first.
    cam = np.array([[0.2, 0.3, 0.5]])
    settings = SeedSettings(num_foreground=2, foreground_fraction=1.0, **SINGLE)
    left = 3000 - count_hits(cam, None, settings)
    expected = [0.3 * 0.5 / 0.7 + 0.5 * 0.3 / 0.5, 0.2 * 0.5 / 0.8 + 0.5 * 0.2 / 0.5]
    expected += [1 - sum(expected)]
    assert chisquare(left, 3000 * np.array(expected)).pvalue > 0.01


def test_sample_seeds_come_from_the_hottest_share():
    # int(.6 * 5) = 3 of the region's five; the hottest pixel of all lies outside.
    cam = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.0]])
    roi = np.array([[1, 1, 1, 1, 1, 0, 0]], bool)
    settings = SeedSettings(foreground_fraction=0.6, **SINGLE)
    hits = count_hits(cam, roi, settings, 100)
    assert (hits > 0).tolist() == [False, False, True, True, True, False, False]


def test_sample_seeds_of_the_background_are_the_coldest_anywhere():
    cam = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.05, 0.0]])
    settings = SeedSettings(0, 1, background_fraction=0.25, seed_size=1)
    roi = np.ones(cam.shape, bool)
    cold = [np.flatnonzero(sample_seeds(cam, roi, settings=settings, seed=s) == 0) for s in (1, 2)]
    cold += [
        np.flatnonzero(sample_seeds(cam, None, settings=settings, seed=s) == 0) for s in (3, 4)
    ]
    assert {int(place[0]) for place in cold} == {6, 7}


def test_sample_seeds_between_equal_pixels_chance_decides():
    # One hot pixel, 99 of heat 0: the 10 candidates must not be the first ten.
    cam = np.zeros((10, 10))
    cam[5, 5] = 1
    settings = SeedSettings(0, 1, background_fraction=0.1, seed_size=1)
    places = [
        np.flatnonzero(sample_seeds(cam, None, settings=settings, seed=s) == 0)[0]
        for s in range(200)
    ]
    assert np.mean(places) == pytest.approx(49.5, abs=8)  # deviation 29 / sqrt(200) = 2


def test_sample_seeds_never_takes_a_pixel_without_heat():
    cam = np.array([[0.0, -0.0, 0.0, 0.5]])
    settings = SeedSettings(num_foreground=4, foreground_fraction=1.0, **SINGLE)
    assert (sample_seeds(cam, None, settings=settings) == 1).tolist() == [[0, 0, 0, 1]]


def test_sample_seeds_of_the_specification_have_as_many_candidates():
    y, x = np.mgrid[:224, :224].astype(float)
    cam = np.exp(-((x - 90) ** 2 / 1800 + (y - 120) ** 2 / 800))
    cam = np.maximum(cam, 0.6 * np.exp(-((x - 180) ** 2 + (y - 50) ** 2) / 288))
    settings = SeedSettings(num_foreground=50_176, num_background=50_176, seed_size=1)
    labels = sample_seeds(cam, region_of_interest(cam), settings=settings)
    # int(.6 x 5272) of the region and int(.1 x 50176), which do not meet.
    assert ((labels == 1).sum(), (labels == 0).sum()) == (3163, 5017)


def test_place_seeds_ignores_where_squares_meet():
    cam = np.array([[0.0, 0.5, 0.5, 0.5, 1.0]])
    settings = SeedSettings(1, 1, 0.2, 0.2, seed_size=5)
    labels = place_seeds(cam, None, np.full((3, 1, 5), 0.5), settings=settings)
    assert labels.tolist() == [[0, 0, IGNORE, 1, 1]]


def test_place_seeds_erodes_the_region_but_not_at_the_edge():
    cam = np.linspace(0.1, 1, 6)[None]
    roi = np.array([[1, 1, 1, 0, 1, 1]], bool)
    settings = SeedSettings(
        6, 0, 1.0, seed_size=1, erosion_size=3, erosion_steps=1, background_fraction=0.0
    )
    labels = place_seeds(cam, roi, np.full((3, 1, 6), 0.5), settings=settings)
    assert (labels == 1).tolist() == [[True, True, False, False, False, True]]


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_sample_seeds_of_a_constant_map_are_none(value):
    assert (sample_seeds(np.full((4, 5), value), None) == IGNORE).all()


def test_sample_seeds_of_one_pixel_or_an_empty_region():
    assert sample_seeds(np.ones((1, 1)), None).tolist() == [[IGNORE]]
    labels = sample_seeds(bump(), np.zeros((30, 40), bool))
    assert not (labels == 1).any() and (labels == 0).any()


def test_place_seeds_names_what_does_not_fit():
    draws = np.zeros((3, 1, 2))
    with pytest.raises(ValueError, match=r"`roi` and `draws` must be of the map's \(1, 3\)"):
        place_seeds(np.zeros((1, 3)), None, draws, settings=SeedSettings())
    with pytest.raises(ValueError, match=r"`cam` must be in \[0, 1\]"):
        sample_seeds(np.array([[0.0, np.nan]]), None)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"sampling": "seed_weighted"}, "`sampling` must be one of weighted, uniform"),
        ({"foreground_fraction": 60}, "`foreground_fraction` must be in"),
        ({"background_fraction": -0.1}, "`background_fraction` must be in"),
        ({"seed_size": 2}, "`seed_size` must be odd"),
        ({"erosion_size": 0}, "`erosion_size` must be odd"),
        ({"num_foreground": -1}, "`num_foreground` must be at least 0"),
    ],
)
def test_seed_settings_refuse_what_makes_no_sense(options, text):
    with pytest.raises(ValueError, match=text):
        SeedSettings(**options)
