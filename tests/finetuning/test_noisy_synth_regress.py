import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import lsq_linear
from sklearn.linear_model import LinearRegression

from config.errors import InputError
from config.loader import load_params
from datasets.records import CountRecord
from finetuning.unsupervised.noisy_synth_regress.eval import describe, draw_figures
from finetuning.unsupervised.noisy_synth_regress.pictures import check_sizes
from finetuning.unsupervised.noisy_synth_regress.train import fit_weights, read_ranker_metrics

CONFIG = Path(__file__).resolve().parents[2] / "config"
PARAMS = load_params(CONFIG, "finetuning/unsupervised/noisy_synth_regress")


def draw_problem(seed, num_images=30, num_features=8):
    generator = np.random.default_rng(seed)
    features = generator.gamma(1.0, size=(num_images, num_features))
    counts = features @ generator.normal(size=num_features) + generator.normal(size=num_images)
    return features, np.maximum(counts, 0)


@pytest.mark.parametrize("seed", range(5))
def test_fit_weights_agrees_with_scipy_and_scikit_learn(seed):
    features, counts = draw_problem(seed)
    weights = fit_weights(features, counts)
    bounded = lsq_linear(features, counts, bounds=(0, np.inf), tol=1e-12).x
    positive = LinearRegression(fit_intercept=False, positive=True).fit(features, counts).coef_
    np.testing.assert_allclose(weights, bounded, atol=1e-5)
    np.testing.assert_allclose(weights, positive, atol=1e-5)


def test_fit_weights_finds_exact_weights():
    features = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    np.testing.assert_allclose(fit_weights(features, features @ [3.0, 0.0, 0.5]), [3.0, 0.0, 0.5])


def test_fit_weights_never_goes_below_zero():
    # The least squares answer alone would be (-1, 2).
    features = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(fit_weights(features, np.array([-1.0, 2.0])), [0.0, 2.0])


def test_fit_weights_takes_pictures_without_objects():
    np.testing.assert_array_equal(fit_weights(np.ones((3, 2)), np.zeros(3)), [0.0, 0.0])


def test_fit_weights_refuses_features_that_are_not_finite():
    with pytest.raises(InputError, match="features are not finite"):
        fit_weights(np.array([[np.nan]]), np.array([1.0]))


def test_fit_weights_refuses_features_that_say_nothing():
    with pytest.raises(InputError, match="every weight is 0"):
        fit_weights(np.zeros((2, 3)), np.array([1.0, 2.0]))


def test_check_sizes_names_the_small_picture(tmp_path):
    Image.new("RGB", (9, 1)).save(tmp_path / "thin.png")
    with pytest.raises(InputError, match="Received 2 for .*thin.png of 1 x 9 pixels"):
        check_sizes([CountRecord(tmp_path / "thin.png", 0)], PARAMS)


def test_describe_keeps_the_order_and_the_patches():
    predicted = {"count": np.array([1.0, 4.0]), "patch_counts": np.array([[0.5, 0.5], [1.0, 3.0]])}
    rows = describe([CountRecord(Path("b.png"), 2), CountRecord(Path("a.png"), 5)], predicted)
    assert [row["image"] for row in rows] == ["b.png", "a.png"]
    assert rows[1]["patch_counts"] == [1.0, 3.0] and rows[1]["count"] == 5


def test_draw_figures_shows_pictures_from_the_emptiest_to_the_fullest(tmp_path):
    records = []
    for count in (5, 0, 9):
        Image.new("RGB", (16, 12)).save(tmp_path / f"{count}.png")
        records.append(CountRecord(tmp_path / f"{count}.png", count))
    predicted = {
        "count": np.array([4.0, 1.0, 8.0]),
        "patch_counts": np.array([[4.0], [1.0], [8.0]]),
    }
    params = argparse.Namespace(num_pictures=2, bin_width=20, max_pixels=1000)
    draw_figures(tmp_path, records, predicted, params)
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == [
        "count_scatter.png",
        "error_boxplot.png",
        "patch_counts_00.png",
        "patch_counts_01.png",
    ]


def test_read_ranker_metrics_needs_a_finished_run(tmp_path):
    assert read_ranker_metrics(tmp_path) == {}
