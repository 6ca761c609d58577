import errno
import json
import os
import resource
from contextlib import contextmanager

import keras
import numpy as np
import pytest

from config.errors import InputError
from training import checkpoints
from training.checkpoints import CheckpointStore


def build_store(folder, **options):
    """A model of one weight, and a store of its checkpoints."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("adam", "mse")
    return CheckpointStore(folder, model, **options), model


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_restore_puts_weights_optimizer_and_state_back(tmp_path):
    store, model = build_store(tmp_path)
    model.fit(np.ones((4, 1)), np.ones((4, 1)), batch_size=2, verbose=0)
    weights = model.get_weights()
    store.save(2, {"epoch": 1, "logs": {"loss": 0.5}})
    again, twin = build_store(tmp_path)
    state = again.restore()
    assert (state["epoch"], state["logs"]) == (1, {"loss": 0.5})
    np.testing.assert_array_equal(twin.get_weights(), weights)
    assert int(twin.optimizer.iterations) == 2
    assert [value.shape for value in state["metrics"]] == [(), ()]  # sum and count of the loss


def test_restore_of_no_checkpoint_is_none(tmp_path):
    assert build_store(tmp_path / "absent")[0].restore() is None


def test_save_keeps_the_newest(tmp_path):
    store, _ = build_store(tmp_path, keep=2)
    for step in (9, 10, 100):
        store.save(step, {})
    assert names(tmp_path) == ["step-000000010", "step-000000100"]


def test_save_again_at_the_same_step_replaces_it(tmp_path):
    store, _ = build_store(tmp_path)
    store.save(3, {"epoch": 0})
    store.save(3, {"epoch": 1})
    assert names(tmp_path) == ["step-000000003"]
    assert store.restore()["epoch"] == 1


def test_save_clears_what_a_killed_process_left(tmp_path):
    (tmp_path / "partial-1").mkdir()
    (tmp_path / "partial-1" / "weights.index").touch()
    build_store(tmp_path)[0].save(1, {})
    assert names(tmp_path) == ["step-000000001"]


def test_save_writes_nothing_in_another_worker(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "is_chief", lambda: False)
    build_store(tmp_path)[0].save(1, {})
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["empty", "half", "absent"])
@pytest.mark.parametrize("name", ["weights.index", "weights.data-*", "metrics.npz", "state.json"])
def test_restore_sets_a_torn_checkpoint_aside_and_takes_the_one_before(tmp_path, caplog, name, how):
    store, model = build_store(tmp_path)
    for step in (1, 2):
        model.fit(np.ones((2, 1)), np.ones((2, 1)), verbose=0)
        store.save(step, {"epoch": step, "logs": {"loss": 0.5}})
    (torn,) = (tmp_path / "step-000000002").glob(name)
    content = torn.read_bytes()
    torn.unlink()
    if how != "absent":
        torn.write_bytes(content[: len(content) // 2 if how == "half" else 0])
    store, model = build_store(tmp_path)
    assert store.restore()["epoch"] == 1 and int(model.optimizer.iterations) == 1
    assert caplog.text.count("step-000000002: torn checkpoint, trying the one before (") == 1
    kept, aside = names(tmp_path)
    assert kept == "step-000000001" and aside.startswith("torn-") and aside.endswith("000000002")


def test_restore_says_when_no_checkpoint_can_be_read(tmp_path):
    store, _ = build_store(tmp_path)
    store.save(1, {})
    (tmp_path / "step-000000001" / "metrics.npz").write_bytes(b"")
    with pytest.raises(InputError, match="no checkpoint can be read; start anew with `--fresh`"):
        store.restore()


def test_restore_never_unpickles(tmp_path):
    store, _ = build_store(tmp_path)
    store.save(1, {})
    objects = np.array([print, None], object)
    np.savez(tmp_path / "step-000000001" / "metrics.npz", objects, allow_pickle=True)
    with pytest.raises(InputError, match="no checkpoint can be read"):
        store.restore()


def test_a_checkpoint_holds_the_state_of_dropout(tmp_path):
    layers = [keras.Input((64,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    inner = keras.Sequential(layers)
    model = keras.Sequential([keras.Input((64,)), inner, keras.layers.Dropout(0.5)])
    model.compile("adam", "mse")
    store = CheckpointStore(tmp_path, model)
    model(np.ones((1, 64)), training=True)
    store.save(1, {})
    expected = [np.asarray(model(np.ones((1, 64)), training=True)) for _ in range(8)]
    store.restore()
    again = [np.asarray(model(np.ones((1, 64)), training=True)) for _ in range(8)]
    np.testing.assert_array_equal(again, expected)
    assert len({float(value[0, 0]) for value in expected}) > 1


@contextmanager
def files_up_to(num_bytes):
    """Let the system refuse what would make a file larger, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_save_without_room_raises_oserror_and_keeps_the_older_one(tmp_path):
    model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000)])  # 4 MB of weights
    model.compile("sgd", "mse")
    store = CheckpointStore(tmp_path, model)
    store.save(1, {"epoch": 1})
    before = model.get_weights()[0]
    model.set_weights([value + 1 for value in model.get_weights()])
    with files_up_to(1 << 21), pytest.raises(OSError, match="File too large") as caught:
        store.save(2, {"epoch": 2})
    assert "{{" not in str(caught.value) and "[Op:" not in str(caught.value)
    assert names(tmp_path) == ["step-000000001"]
    assert store.restore()["epoch"] == 1
    np.testing.assert_array_equal(model.get_weights()[0], before)


@pytest.mark.parametrize("place", ["np.savez", "Path.write_text", "os.fsync", "os.replace"])
def test_save_that_fails_anywhere_leaves_only_whole_checkpoints(tmp_path, monkeypatch, place):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store, _ = build_store(tmp_path)
    store.save(1, {"epoch": 1})
    with monkeypatch.context() as patch:
        patch.setattr(f"training.checkpoints.{place}", full)
        with pytest.raises(OSError, match="No space left"):
            store.save(2, {"epoch": 2})
    assert names(tmp_path) == ["step-000000001"]
    state = json.loads((tmp_path / "step-000000001" / "state.json").read_text())
    assert state == {"epoch": 1} and store.restore()["epoch"] == 1
