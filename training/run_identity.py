"""Which arguments make two command lines the same run."""

from __future__ import annotations

import dataclasses

from config.files import to_json
from training.engine_options import EngineOptions

# What a run's result does not depend on.
FREE_ARGUMENTS = {
    "command",
    "resume",
    "fresh",
    "force",
    "given",
    "sweep",
    "overrides",
    "params_dir",
    "experiment_dir",
    "workers",
    "cache",
    "keep_checkpoints",
    "checkpoint_steps",
    "checkpoint_seconds",
    "log_every",
}


def identify(arguments: dict) -> dict:
    """Keep the arguments that decide a run's result.

    Args:
        arguments: name -> value, of a command line or of `args.json`.

    Returns:
        JSON-ready values; the engine's options have their defaults where they are missing.

    Example:
        >>> identify({"dataset": "pairs", "log_every": 5})["dataset"]
        'pairs'
        >>> "log_every" in identify({"log_every": 5})
        False
    """
    plain = {**dataclasses.asdict(EngineOptions()), **to_json(arguments)}
    return {name: value for name, value in plain.items() if name not in FREE_ARGUMENTS}
