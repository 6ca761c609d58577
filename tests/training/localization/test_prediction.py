from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import BoxRecord
from models.localizer import build_localizer, set_mean_box
from models.locator import build_locator
from training.localization.prediction import find_boxes


@pytest.fixture
def record(tmp_path):
    Image.new("RGB", (80, 40)).save(tmp_path / "a.png")
    return BoxRecord(tmp_path / "a.png", np.array([[0.0, 10, 40, 30]]), np.array([2]))


@pytest.fixture
def localizer(small_encoder):
    encoder = small_encoder("small", (32, 32, 3))
    return build_localizer(encoder, head="box", box_form="sigmoid", num_classes=2)


def test_find_boxes_answers_in_pixels_of_the_picture(localizer, record):
    set_mean_box(localizer, np.array([0.0, 0.5, 0.5, 1.0]))  # (0, 20, 40, 40): overlaps by 400
    (found,) = find_boxes(build_locator(localizer), [record], max_pixels=10_000)
    assert found.box == pytest.approx([0, 20, 40, 40], abs=0.05)
    assert found.iou == pytest.approx(400 / 1200, abs=2e-3)
    assert (found.size, found.true_class) == ((40, 80), 2) and found.class_id in (1, 2)
    assert found.true_box.tolist() == [0, 10, 40, 30] and found.seconds > 0


def test_find_boxes_knows_no_class_where_there_is_none(small_encoder, record):
    localizer = build_localizer(small_encoder("small", (32, 32, 3)), head="edges", num_neurons=2)
    found = find_boxes(build_locator(localizer), [record] * 2, max_pixels=10_000)
    assert [each.class_id for each in found] == [0, 0]
    assert find_boxes(build_locator(localizer), [], max_pixels=10_000) == []


def test_find_boxes_names_a_picture_whose_box_is_nan(localizer, record):
    layer = localizer.get_layer("head_box")
    layer.bias.assign(np.full(4, np.nan))
    with pytest.raises(InputError, match="a.png: the predicted box is .nan"):
        find_boxes(build_locator(localizer), [record], max_pixels=10_000)


def test_find_boxes_refuses_a_picture_that_is_too_large(localizer, record):
    with pytest.raises(InputError, match="a.png"):
        find_boxes(build_locator(localizer), [record], max_pixels=100)


def test_a_record_without_classes_is_of_class_one(localizer, record):
    plain = BoxRecord(Path(record.image), record.boxes)
    (found,) = find_boxes(build_locator(localizer), [plain], max_pixels=10_000)
    assert found.true_class == 1 and isinstance(localizer, keras.Model)
