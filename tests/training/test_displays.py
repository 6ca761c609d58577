from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from training import displays
from training.displays import ProgressLines, TensorBoardFiles, build_displays, is_log_step

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 2, 6, 8, 3)).astype(np.uint8)


def build_state(*, epoch=0, step=0, log_every=0, accumulate=1):
    options = SimpleNamespace(log_every=log_every, accumulate=accumulate)
    return SimpleNamespace(epoch=epoch, step=step, steps_per_epoch=4, options=options)


def make_lists():
    """Batches of 5 pairs of pictures of 6 x 8 pixels, in [0, 1]."""
    pictures = PICTURES.astype(np.float32) / 255
    return tf.data.Dataset.from_tensor_slices((pictures, np.ones((5, 2)))).batch(5)


def build_board(folder, state, dataset=None):
    board = TensorBoardFiles(folder, state, make_lists() if dataset is None else dataset)
    board.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=keras.Variable(0.25))))
    return board


def read(folder, name):
    """Return [(step, value)] of one name in the event files of a folder."""
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    accumulator.Reload()
    events = accumulator.Tensors(name)
    return [(event.step, tf.make_ndarray(event.tensor_proto)) for event in events]


def test_scalars_and_the_learning_rate_are_in_the_files(tmp_path):
    board = build_board(tmp_path, build_state())
    board.on_epoch_end(0, {"loss": 0.5, "mae": 2.0, "val_loss": 0.75})
    board.on_epoch_end(1, {"loss": 0.125, "mae": 1.0, "val_loss": 0.625})
    assert read(tmp_path / "train", "epoch_loss") == [(0, 0.5), (1, 0.125)]
    assert read(tmp_path / "train", "epoch_mae") == [(0, 2.0), (1, 1.0)]
    assert read(tmp_path / "train", "learning_rate") == [(0, 0.25), (1, 0.25)]
    assert read(tmp_path / "validation", "epoch_loss") == [(0, 0.75), (1, 0.625)]


def test_the_first_pictures_are_in_the_files_as_the_model_sees_them(tmp_path):
    build_board(tmp_path, build_state()).on_train_begin()
    ((step, content),) = read(tmp_path / "validation", "images")
    width, height, *files = content
    assert (step, int(width), int(height), len(files)) == (0, 8, 6, 8)  # 8 of 10 pictures
    shown = np.stack([tf.io.decode_png(file).numpy() for file in files])
    # TensorFlow cuts 255 x to whole numbers, so a value may come out one lower.
    expected = PICTURES.reshape(10, 6, 8, 3)[:8].astype(int)
    assert np.abs(shown.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("epoch", "shape"), [(1, (4, 6, 8, 3)), (0, (4, 6, 8, 2)), (0, (4, 6))], ids=str
)
def test_no_pictures_after_a_resume_nor_of_what_is_no_picture(tmp_path, epoch, shape):
    dataset = tf.data.Dataset.from_tensors((np.zeros(shape, np.float32), np.ones(4)))
    build_board(tmp_path, build_state(epoch=epoch), dataset).on_train_begin()
    assert not list(tmp_path.rglob("events*"))


def test_steps_are_in_the_files_as_often_as_asked(tmp_path):
    state = build_state(epoch=1, log_every=2)
    board = build_board(tmp_path, state)
    for step in range(4):
        state.step = step
        board.on_train_batch_end(step, {"loss": step / 2})
    # Steps 2 and 4 of the second epoch of 4 steps: 6 and 8 over all.
    assert read(tmp_path / "train", "batch_loss") == [(6, 0.5), (8, 1.5)]


def test_a_full_disk_costs_the_curves_alone(tmp_path, caplog):
    (tmp_path / "train").write_text("a file in the way")
    build_board(tmp_path, build_state()).on_epoch_end(0, {"loss": 0.5})
    assert "TensorBoard's file is not written" in caplog.text


@pytest.mark.parametrize(
    ("batch", "step", "expected"), [(0, 0, False), (2, 1, False), (3, 1, True), (7, 3, True)]
)
def test_is_log_step_counts_whole_steps_of_two_parts(batch, step, expected):
    assert is_log_step(build_state(step=step, log_every=2, accumulate=2), batch) is expected


def test_is_log_step_is_never_without_log_every():
    assert not any(is_log_step(build_state(step=step), step) for step in range(4))


def test_progress_lines_tell_the_time_left(monkeypatch, caplog):
    caplog.set_level("INFO")
    clock = iter([100.0, 106.0, 112.0])
    monkeypatch.setattr(displays.time, "monotonic", lambda: next(clock))
    state = build_state(epoch=0, step=1, log_every=1)
    lines = ProgressLines(state, epochs=3)
    lines.on_train_begin()  # resumed after 1 of 12 steps
    state.step = 2
    lines.on_train_batch_end(2, {"loss": 0.5})
    # 6 s for the steps 2 and 3: 3 s each, 9 left.
    assert caplog.messages == ["epoch 1/3 step 3/4: loss 0.5, about 27 s left"]
    lines.on_epoch_end(0, {"loss": 0.25, "val_loss": 1.0})
    # 12 s for 3 steps: 4 s each, 8 left.
    assert caplog.messages[1] == "epoch 1/3: loss 0.25, val_loss 1, about 32 s left"


@pytest.mark.parametrize(
    ("chief", "terminal", "kinds"),
    [
        (True, False, [TensorBoardFiles, ProgressLines]),
        (True, True, [TensorBoardFiles]),  # Keras' own bar
        (False, False, []),
    ],
)
def test_build_displays_shows_the_chief_alone(tmp_path, monkeypatch, chief, terminal, kinds):
    monkeypatch.setattr(displays, "is_chief", lambda: chief)
    monkeypatch.setattr(displays.sys.stdout, "isatty", lambda: terminal)
    shown = build_displays(tmp_path, build_state(), make_lists(), epochs=3)
    assert [type(each) for each in shown] == kinds
