import dataclasses

import pytest

from training.engine_options import EngineOptions
from training.run_identity import FREE_ARGUMENTS, identify


@pytest.mark.parametrize("name", sorted(FREE_ARGUMENTS))
def test_identify_passes_over_what_does_not_change_the_result(name):
    assert identify({"seed": 1, name: "this"}) == identify({"seed": 1, name: "that"})
    assert identify({"seed": 1, name: "this"}) == identify({"seed": 1})


@pytest.mark.parametrize(
    "name", ["seed", "dataset", "model_path", "device", "precision", "patience"]
)
def test_identify_tells_apart_what_changes_the_result(name):
    assert identify({name: "this"}) != identify({name: "that"})


def test_identify_takes_missing_options_of_the_engine_for_their_defaults():
    assert identify({}) == identify(dataclasses.asdict(EngineOptions()))
    assert identify({"accumulate": 2}) != identify({})


def test_identify_compares_as_json_does():
    assert identify({"filter_classes": ("a",)}) == identify({"filter_classes": ["a"]})


def test_every_free_option_of_the_engine_is_one():
    options = {field.name for field in dataclasses.fields(EngineOptions)}
    free = {"keep_checkpoints", "checkpoint_steps", "checkpoint_seconds", "log_every"}
    assert options & FREE_ARGUMENTS == free
