"""The rules of guide labels on drawn scenes with simulated heat maps."""

import numpy as np
import pytest
from scipy import ndimage

from ops.guide_labels import GuideSettings, guide_labels
from ops.saliency import robust_background_saliency
from ops.salient_components import oracle_saliency

SIDES = (128, 128)


def draw_scene(draws):
    """Draw one to three discs, squares or diamonds, one class each, and their simulated heat."""
    rows, columns = np.indices(SIDES)
    texture = ndimage.gaussian_filter(draws.normal(size=(*SIDES, 1)), (2, 2, 0))
    image = 110 + 12 * texture / texture.std() + draws.normal(0, 4, (*SIDES, 3))
    truth = np.zeros(SIDES, np.int32)
    colours = {1: (230, 40, 40), 2: (40, 60, 230), 3: (240, 220, 40)}
    classes = draws.permutation([1, 2, 3])[: draws.integers(1, 4)]
    for c in classes:
        y, x = abs(rows - draws.integers(20, 108)), abs(columns - draws.integers(20, 108))
        size = {1: np.hypot(y, x), 2: np.maximum(x, y), 3: 0.75 * (x + y)}[c]
        inside = size < draws.integers(12, 20)
        truth[inside] = c
        image[inside] = colours[c] + draws.normal(0, 8, (inside.sum(), 3))
    seen = np.intersect1d(classes, truth)
    heat = np.zeros((len(seen), *SIDES))
    for bump, c in zip(heat, seen, strict=True):
        bump[tuple(draws.choice(np.argwhere(truth == c)))] = 1
        if draws.random() < 0.3:
            bump[tuple(draws.integers(0, 128, 2))] = 1
    return (
        image.clip(0, 255).astype(np.uint8),
        truth,
        ndimage.gaussian_filter(heat, (0, 6, 6)),
        seen,
    )


def colour_crf(image, unary):
    """Stand in for a CRF: energies are averaged over pixels of like colour."""
    bins = ((image // 64).astype(int) @ (16, 4, 1)).ravel()
    counts = np.maximum(np.bincount(bins, minlength=64), 1)
    flat = unary.reshape(-1, unary.shape[-1]).T
    means = np.stack([np.bincount(bins, each, minlength=64) / counts for each in flat], axis=-1)
    return -unary - 5 * means[bins].reshape(unary.shape)


def mean_scores(rules, num_scenes, saliency_of, seed=1):
    """Return the mean IoU over background and classes of each rule."""
    draws = np.random.default_rng(seed)
    hits = {rule: np.zeros((4, 4)) for rule in rules}
    for i in range(num_scenes):
        image, truth, heat, classes = draw_scene(draws)
        saliency = saliency_of(image, truth)
        for rule, table in hits.items():
            labels = guide_labels(
                image, saliency, heat, classes, crf=colour_crf, seed=(0, i),
                settings=GuideSettings(rule=rule),
            )  # fmt: skip
            np.add.at(table, (truth, labels), 1)
    return {
        rule: np.mean(np.diag(table) / (table.sum(0) + table.sum(1) - np.diag(table)))
        for rule, table in hits.items()
    }


@pytest.mark.slow
def test_guide_labels_rules_come_in_the_order_of_the_paper():
    scores = mean_scores(
        ("seeds", "G0", "G1", "G2"), 30, lambda image, _: robust_background_saliency(image)
    )
    order = [scores[rule] for rule in ("seeds", "G0", "G1", "G2")]
    assert np.diff(order).min() > 0.05, scores


def test_guide_labels_oracle_saliency_bounds_the_automatic_one():
    oracle = mean_scores(("G2",), 10, lambda _, truth: oracle_saliency(truth))
    automatic = mean_scores(("G2",), 10, lambda image, _: robust_background_saliency(image))
    assert oracle["G2"] >= automatic["G2"]
