"""Scores counted pictures by a ranker: does the order that it learnt agree with true counts?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import atomic_table, write_json
from config.ranking_params import RankingParams
from datasets.formats import FORMATS, read_counted
from datasets.images import MAX_PIXELS
from datasets.pipeline import make_patch_dataset
from datasets.records import CountRecord, PointRecord
from metrics.counting import rank_accuracy, spearman
from reporting.model_files import load_keras_model
from reporting.order_figures import draw_score_scatter
from training.ranker_fitting import RANKER_FILE
from training.reading import keep_sound, require_sides
from training.rescoring import hold_run, load_held_params

_LISTS_AT_ONCE = 4


def build_ranker_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Describe the command line that scores counted pictures by a ranker.

    Args:
        prog: the command's name.
        description: what it does.

    Returns:
        The parser.

    Example:
        >>> parser = build_ranker_parser("eval", "")
        >>> parser.parse_args(["--model", "run", "--dataset", "birds"]).N
        1
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of the ranker's run")
    parser.add_argument("--format", choices=sorted(FORMATS), default="annotations")
    parser.add_argument("--data_dir", default="data", help="folder that holds the data sets")
    parser.add_argument("--dataset", required=True, help="counted data set to score")
    parser.add_argument("--split", choices=("train", "val", "test"), default="test")
    parser.add_argument(
        "--N", type=int, default=1, help="cut pictures into N x N patches, whose scores add up"
    )
    return parser


def rank_counted_pictures(args: argparse.Namespace) -> dict[str, float]:
    """Compare the order of a ranker's scores with that of true counts, and keep both.

    The run gets `ranking/<format>_<dataset>_<split>_N<N>.csv` (a row a picture), `.json` (the
    figures) and `.png` (score by count).

    Args:
        args: of `build_ranker_parser`.

    Returns:
        `spearman`, `rank_accuracy` over all pairs of unequal count, `num_images`.

    Raises:
        InputError: the run or the data set cannot be used, or a picture is too small for `N`.

    Example:
        >>> # see `training.baseline.eval`
    """
    run = Path(args.model)
    if args.N < 1:
        raise InputError(f"`--N` must be at least 1. Received {args.N}.")
    with hold_run(run) as stored:
        params = load_held_params(stored, run, RankingParams, "ranker")
        found = read_counted(args.format, args.data_dir, args.dataset, args.split)
        records = keep_sound(found, stored, params)
        require_sides(records, args.N, max_pixels=params.max_pixels, cure="lower `--N`")
        ranker = load_keras_model(run / RANKER_FILE)
        scores = score_pictures(ranker, records, N=args.N, max_pixels=params.max_pixels)
        counts = np.array([record.count for record in records], np.float64)
        metrics = {
            "spearman": spearman(counts, scores),
            "rank_accuracy": rank_accuracy(counts, scores),
            "num_images": float(len(records)),
        }
        name = f"{args.format}_{args.dataset.replace('/', '_')}_{args.split}_N{args.N}"
        _write(run / "ranking", name, records, counts, scores)
        write_json({**metrics, "N": args.N}, run / "ranking" / f"{name}.json")
    return metrics


def score_pictures(
    ranker: keras.Model,
    records: Sequence[CountRecord | PointRecord],
    *,
    N: int = 1,
    max_pixels: int = MAX_PIXELS,
) -> np.ndarray:
    """Score pictures one by one with a ranker, which takes lists of them.

    Args:
        ranker: what `models.ranker.build_ranker` returned, or its file.
        records: the pictures.
        N: each is cut into N x N patches, whose scores add up.
        max_pixels: larger pictures are refused.

    Returns:
        (num_images,) float64 scores, >= 0, of no unit.

    Raises:
        InputError: a score is not finite.

    Example:
        >>> # see `rank_counted_pictures`
    """
    length, *size = ranker.input_shape[1:4]
    patches = make_patch_dataset(
        records, tuple(size), num_patches=N, batch_size=1, max_pixels=max_pixels
    )
    # As lists of any L pictures: a score depends on its own picture alone.
    flat = patches.unbatch().unbatch().batch(length)
    padded = flat.map(lambda part: _fill(part, length)).batch(_LISTS_AT_ONCE)
    num_lists = -(-len(records) * N * N // length)
    padded = padded.apply(tf.data.experimental.assert_cardinality(-(-num_lists // _LISTS_AT_ONCE)))
    scores = ranker.predict(padded, verbose=0).reshape(-1)[: len(records) * N * N]
    if not np.isfinite(scores).all():
        raise InputError("the ranker's scores are not finite; train it anew with a lower rate.")
    return scores.reshape(len(records), -1).sum(axis=1, dtype=np.float64)


def tell_ranking(args: argparse.Namespace) -> None:
    """Run the command line and print what was found.

    Args:
        args: of `build_ranker_parser`.

    Raises:
        InputError: as of `rank_counted_pictures`.

    Example:
        >>> # python -m training.baseline.eval --model RUN --dataset birds
    """
    metrics = rank_counted_pictures(args)
    print(f"{metrics['num_images']:.0f} {args.split} pictures of {args.dataset}:")
    for name in ("spearman", "rank_accuracy"):
        print(f"{name:<15} {metrics[name]:.4g}")
    print(f"files: {Path(args.model) / 'ranking'}")


def _fill(images: tf.Tensor, length: int) -> tf.Tensor:
    """Fill the last list with empty pictures, whose scores are cut off."""
    missing = length - tf.shape(images)[0]
    return tf.ensure_shape(
        tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]]), (length, *images.shape[1:])
    )


def _write(folder, name, records, counts, scores):
    folder.mkdir(exist_ok=True)
    with atomic_table(folder / f"{name}.csv") as table:
        table.writerow(["image", "count", "score"])
        table.writerows(
            [str(record.image), f"{count:g}", f"{score:.9g}"]
            for record, count, score in zip(records, counts, scores, strict=True)
        )
    draw_score_scatter(counts, scores, folder / f"{name}.png")
