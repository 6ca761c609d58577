import argparse

import pytest

from config.errors import InputError
from training.engine_options import EngineOptions, add_engine_arguments, read_engine_options


def test_add_engine_arguments_has_the_defaults_of_the_options():
    parser = argparse.ArgumentParser()
    add_engine_arguments(parser)
    assert read_engine_options(parser.parse_args([])) == EngineOptions()


@pytest.mark.parametrize("name", ["accumulate", "keep_checkpoints", "checkpoint_steps"])
def test_read_engine_options_names_what_is_too_small(name):
    with pytest.raises(InputError, match=f"`--{name}` must be at least 1. Received 0"):
        read_engine_options(argparse.Namespace(**{name: 0}))


def test_read_engine_options_refuses_nan_seconds():
    with pytest.raises(InputError, match="`--checkpoint_seconds` must be at least 0"):
        read_engine_options(argparse.Namespace(checkpoint_seconds=float("nan")))
