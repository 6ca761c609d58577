"""Rankers that each learn from a part of the lists and score all pictures: a stage each."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import atomic_file
from config.loader import params_to_dict
from config.npz_files import read_npz
from config.schema import TripletsParams
from datasets.image_source import ImageSource
from datasets.pipeline import make_ranked_dataset
from datasets.records import RankedRecord
from ops.list_noise import deal_groups, link_lists
from reporting.model_files import load_keras_model
from training.data_identity import DataIdentity
from training.distribution import predict, run_without_strategy
from training.engine_options import read_engine_options
from training.ranked_lists import RankedLists
from training.ranker_fitting import RANKER_FILE, build_models, fit_ranker
from training.run_folders import list_runs
from training.stage_folders import StageFolder
from training.workers import any_worker, is_chief, wait_for_workers

NOISE_FOLDER, SCORES_FILE = "noise", "scores.npz"
# What of a configuration says nothing about these rankers.
_FREE_PARAMS = ("epochs", "noise_margin", "max_bad_fraction")
_ARGUMENTS = ("seed", "patience", "precision", "accumulate", "jit", "deterministic")
_LARGEST_SHARE = 1.5  # of an equal part: larger groups of linked lists are taken apart
_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Jury:
    """Which lists each ranker learns from.

    The lists are dealt to K parts, as many as there are rankers, and ranker k learns from the
    parts k, k + 1, ..., floor(K / 2) of them in a ring; all others judge what it learnt from.

    Attributes:
        parts: (N,) int, the part of each list.
        num_rankers: K, at least 2.

    Example:
        >>> Jury(np.array([0, 1, 2]), 3).learns.tolist()
        [[True, False, False], [False, True, False], [False, False, True]]
    """

    parts: np.ndarray
    num_rankers: int

    @property
    def learns(self) -> np.ndarray:
        """(K, N) bool, which rankers learn from which lists."""
        rankers = np.arange(self.num_rankers)[:, np.newaxis]
        return (self.parts - rankers) % self.num_rankers < self.num_rankers // 2


def deal_lists(lists: RankedLists, params: TripletsParams, *, seed: int) -> Jury:
    """Deal the training lists to the rankers that judge their order.

    Lists that share pictures, or are made of one photo (`RankedRecord.source`), stay together, so
    that no ranker judges what it learnt from. Where that links most of them, as when a few photos
    give all chains, only lists that share pictures do; where most lists do that, as those formed
    from counts, only lists are kept apart. The log says so.

    Args:
        lists: the lists.
        params: resolved parameters, with `noise_rankers` not 0.
        seed: same seed, same parts.

    Returns:
        The jury.

    Raises:
        InputError: `noise_rankers` is 1, or leaves a ranker without a batch of lists.

    Example:
        >>> # see `training.triplets.filtering`
    """
    num = params.noise_rankers
    if num == 1:
        raise InputError(
            "`noise_rankers` must be 0 or at least 2: a list is judged by those that did not learn "
            "from it. Received 1."
        )
    groups = _group_lists(lists, num)
    jury = Jury(deal_groups(groups, num, seed=seed), num)
    fewest = int(jury.learns.sum(axis=1).min())
    if fewest < params.batch_size:
        raise InputError(
            "`noise_rankers` must leave each of them a batch of lists to learn from. Received "
            f"{num}, which leaves {fewest} of {len(groups)} lists for a `batch_size` of "
            f"{params.batch_size}; lower one of them, or take 0 for no filter."
        )
    return jury


def _group_lists(lists: RankedLists, num_rankers: int) -> np.ndarray:
    """Return the group of each list: (N,) int; no group is too large for the rankers' parts."""
    pictures = number_pictures(lists.training, lists.training_source)
    sources = _number_sources(lists.training) + pictures.max() + 1
    largest = max(1, _LARGEST_SHARE * len(pictures) / num_rankers)
    groups = link_lists(np.column_stack([pictures, sources]))
    if np.bincount(groups).max() <= largest:
        return groups
    groups = link_lists(pictures)
    if np.bincount(groups).max() <= largest:
        _logger.warning(
            "most lists are made of one photo: rankers judge lists that they have not seen, of "
            "photos that they have"
        )
        return groups
    _logger.warning(
        "most lists share pictures: rankers judge lists that they have not seen, of pictures that "
        "they have"
    )
    return np.arange(len(pictures))


def _number_sources(records: Sequence[RankedRecord]) -> np.ndarray:
    """Number the photos that lists are made of; one that is not known is that list's own."""
    known = dict.fromkeys(record.source or i for i, record in enumerate(records))
    numbers = {name: number for number, name in enumerate(known)}
    return np.array([numbers[record.source or i] for i, record in enumerate(records)])


