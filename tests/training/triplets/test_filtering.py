import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from config.loader import load_params
from datasets.image_source import ImageSource
from datasets.pipeline import distinct_images
from datasets.records import RankedRecord
from training.ranked_lists import RankedLists
from training.triplets import filtering
from training.triplets.filtering import Verdict, filter_lists, judge_lists, write_verdict
from training.triplets.noise_rankers import Jury
from training.triplets.summary import VERDICT_UNITS, describe_verdict

CONFIG = Path(__file__).resolve().parents[3] / "config"
PARAMS = dataclasses.replace(
    load_params(CONFIG, "training/triplets"), noise_rankers=2, noise_margin=0.0, batch_size=2
)
JURY = Jury(np.array([0, 1, 0]), 2)


@pytest.fixture
def lists(tmp_path):
    """Three lists of the pictures 0 to 8, fullest first."""
    paths = [tmp_path / "data" / f"{i}.png" for i in range(9)]
    records = [RankedRecord(tuple(paths[i : i + 3]), "crops") for i in (0, 3, 6)]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=100)
    return RankedLists(records, records, source, source)


# Ranker 1 learnt from lists 0 and 2 and judges list 1; ranker 2 the other way round.
SCORES = np.array(
    [
        [0, 0, 0, 3.0, 1.0, 2.0, 0, 0, 0],
        [9.0, 5.0, 1.0, 0, 0, 0, 1.0, 5.0, 9.0],
    ]
)


def test_judge_lists_asks_those_that_did_not_learn_from_a_list(lists):
    verdict = judge_lists(lists, JURY, SCORES, margin=0.0)
    assert verdict.kept.tolist() == [[True] * 3, [True, True, False], [False] * 3]
    assert (np.diff(verdict.scores[0]) < 0).all() and (np.diff(verdict.scores[2]) > 0).all()


def test_judge_lists_with_a_wide_margin_keeps_all(lists):
    assert judge_lists(lists, JURY, SCORES, margin=100.0).kept.all()


def test_take_kept_leaves_lists_of_which_something_is_left(lists):
    left = judge_lists(lists, JURY, SCORES, margin=0.0).take_kept(lists)
    assert left.training == lists.training[:2] and left.validation == lists.validation
    assert left.kept.tolist() == [[True] * 3, [True, True, False]]


def test_a_verdict_counts_lists_and_pairs(lists):
    verdict = judge_lists(lists, JURY, SCORES, margin=0.0)
    # 9 pairs: 3 stay of the first list, 1 of the second. In order: 3, then 2 of 3, then none.
    assert verdict.metrics == {
        "num_dropped_lists": 1,
        "num_shortened_lists": 1,
        "num_dropped_pairs": 5,
        "noise_rank_accuracy": pytest.approx(5 / 9),
    }
    assert set(VERDICT_UNITS) < set(verdict.metrics)
    assert "Of 3 training lists 1 contradict" in describe_verdict(verdict, PARAMS)[0]


def test_write_verdict_names_what_is_dropped(lists, tmp_path):
    verdict = judge_lists(lists, JURY, SCORES, margin=0.0)
    write_verdict(verdict, PARAMS, tmp_path, data_dir=tmp_path / "data")
    told = json.loads((tmp_path / "dropped.json").read_text())
    assert told["num_lists"] == 3 and told["num_dropped_lists"] == 1
    assert told["kinds"] == {"crops": {"lists": 3, "dropped_lists": 1}}
    assert [item["images"] for item in told["dropped"]] == [
        ["3.png", "4.png", "5.png"],
        ["6.png", "7.png", "8.png"],
    ]
    assert told["dropped"][0]["kept"] == [True, True, False]
    assert (tmp_path / "figures" / "pair_differences.png").is_file()


def test_filter_lists_that_leaves_no_batch_says_what_to_do(lists, tmp_path, monkeypatch):
    monkeypatch.setattr(filtering, "run_ranker", lambda *_: np.arange(9.0))  # all the wrong way
    args = argparse.Namespace(data_dir=str(tmp_path / "data"))
    with pytest.raises(InputError, match="leaves 0 for a `batch_size` of 2; raise `noise_margin`"):
        filter_lists(lists, JURY, args, PARAMS, tmp_path)
    assert (tmp_path / "dropped.json").is_file()


def test_filter_lists_of_right_lists_drops_none(lists, tmp_path, monkeypatch):
    monkeypatch.setattr(filtering, "run_ranker", lambda *_: -np.arange(9.0))
    args = argparse.Namespace(data_dir=str(tmp_path / "data"))
    verdict = filter_lists(lists, JURY, args, PARAMS, tmp_path)
    assert verdict.kept.all() and verdict.metrics["noise_rank_accuracy"] == 1.0
    assert json.loads((tmp_path / "dropped.json").read_text())["dropped"] == []


def test_a_verdict_on_a_nan_is_refused(lists):
    with pytest.raises(ValueError, match="finite"):
        judge_lists(lists, JURY, np.full((2, 9), np.nan), margin=0.0)
    assert Verdict([], np.zeros((0, 3)), np.zeros((0, 3), bool)).kept.size == 0
