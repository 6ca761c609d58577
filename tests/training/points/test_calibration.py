from pathlib import Path

import numpy as np
import pytest

from datasets.records import PointRecord
from ops.class_blobs import BlobRule
from training.points.calibration import choose_rule, count_blobs, fit_factor_to
from training.points.prediction import PictureMaps


def make_case(probabilities, points, where=None):
    """One picture of one row, its points given by their columns."""
    probabilities = np.asarray(probabilities, np.float32).reshape(1, -1, 1)
    where = np.ones(probabilities.shape[:2], bool) if where is None else np.array([where])
    places = np.array([[0.0, column] for column in points]).reshape(-1, 2)
    record = PointRecord(Path(f"{len(probabilities)}.png"), places)
    return record, PictureMaps(probabilities, where, where.shape)


def choose(cases, **options):
    maps = {id(record): each for record, each in cases}
    records = [record for record, _ in cases]
    return choose_rule(records, lambda record: maps[id(record)], radius=1.5, **options)


def test_choose_rule_takes_the_threshold_that_drops_the_false_blob():
    rule, factor = choose([make_case([0.9, 0, 0.65, 0], [0])])
    assert rule.threshold == 0.7 and rule.levels == 1 and factor == 1.0


def test_choose_rule_takes_the_area_that_drops_specks():
    row = [0.9, 0.9, 0.9, 0.9, 0, 0.95, 0, 0.9, 0.9, 0.9, 0.9]
    rule, _ = choose([make_case(row, [1, 9])])
    assert rule.min_area == 2 and rule.threshold == 0.5


def test_choose_rule_takes_levels_where_blobs_touch_and_others_are_faint():
    # .75 would part the first two and lose the last.
    rule, _ = choose([make_case([0.9, 0.75, 0.9, 0, 0.55], [0, 2, 4])])
    assert rule.levels == 5


def test_choose_rule_breaks_ties_by_location():
    # One blob each below and above .6: the right one is the fainter but larger.
    rule, _ = choose([make_case([0.9, 0, 0, 0, 0.65, 0.65], [5])])
    assert rule.min_area == 2


def test_choose_rule_prefers_the_plainest_of_equals():
    assert choose([make_case([0.95, 0, 0.95], [0, 2])]) == (BlobRule(0.5, 1, 1), 1.0)


def test_choose_rule_takes_pictures_without_objects():
    assert choose([make_case([0.0, 0.0], [])]) == (BlobRule(0.5, 1, 1), 1.0)


def test_choose_rule_fits_objects_per_blob():
    crowded = [0.9, 0.9, 0, 0.9]
    cases = [make_case(crowded, [0, 1, 3]), make_case(crowded, [0, 1, 3])]
    rule, factor = choose(cases, fit_factor=True)
    assert factor == 1.5 and rule == BlobRule(0.5, 1, 1)
    assert choose(cases)[1] == 1.0


def test_fit_factor_minimises_the_absolute_errors():
    generator = np.random.default_rng(0)
    blobs, counts = generator.integers(0, 30, 40), generator.integers(0, 60, 40)
    factor = fit_factor_to(blobs, counts)
    error = np.abs(factor * blobs - counts).sum()
    others = np.abs(np.linspace(0.1, 8, 2000)[:, None] * blobs - counts).sum(axis=1)
    assert error <= others.min() + 1e-9


@pytest.mark.parametrize(("blobs", "counts"), [([0, 0], [3, 1]), ([2, 1], [0, 0]), ([], [])])
def test_fit_factor_of_nothing_is_one(blobs, counts):
    assert fit_factor_to(np.array(blobs), np.array(counts)) == 1.0


def test_count_blobs_agrees_with_the_labels():
    generator = np.random.default_rng(1)
    maps = PictureMaps(
        generator.random((20, 30, 2)) * 0.7, generator.random((20, 30)) > 0.2, (10, 15)
    )
    rules = [BlobRule(t, n, a) for t in (0.3, 0.5) for n in (1, 3) for a in (1, 2)]
    counts = count_blobs(maps, rules)
    expected = [maps.label(rule).max(axis=(0, 1)) for rule in rules]
    np.testing.assert_array_equal(counts, expected)
    assert counts[0].min() > counts[1].max()  # areas of 2 pixels are 8 pixels of the map