def number_pictures(records: Sequence[RankedRecord], source: ImageSource) -> np.ndarray:
    """Number the pictures of lists.

    Args:
        records: N lists of equal length L.
        source: gives their pictures.

    Returns:
        (N, L) int, places in `source.paths`.

    Example:
        >>> source = ImageSource([Path("a.png"), Path("b.png")], (3, 4), max_pixels=100)
        >>> number_pictures([RankedRecord((Path("b.png"), Path("a.png")))], source).tolist()
        [[1, 0]]
    """
    return np.array([[source.number(image) for image in each.images] for each in records])


def run_ranker(
    number: int,
    jury: Jury,
    lists: RankedLists,
    args: argparse.Namespace,
    params: TripletsParams,
    run: Path,
) -> np.ndarray:
    """Train one ranker on its part and score all pictures, as far as that is not done.

    Args:
        number: of the ranker, from 0.
        jury: who learns from what.
        lists: all lists.
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder; `noise/ranker_<number + 1>/` in it is the stage's own.

    Returns:
        (P,) float32 scores of `lists.training_source.paths`.

    Raises:
        InputError: the loss became NaN, or a picture could not be read.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.triplets.filtering`
    """
    name = f"{NOISE_FOLDER}/ranker_{number + 1}"
    learnt = np.flatnonzero(jury.learns[number])
    own = dataclasses.replace(lists, training=[lists.training[i] for i in learnt])
    own_params = dataclasses.replace(params, epochs=params.noise_epochs)
    own_args = argparse.Namespace(**{**vars(args), "seed": args.seed + number})
    stage = StageFolder(run / name, _identify(name, own, lists, own_args, params), [SCORES_FILE])
    if is_chief():
        (run / NOISE_FOLDER).mkdir(exist_ok=True)
        stage.open(_list_earlier(name, args, run))
    wait_for_workers()
    if any_worker([is_chief() and stage.told is None])[0]:
        _logger.info("%s of %d learns from %d lists", name, jury.num_rankers, len(own.training))
        models = build_models(own, own_args, own_params)
        scores = fit_ranker(models, own, own_args, own_params, stage.folder)
        if is_chief():
            run_without_strategy(lambda: _write_scores(stage.folder, lists, params.batch_size))
            stage.finish(scores)
            shutil.rmtree(stage.folder / "checkpoints", ignore_errors=True)
        wait_for_workers()
    elif is_chief():
        _logger.info("%s: complete and unchanged, not repeated", stage.folder)
    return read_npz(stage.folder / SCORES_FILE, ["scores"])["scores"]


def _identify(
    name: str,
    own: RankedLists,
    lists: RankedLists,
    args: argparse.Namespace,
    params: TripletsParams,
) -> dict:
    """Say what a ranker's scores depend on."""
    values = {
        key: value for key, value in params_to_dict(params).items() if key not in _FREE_PARAMS
    }
    parts = {**own.records, "scored": lists.training_source.paths}
    data = DataIdentity(parts, Path(args.data_dir))
    options = dataclasses.asdict(read_engine_options(args))
    arguments = {**options, "seed": args.seed, "patience": args.patience}
    return {
        "stage": name,
        "params": values,
        "arguments": {key: arguments[key] for key in _ARGUMENTS},
        "data": {part: data.digest_part(part) for part in parts},
    }


def _list_earlier(name: str, args: argparse.Namespace, run: Path) -> list[Path]:
    runs = list_runs(Path(args.experiment_dir), args.experiment)
    others = sorted((each for each in runs if each != run), key=lambda each: each.name)
    return [each / name for each in reversed(others)]


def _write_scores(folder: Path, lists: RankedLists, batch_size: int) -> None:
    ranker = load_keras_model(folder / RANKER_FILE)
    scores = score_pictures(ranker, lists.training_source, batch_size=batch_size)
    with atomic_file(folder / SCORES_FILE) as temporary:
        np.savez(temporary, scores=scores)


def score_pictures(ranker, source: ImageSource, *, batch_size: int) -> np.ndarray:
    """Score every picture of a source.

    Args:
        ranker: model from lists of pictures to a score each, in which no picture of a list has
            any influence on another's score.
        source: the pictures.
        batch_size: lists per step.

    Returns:
        (P,) float32.

    Raises:
        InputError: a picture cannot be read.

    Example:
        >>> # see `run_ranker`
    """
    length, num = ranker.output_shape[1], len(source.paths)
    paths = [*source.paths, *[source.paths[-1]] * (-num % length)]
    records = [RankedRecord(tuple(paths[i : i + length])) for i in range(0, len(paths), length)]
    batches = make_ranked_dataset(records, source, batch_size=batch_size)
    return predict(ranker, batches).ravel()[:num]
