from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from config.loader import load_params
from datasets.cam_store import CamStore
from datasets.images import read_labels
from datasets.records import TagRecord
from finetuning.guided_segmentation.guides import (
    RULES,
    GuideFiles,
    GuideJob,
    HeatMaps,
    make_settings,
)
from finetuning.guided_segmentation.saliency_maps import read_saliency, write_saliency_maps

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def params():
    params = load_params(CONFIG, "finetuning/guided_segmentation")
    return replace(params, crf_iterations=1)


@pytest.fixture
def files(tmp_path):
    """A red area of 16 x 20 pixels in a picture of 33 x 33; heat only inside it."""
    labels = np.zeros((33, 33), np.uint8)
    labels[8:24, 6:26] = 2
    image = np.full((33, 33, 3), 100, np.uint8)
    image[labels > 0] = (220, 20, 20)
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray(labels).save(tmp_path / "mask.png")
    Image.fromarray((labels > 0).astype(np.uint8) * 200).save(tmp_path / "saliency.png")
    store = CamStore(tmp_path / "heat", {"model": "m"})
    heat = np.zeros((1, 5, 5))
    heat[0, 2, 2] = 3  # the pixel (16, 16)
    store.write("a.png", heat, [2])
    record = TagRecord(tmp_path / "a.png", (2,), ("cat", "rat"), tmp_path / "mask.png")
    return GuideFiles(record, 0, "a.png", tmp_path / "saliency.png", tmp_path / "out" / "g.png")


def make_job(params, files, *, scored=True):
    heat = HeatMaps(files.saliency.parent / "heat", {"model": "m"}, 33)
    return GuideJob(params, heat, 0, scored)


def test_a_job_writes_the_guide_and_scores_every_rule(params, files):
    scores = make_job(params, files)(files)
    guide = read_labels(files.guide)
    np.testing.assert_array_equal(guide, read_labels(files.record.mask))
    assert tuple(scores) == RULES
    wrong = np.array(scores["G2"]["confusion"])
    assert np.trace(wrong) == wrong.sum() == 33 * 33
    assert np.trace(np.array(scores["seeds"]["confusion"])) < 33 * 33


def test_a_job_keeps_a_guide_that_is_there(params, files):
    files.guide.parent.mkdir()
    Image.new("L", (33, 33)).save(files.guide)
    assert make_job(params, files, scored=False)(files) is None
    scores = make_job(replace(params, compare_rules=False), files)(files)
    # All background: 320 pixels of the area are taken for it.
    assert scores["G2"]["confusion"][2][0] == 320 and list(scores) == ["G2"]


def test_a_job_without_a_mask_scores_nothing(params, files):
    bare = replace(files, record=replace(files.record, mask=None))
    assert make_job(params, bare)(bare) is None and bare.guide.is_file()
    with pytest.raises(InputError, match="`rule` oracle needs a mask of every picture"):
        make_job(replace(params, rule="oracle"), replace(bare, guide=bare.guide / "x"))(
            replace(bare, guide=bare.guide.with_name("other.png"))
        )


def test_heat_maps_of_another_model_are_refused(params, files):
    heat = HeatMaps(files.saliency.parent / "heat", {"model": "other"}, 33)
    with pytest.raises(InputError, match="must hold maps of {'model': 'other'}"):
        heat.read("a.png", (33, 33))


def test_the_published_settings_are_those_of_the_paper(params):
    settings = make_settings(params)
    assert (settings.rule, settings.seed_threshold, settings.saliency_threshold) == ("G2", 0.2, 0.5)
    assert (settings.unlabelled, settings.unary, settings.min_seed_area) == (
        "background",
        "linear",
        25,
    )


def test_write_saliency_maps_keeps_what_is_there(tmp_path):
    image = np.zeros((20, 20, 3), np.uint8)
    image[5:15, 5:15] = 255
    images, targets = [], []
    for i in range(2):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        images.append(tmp_path / f"{i}.png")
        targets.append(tmp_path / "out" / f"{i}.png")
    targets[0].parent.mkdir()
    Image.new("L", (20, 20), 51).save(targets[0])
    write_saliency_maps(images, targets, model=None, grabcut=False, max_pixels=10_000, workers=1)
    assert read_saliency(targets[0]).max() == pytest.approx(0.2)  # 51 / 255
    assert read_saliency(targets[1])[8:12, 8:12].min() > 0.9


def test_write_saliency_maps_asks_a_model(tmp_path):
    Image.new("RGB", (6, 4)).save(tmp_path / "a.png")
    write_saliency_maps(
        [tmp_path / "a.png"],
        [tmp_path / "s.png"],
        model=lambda image: np.full(image.shape[:2], 0.4),
        grabcut=False,
        max_pixels=10_000,
        workers=2,
    )
    assert read_labels(tmp_path / "s.png").tolist() == [[102] * 6] * 4  # .4 * 255
