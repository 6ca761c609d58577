from pathlib import Path

import numpy as np
import pytest
from skimage.measure import label
from skimage.morphology import black_tophat
from skimage.segmentation import find_boundaries, watershed

from config.errors import InputError
from losses.lcfcn_targets import TermWeights, lcfcn_targets

GOLDEN = np.load(Path(__file__).parents[1] / "fixtures" / "lcfcn.npz")
TERMS = {
    "image_background": "background_weight",
    "image_foreground": "foreground_weight",
    "point": "point_weight",
    "split_global": "split_global_weight",
    "split_local": "split_local_weight",
    "false_positive": "false_positive_weight",
}
NOTHING = {name: 0.0 for name in TermWeights.__dataclass_fields__}


def golden(case):
    probs = GOLDEN[f"{case}_probs"]
    points = np.zeros(probs.shape)
    points[tuple(GOLDEN[f"{case}_points"].astype(int).T)] = 1
    return points, probs


def total(targets, probs):
    probs = probs.astype(np.float64)
    return -(targets[..., 0] * np.log1p(-probs) + targets[..., 1] * np.log(probs)).sum()


def alone(points, probs, name, **options):
    return lcfcn_targets(points, probs, **{**NOTHING, name: 1.0}, **options)


@pytest.mark.parametrize("case", [f"{i:02d}" for i in range(10)])
def test_lcfcn_targets_agree_with_the_original(case):
    points, probs = golden(case)
    for term, name in TERMS.items():
        targets = alone(points, probs, name)
        expected = float(GOLDEN[f"{case}_{term}"])
        if term != "split_local":  # Its boxes are a choice: see the total.
            np.testing.assert_allclose(total(targets, probs), expected, rtol=1e-5, atol=1e-12)
            pixels = np.count_nonzero(targets.any(axis=-1))
            assert pixels == GOLDEN[f"{case}_{term}_pixels"]
    result = total(lcfcn_targets(points, probs, absent_weight=0.0), probs)
    np.testing.assert_allclose(result, GOLDEN[f"{case}_loss"], rtol=3e-3)


def original_local_lines(points, probs):
    """Flood the whole picture from the points of each crowded blob, by scikit-image."""
    relief, blobs = black_tophat(probs, np.ones((7, 7))), label(probs > 0.5)
    lines = np.zeros(probs.shape, bool)
    for blob in np.unique(blobs[(points > 0) & (blobs > 0)]):
        markers = np.zeros(probs.shape, np.int32)
        inside = (points > 0) & (blobs == blob)
        markers[inside] = np.arange(1, inside.sum() + 1)
        lines |= find_boundaries(watershed(relief, markers)) & (blobs == blob)
    return lines


@pytest.mark.parametrize("case", [f"{i:02d}" for i in range(10)])
def test_lcfcn_targets_gradient_agrees_with_the_original(case):
    points, probs = golden(case)
    targets, p = lcfcn_targets(points, probs, absent_weight=0.0), probs.astype(np.float64)
    slope = targets[..., 0] / (1 - p) - targets[..., 1] / p
    lines = alone(points, probs, "split_local_weight").any(axis=-1)
    off_lines = ~(lines | original_local_lines(points, probs))
    expected = GOLDEN[f"{case}_grad"]
    largest_error = np.abs(slope - expected)[off_lines].max()
    assert largest_error <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("term", TERMS)
def test_lcfcn_targets_sum_is_the_mean_times_the_pixels(term):
    points, probs = golden("06")
    mean, added = (alone(points, probs, TERMS[term], reduction=r) for r in ("mean", "sum"))
    if term == "split_local":
        assert (added > mean).any() and ((added > 0) == (mean > 0)).all()
    elif term == "point":
        np.testing.assert_array_equal(mean, added)
    else:
        factor = max(int(GOLDEN[f"06_{term}_pixels"]), 1)
        np.testing.assert_allclose(added, mean * factor, rtol=1e-6)


def test_lcfcn_targets_of_several_false_blobs_weigh_one_each():
    probs = np.full((6, 12), 0.1, np.float32)
    probs[1:3, 1:3], probs[1:5, 6:11] = 0.9, 0.8
    targets = alone(np.zeros((6, 12)), probs, "false_positive_weight")
    assert targets[1, 1, 0] == 1 / 4 and targets[1, 6, 0] == np.float32(1 / 20)
    assert targets.sum() == pytest.approx(2)


def test_lcfcn_targets_one_point_has_no_line():
    probs = np.full((6, 6), 0.9, np.float32)
    points = np.zeros((6, 6))
    points[2, 3] = 1
    for name in ("split_global_weight", "split_local_weight", "false_positive_weight"):
        assert not alone(points, probs, name).any()


