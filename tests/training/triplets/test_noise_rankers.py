import dataclasses
import logging
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.image_source import ImageSource
from datasets.pipeline import distinct_images
from datasets.records import RankedRecord
from training.ranked_lists import RankedLists
from training.triplets.noise_rankers import Jury, deal_lists, score_pictures

CONFIG = Path(__file__).resolve().parents[3] / "config"
PARAMS = dataclasses.replace(load_params(CONFIG, "training/triplets"), noise_rankers=3)


def make_lists(records):
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=100)
    return RankedLists(records, records, source, source)


def chains(num, shared=False):
    """Lists of three pictures: all others, or with the first in common."""
    return [
        RankedRecord((Path("0") if shared else Path(f"{i}a"), Path(f"{i}b"), Path(f"{i}c")))
        for i in range(num)
    ]


@pytest.mark.parametrize(("num", "learnt", "judges"), [(2, 6, 1), (3, 4, 2), (4, 6, 2), (6, 6, 3)])
def test_a_jury_learns_from_half_and_every_list_has_judges(num, learnt, judges):
    jury = Jury(np.arange(12) % num, num)  # 12 lists in even parts, each learns half of the parts
    assert jury.learns.sum(axis=1).tolist() == [learnt] * num
    assert (~jury.learns).sum(axis=0).tolist() == [judges] * 12


def deal(records, **changes):
    return deal_lists(make_lists(records), dataclasses.replace(PARAMS, **changes), seed=0)


def test_deal_lists_keeps_lists_of_one_picture_together():
    records = chains(12) + [RankedRecord((Path(f"{i}a"), Path("x"), Path("y"))) for i in range(3)]
    jury = deal(records, batch_size=1)
    assert len({*jury.parts[:3], *jury.parts[12:]}) == 1  # all linked by x
    # 6 linked lists, and 9 of their own for the two parts that are behind.
    assert sorted(np.bincount(jury.parts)) == [4, 5, 6]


def of_sources(*names):
    return [
        dataclasses.replace(record, source=name)
        for record, name in zip(chains(len(names)), names, strict=True)
    ]


def test_deal_lists_keeps_the_lists_of_one_photo_together():
    jury = deal(of_sources(*"aabbccddeeff"), batch_size=1)  # chains share no file
    assert (jury.parts[::2] == jury.parts[1::2]).all()
    assert np.bincount(jury.parts).tolist() == [4, 4, 4]
    judges = ~jury.learns
    assert (judges[:, ::2] == judges[:, 1::2]).all()


def test_deal_lists_parts_lists_without_a_source():
    jury = deal(of_sources(*[""] * 12), batch_size=1)
    assert np.bincount(jury.parts).tolist() == [4, 4, 4]


def test_deal_lists_of_few_photos_keeps_lists_of_one_picture_together_and_says_so(caplog):
    records = [*of_sources(*"a" * 12), RankedRecord((Path("0a"), Path("x"), Path("y")), "", "a")]
    with caplog.at_level(logging.WARNING):
        jury = deal(records, batch_size=1)  # 13 lists of one photo are more than 1.5 * 13 / 3
    assert jury.parts[0] == jury.parts[12] and sorted(np.bincount(jury.parts)) == [4, 4, 5]
    assert "most lists are made of one photo" in caplog.text
    assert "share pictures" not in caplog.text


def test_deal_lists_parts_what_all_hangs_together_and_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        jury = deal(chains(12, shared=True), batch_size=1)
    assert np.bincount(jury.parts).tolist() == [4, 4, 4]
    assert "most lists share pictures" in caplog.text


def test_deal_lists_refuses_a_single_ranker():
    with pytest.raises(InputError, match="`noise_rankers` must be 0 or at least 2"):
        deal(chains(12), noise_rankers=1)


def test_deal_lists_refuses_parts_without_a_batch():
    with pytest.raises(InputError, match="leaves 4 of 12 lists for a `batch_size` of 5"):
        deal(chains(12), batch_size=5)


def test_score_pictures_scores_each_once_in_order(tmp_path):
    # Five pictures fill lists of three once and two thirds.
    for i in range(5):
        Image.new("RGB", (4, 3), (51 * i,) * 3).save(tmp_path / f"{i}.png")
    source = ImageSource(sorted(tmp_path.iterdir()), (3, 4), max_pixels=100)
    lists = keras.Input((3, 3, 4, 3))
    ranker = keras.Model(lists, keras.ops.mean(lists, axis=(2, 3, 4)))
    scores = score_pictures(ranker, source, batch_size=4)
    np.testing.assert_allclose(scores, [0, 0.2, 0.4, 0.6, 0.8], atol=1e-6)
