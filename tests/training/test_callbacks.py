import errno
import logging
import math

import keras
import pytest

from config import files
from training.callbacks import BestModels, HistoryFile, smaller_is_better


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def build_model():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


def test_history_file_on_a_full_disk_warns_and_catches_up(tmp_path, monkeypatch, caplog):
    history = HistoryFile(tmp_path / "results.csv")
    history.on_epoch_end(0, {"loss": 2.0})
    with monkeypatch.context() as patch:
        patch.setattr(files.csv, "writer", full)
        history.on_epoch_end(1, {"loss": 1.0})
    assert (tmp_path / "results.csv").read_text() == "epoch,loss\n0,2.0\n"
    assert "not written" in caplog.text
    history.on_epoch_end(2, {"loss": 0.5})
    assert (tmp_path / "results.csv").read_text() == "epoch,loss\n0,2.0\n1,1.0\n2,0.5\n"


def test_best_models_on_a_full_disk_keep_the_older_ones(tmp_path, monkeypatch, caplog):
    model, other = build_model(), build_model()
    best = BestModels(tmp_path, {"a_{epoch:02d}.keras": model, "b.keras": other}, "val_loss")
    best.on_epoch_end(0, {"val_loss": 3.0})
    before = (tmp_path / "b.keras").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(other, "save", full)
        best.on_epoch_end(1, {"val_loss": 2.0})
    assert caplog.records[-1].levelno == logging.WARNING
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_00.keras", "b.keras"]
    assert (tmp_path / "b.keras").read_bytes() == before
    assert best.best == 3.0
    best.on_epoch_end(2, {"val_loss": 2.5})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_02.keras", "b.keras"]


@pytest.mark.parametrize(("monitor", "value"), [("val_loss", 2.0), ("rank_accuracy", 0.4)])
def test_best_models_pass_over_what_is_no_better(tmp_path, monitor, value):
    best = BestModels(tmp_path, {"a_{epoch:02d}.keras": build_model()}, monitor)
    best.on_epoch_end(0, {monitor: value})
    best.on_epoch_end(1, {monitor: value})
    assert [path.name for path in tmp_path.iterdir()] == ["a_00.keras"]


def test_best_models_take_any_number_for_better_than_nan(tmp_path):
    best = BestModels(tmp_path, {"a_{epoch:02d}.keras": build_model()}, "val_iou")
    for epoch, value in enumerate([math.nan, 0.5, math.nan, 0.4]):
        best.on_epoch_end(epoch, {"val_iou": value})
    assert (best.best, best.files) == (0.5, ["a_01.keras"])


def test_best_models_keep_what_a_run_begins_with(tmp_path):
    best = BestModels(tmp_path, {"a.keras": build_model()}, "val_iou")
    best.keep(0.5)
    saved = (tmp_path / "a.keras").read_bytes()
    best.on_epoch_end(0, {"val_iou": 0.5})
    assert (tmp_path / "a.keras").read_bytes() == saved


@pytest.mark.parametrize(
    ("monitor", "smaller"),
    [("val_loss", True), ("loss", True), ("val_mae", True), ("val_rank_accuracy", False)],
)
def test_best_models_and_early_stopping_agree_on_what_is_better(tmp_path, monitor, smaller):
    assert smaller_is_better(monitor) == smaller
    best = BestModels(tmp_path, {"a_{epoch:02d}.keras": build_model()}, monitor)
    for epoch, value in enumerate((2.0, 1.0, 3.0)):
        best.on_epoch_end(epoch, {monitor: value})
    assert best.files == ["a_01.keras" if smaller else "a_02.keras"]
