import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from config.errors import InputError
from training.engine_options import EngineOptions
from training.interruption import StoppedRun, StopRequest
from training.resumable_state import ResumableState, state_names


class Store:
    """Stands in for the checkpoints: remembers what was saved."""

    def __init__(self, tmp_path, restored=None, error=None):
        self.folder, self.saved = tmp_path / "run" / "checkpoints", []
        self.restored, self.error = restored, error

    def save(self, step, state):
        if self.error:
            raise self.error
        self.saved.append((step, json.loads(json.dumps(state))))

    def restore(self):
        return self.restored


def build_state(store, others=(), *, request=None, **options):
    state = ResumableState(
        store,
        list(others),
        request or StopRequest(),
        steps_per_epoch=4,
        options=EngineOptions(**options),
    )
    state.set_model(SimpleNamespace(stop_training=False, metrics_variables=[]))
    return state


def run_steps(state, num_steps):
    for step in range(num_steps):
        state.on_train_batch_end(step, {"loss": np.float32(0.5)})


def test_state_is_saved_every_so_many_steps_but_not_twice_at_an_epochs_end(tmp_path):
    store = Store(tmp_path)
    state = build_state(store, checkpoint_steps=2)
    run_steps(state, 4)
    state.on_epoch_end(0, {})
    run_steps(state, 3)
    assert [step for step, _ in store.saved] == [2, 4, 6]
    assert [(saved["epoch"], saved["step"]) for _, saved in store.saved] == [(0, 2), (1, 0), (1, 2)]
    assert store.saved[0][1]["logs"] == {"loss": 0.5} and store.saved[1][1]["logs"] == {}


def test_state_is_saved_after_so_many_seconds(tmp_path):
    store = Store(tmp_path)
    run_steps(build_state(store, checkpoint_seconds=0.0), 3)
    assert [step for step, _ in store.saved] == [1, 2, 3]


def test_state_counts_a_step_once_all_its_parts_are_done(tmp_path):
    store = Store(tmp_path)
    state = build_state(store, checkpoint_steps=1, accumulate=3)
    run_steps(state, 8)
    assert [step for step, _ in store.saved] == [1, 2] and state.step == 2


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_test_batch_end"])
def test_state_saves_and_stops_when_asked(tmp_path, hook):
    store, request = Store(tmp_path), StopRequest(asked=True)
    state = build_state(store, request=request)
    with pytest.raises(StoppedRun, match="stopped at epoch 1, step . of 4; go on with `--resume"):
        getattr(state, hook)(0, {"loss": 0.5})
    assert len(store.saved) == 1


def test_state_goes_on_without_a_checkpoint_on_a_full_disk(tmp_path, caplog):
    state = build_state(Store(tmp_path, error=OSError("No space left")), checkpoint_steps=1)
    run_steps(state, 2)
    assert state.step == 2 and caplog.text.count("checkpoint not written") == 2


def test_restore_puts_the_callbacks_back_even_after_they_reset_themselves(tmp_path):
    stopping = keras.callbacks.EarlyStopping("loss")
    stopping.set_model(SimpleNamespace(stop_training=False))
    store = Store(tmp_path)
    state = build_state(store, [stopping], checkpoint_steps=1)
    stopping.on_train_begin()
    stopping.wait, stopping.best = 2, np.float32(0.25)
    run_steps(state, 1)
    kept = {**store.saved[0][1], "metrics": []}
    again = keras.callbacks.EarlyStopping("loss")
    restored = build_state(Store(tmp_path, restored=kept), [again])
    assert restored.restore() is False
    again.on_train_begin()
    restored.on_train_begin()
    assert (again.wait, again.best, restored.step) == (2, 0.25, 1)


def test_restore_puts_the_metrics_of_a_half_done_epoch_back(tmp_path):
    kept = {"epoch": 0, "step": 1, "steps_per_epoch": 4, "logs": {}, "callbacks": []}
    state = build_state(Store(tmp_path, restored={**kept, "stopped": False, "metrics": [3.0]}))
    variable = keras.Variable(0.0)
    state.set_model(SimpleNamespace(metrics_variables=[variable]))
    state.restore()
    state.on_epoch_begin(0)
    assert float(variable) == 3.0
    variable.assign(0.0)
    state.on_epoch_begin(1)  # once only
    assert float(variable) == 0.0


def test_restore_refuses_another_number_of_steps(tmp_path):
    kept = {"steps_per_epoch": 5}
    with pytest.raises(InputError, match="of 5 steps an epoch. Received 4"):
        build_state(Store(tmp_path, restored=kept)).restore()


def test_state_names_knows_keras_callbacks_and_ours():
    plateau = keras.callbacks.ReduceLROnPlateau()
    assert state_names(plateau) == ("wait", "best", "cooldown_counter")
    assert all(hasattr(plateau, name) for name in ("cooldown_counter",))
    assert state_names(keras.callbacks.TerminateOnNaN()) == ()
    assert state_names(SimpleNamespace(state_names=("rows",))) == ("rows",)
