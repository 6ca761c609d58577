import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.records import CountRecord
from finetuning.unsupervised.calibrating import calibrate_run
from finetuning.unsupervised.scoring import describe, draw_count_figures, draw_pictures

PREDICTED = {
    "count": np.array([4.0, 1.0, 8.0]),
    "count_low": np.array([2.0, 0.0, 5.0]),
    "count_high": np.array([6.0, 3.0, 11.0]),
    "none_probability": np.array([0.1, 0.8, 0.0]),
    "patch_counts": np.array([[4.0], [1.0], [8.0]]),
}


def test_describe_keeps_the_order_and_the_patches():
    predicted = {"count": np.array([1.0, 4.0]), "patch_counts": np.array([[0.5, 0.5], [1.0, 3.0]])}
    rows = describe([CountRecord(Path("b.png"), 2), CountRecord(Path("a.png"), 5)], predicted)
    assert [row["image"] for row in rows] == ["b.png", "a.png"]
    assert rows[1]["patch_counts"] == [1.0, 3.0] and rows[1]["count"] == 5
    assert "count_low" not in rows[0]


def test_describe_tells_the_interval():
    row = describe([CountRecord(Path(f"{i}.png"), i) for i in range(3)], PREDICTED)[1]
    assert (row["count_low"], row["count_high"], row["none_probability"]) == (0.0, 3.0, 0.8)


def test_draw_pictures_shows_them_from_the_emptiest_to_the_fullest(tmp_path):
    records = []
    for count in (5, 0, 9):
        Image.new("RGB", (16, 12)).save(tmp_path / f"{count}.png")
        records.append(CountRecord(tmp_path / f"{count}.png", count))
    counts = np.array([5.0, 0.0, 9.0])
    calibrate_run(
        tmp_path, counts, PREDICTED["count"], interval=0.5, mean_count=4.0, calibrated_on="x"
    )
    params = argparse.Namespace(num_pictures=2, max_pixels=1000, interval=0.5)
    draw_pictures(tmp_path, records, PREDICTED, params)
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["patch_counts_00.png", "patch_counts_01.png"]


def test_draw_count_figures_shows_errors_and_intervals(tmp_path):
    counts = np.array([5.0, 0.0, 9.0])
    calibrate_run(
        tmp_path, counts, PREDICTED["count"], interval=0.5, mean_count=4.0, calibrated_on="x"
    )
    params = argparse.Namespace(bin_width=20, interval=0.5)
    draw_count_figures(tmp_path, counts, PREDICTED, params, {"coverage_50": 1.0})
    names = sorted(path.stem for path in (tmp_path / "figures").iterdir())
    assert names == ["count_scatter", "coverage", "error_boxplot", "intervals"]
