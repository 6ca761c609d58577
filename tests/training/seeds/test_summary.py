from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.records import TagRecord
from training.seeds.heat_maps import FoundMaps
from training.seeds.showing import write_scores
from training.seeds.summary import (
    ChosenThreshold,
    choose_threshold,
    count_seeds,
    describe_choices,
    summarise,
)

NAMES = ("ant", "bee")


def make_found(path, tags, scores, maps):
    mask = path.with_suffix(".mask.png") if path.with_suffix(".mask.png").exists() else None
    record = TagRecord(path, tags, NAMES, mask)
    maps = np.array(maps, np.float32).reshape(len(tags), 1, -1)
    return FoundMaps(record, (1, 3), np.array(scores, np.float32), maps)


@pytest.fixture
def found(tmp_path):
    """Two pictures of 1 x 3 pixels with masks, one of them all negative, and one without."""
    for name, labels in (("1", [1, 1, 0]), ("2", [0, 2, 2])):
        Image.fromarray(np.array([labels], np.uint8)).save(tmp_path / f"{name}.mask.png")
    return [
        make_found(tmp_path / "1.jpg", (1,), [2.0, -1.0], [[1.0, 0.6, 0.2]]),
        make_found(tmp_path / "2.jpg", (2,), [-1.0, 3.0], [[-1.0, -2.0, -1.0]]),
        make_found(tmp_path / "3.jpg", (1, 2), [3.0, -2.0], [[1.0] * 3, [0.0] * 3]),
    ]


def count(found):
    return count_seeds(found, num_classes=2, image_size=3, max_pixels=100)


def test_count_seeds_counts_pictures_with_masks_alone(found):
    confusions = count(found)
    # at 0 the first is ant everywhere; the second has no seed at any threshold
    assert confusions[0].tolist() == [[1, 1, 0], [0, 2, 0], [2, 0, 0]]
    assert confusions[50].tolist() == [[2, 0, 0], [0, 2, 0], [2, 0, 0]]
    assert count(found[2:]) is None


def test_choose_threshold_prefers_what_is_given_then_masks_then_the_published(found):
    assert choose_threshold(0.7, count(found)).value == 0.7
    # from .21 on the pixel with heat .2 is background
    assert choose_threshold(None, count(found)).value == pytest.approx(0.21)
    assert choose_threshold(None, None).value == 0.2


def test_summarise_gives_precision_of_tags_and_iou_of_seeds(found):
    metrics, units = summarise(found, count(found), class_names=NAMES, threshold=0.5)
    # ant: 3, 2, -1 are all right before the wrong; bee: 3 right, -1 wrong, -2 right: (1 + 2/3) / 2
    assert metrics["ap_ant"] == 1 and metrics["ap_bee"] == pytest.approx(5 / 6)
    assert metrics["map"] == pytest.approx(11 / 12)
    # at .5: background 2 of 4 pixels, ant 2 of 2, bee 0 of 2
    ious = [metrics[f"seed_iou_{name}"] for name in ("background", "ant", "bee")]
    assert ious == [0.5, 1, 0] and metrics["seed_miou"] == 0.5
    assert metrics["num_images"] == 3 and metrics["num_masks"] == 2
    assert 0 < metrics["mp"] < 1 and units["num_masks"] == "pictures"


def test_summarise_without_masks_tells_of_tags_alone(found):
    metrics, _ = summarise(found[2:], None, class_names=NAMES, threshold=0.2)
    assert "mp" not in metrics and "seed_miou" not in metrics and metrics["map"] == 1


def test_describe_choices_tells_how_the_epoch_was_chosen():
    fitted = {"num_epochs": 3, "monitor": "val_map", "num_validation_images": 4, "best": 0.5}
    notes = describe_choices("val", 4, {**fitted, "mapped": {}}, ChosenThreshold(0.25, "given"))
    assert "best of 3 epochs by val_map on the 4" in notes[1] and "named val_" in notes[0]


def test_write_scores_lists_every_tag(found, tmp_path):
    text = write_scores(found, NAMES, tmp_path / "a.csv").read_text().splitlines()
    assert text[0] == "image,tags,score_ant,score_bee"
    assert Path(text[3].split(",")[0]).name == "3.jpg" and text[3].endswith(",ant;bee,3,-2")
