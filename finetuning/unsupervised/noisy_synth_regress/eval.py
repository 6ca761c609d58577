"""Score a counter on test pictures, draw it, report it and export it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from datasets.pipeline import make_patch_dataset
from finetuning.unsupervised.pictures import read_test_pictures
from finetuning.unsupervised.scoring import CountedTest, close_counting_run
from reporting.model_files import load_keras_model
from training.distribution import predict
from training.runs import load_run_params


def evaluate(args: argparse.Namespace, run: Path) -> None:
    """Evaluate the counter of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `counter.keras`.

    Raises:
        InputError: the test data cannot be used, or a picture is smaller than N x N pixels.

    Example:
        >>> # python finetune_wrapper.py
    """
    started = time.monotonic()
    params = load_run_params(args)
    records = read_test_pictures(args, params)
    patch_counter = load_keras_model(run / "counter.keras").get_layer("patch_counter")
    patches = make_patch_dataset(
        records,
        patch_counter.input_shape[2:4],
        num_patches=params.N,
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
    )
    counted = CountedTest(records, predict(patch_counter, patches), {"N": params.N})
    close_counting_run(args, run, params, counted, started=started)