def test_lcfcn_targets_split_scales():
    probs = np.full((7, 30), 0.1, np.float32)
    probs[:, :20] = 0.9
    points = np.zeros((7, 30))
    points[3, [2, 8, 15, 26]] = [1, 2, 1, 1]
    # Five points: global lines share 4. The blob holds four of them: its lines share 3.
    assert alone(points, probs, "split_global_weight").sum() == pytest.approx(4)
    local = alone(points, probs, "split_local_weight")
    assert local.sum() == pytest.approx(3) and not local[:, 20:].any()


def test_lcfcn_targets_line_split_cuts_at_the_darkest_column():
    probs = np.full((5, 9), 0.9, np.float32)
    probs[:, 5] = 0.6
    points = np.zeros((5, 9))
    points[2, [1, 7]] = 1
    targets = lcfcn_targets(points, probs, split="line", **{**NOTHING, "split_local_weight": 1.0})
    # Scale 2 - 1 over the five pixels of column 5; no global line.
    expected = np.zeros((5, 9))
    expected[:, 5] = 0.2
    np.testing.assert_allclose(targets[..., 0], expected, rtol=1e-6)
    assert not alone(points, probs, "split_global_weight", split="line").any()


def test_lcfcn_targets_false_blob_is_cut_by_the_region():
    probs = np.full((4, 8), 0.9, np.float32)
    where = np.zeros((4, 8), bool)
    where[:, :2] = True
    targets = alone(np.zeros((4, 8)), probs, "false_positive_weight", where=where)
    np.testing.assert_array_equal(targets[..., 0], where / 8)


def test_lcfcn_targets_extrema_lie_inside_the_region():
    probs = np.array([[0.01, 0.3, 0.4, 0.99]], np.float32)
    points = np.array([[-1.0, 0, 0, -1]])
    targets = lcfcn_targets(points, probs)
    # Lowest inside: .3. Highest inside: .4, pushed down as there is no point.
    assert targets[0, :, 0].tolist() == [0, 1, 1, 0] and not targets[..., 1].any()


def test_lcfcn_targets_several_classes_name_the_absent():
    probs = np.zeros((1, 4, 3), np.float32)
    probs[0, :, 0], probs[0, :, 1], probs[0, :, 2] = [0.9, 0.3, 0.5, 0.8], [0, 0.6, 0.1, 0], 0.1
    probs[0, 2, 2] = 0.4
    points = np.zeros((1, 4, 2))
    points[0, 1, 0] = 1
    targets = lcfcn_targets(points, probs)
    # S_0 up at its peak; S_1 up twice, point and peak; class 2 is absent: "not 2" at its peak.
    expected = np.zeros((1, 4, 5))
    expected[0, 0, 0], expected[0, 1, 1], expected[0, 2, 4] = 1, 2, 1
    np.testing.assert_array_equal(targets, expected)


def test_lcfcn_targets_global_line_through_another_class_says_not_this_class():
    probs = np.full((3, 11, 3), 0.05, np.float32)
    probs[..., 0] = 0.9
    probs[:, :3, :2], probs[:, 8:, :2] = [0.05, 0.9], [0.05, 0.9]
    probs[:, 4:7] = [0.05, 0.05, 0.9]
    points = np.zeros((3, 11, 2))
    points[1, [1, 9], 0] = points[1, 5, 1] = 1
    targets = alone(points, probs, "split_global_weight")
    assert targets.sum() == pytest.approx(1) and targets[:, 4:7, 3].any()
    assert not targets[:, 4:7, 0].any() and not targets[..., 4].any()


def test_lcfcn_targets_nan_counts_as_zero():
    points, probs = golden("02")
    probs = probs.copy()
    probs[0, 0] = np.nan
    assert np.isfinite(lcfcn_targets(points, probs)).all()


@pytest.mark.parametrize(
    "points, probs, where, match",
    [
        (np.zeros((3, 2)), np.zeros((4, 5)), None, "`points` must be a map"),
        (np.zeros((4, 5)), np.zeros((4, 5, 3)), None, "`probs` must have 1 or 2 channels"),
        (np.zeros((4, 5, 2)), np.zeros((4, 5)), None, "`probs` must have 3 channels"),
        (np.zeros((4, 5)), np.zeros((4, 5)), np.ones((5, 4)), "`where` must be a map"),
    ],
)
def test_lcfcn_targets_refuse_shapes(points, probs, where, match):
    with pytest.raises(InputError, match=match):
        lcfcn_targets(points, probs, where=where)


@pytest.mark.parametrize(
    "options, match",
    [
        ({"reduction": "max"}, '`reduction` must be "mean" or "sum". Received \'max\''),
        ({"split": "voronoi"}, '`split` must be "watershed" or "line"'),
        ({"absent": 1.0}, "the nearest is `absent_weight`"),
        ({"point_weight": -1.0}, "`point_weight` must be a finite number"),
        ({"point_weight": float("nan")}, "`point_weight` must be a finite number"),
    ],
)
def test_lcfcn_targets_refuse_options(options, match):
    with pytest.raises(InputError, match=match):
        lcfcn_targets(np.zeros((2, 2)), np.zeros((2, 2)), **options)
