import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.images import read_labels
from reporting.mask_settings import MaskSettings
from reporting.prediction import Prediction
from reporting.prediction_masks import (
    predict_masks,
    predict_saliency,
    write_areas_csv,
    write_masks_coco,
)
from reporting.predictors import Predictor


@pytest.fixture
def images(tmp_path):
    """A picture of 2 x 3 pixels, red in its last column, and a broken one."""
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[:, 2, 0] = 255
    Image.fromarray(pixels).save(tmp_path / "red.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    return [(f"zoo/{name}", tmp_path / name) for name in ("red.png", "bad.png")]


def label(segmenter, images, folder, class_names=("cat", "dog")):
    shape = {"label_map": (None, None, None)}
    predictor = Predictor(lambda x: segmenter(x), shape, MaskSettings(class_names))
    return list(predict_masks(predictor, images, folder, max_pixels=10**6))


def test_predict_masks_tells_areas_and_writes_the_map(segmenter, images, tmp_path):
    (red, shown), (bad, nothing) = label(segmenter, images, tmp_path / "masks")
    assert red.outputs["areas"].tolist() == [4, 2, 0]
    np.testing.assert_allclose(red.outputs["shares"], [4 / 6, 2 / 6, 0], rtol=1e-6)
    assert red.names["areas"] == ("background", "cat", "dog")
    assert red.masks.runs == {1: "42"} and red.masks.boxes == {1: (2, 0, 3, 2)}
    labels = read_labels(tmp_path / "masks" / "zoo" / "red.png.png")
    assert labels.tolist() == [[0, 0, 1]] * 2
    assert shown[0, 2].tolist() == [128, 0, 0] and shown[0, 0].tolist() == [0, 0, 0]
    assert "bad.png" in bad.error and nothing is None
    assert "label_map" not in red.outputs  # thousands of pictures are not kept in memory


def test_predict_masks_sharpens_probabilities(tmp_path):
    pixels = np.zeros((24, 24, 3), np.uint8)
    pixels[:, 12:] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    likely = np.where(np.arange(24) < 10, 0.2, 0.8).astype(np.float32)  # the edge is at 12
    likely = np.stack([1 - likely, likely], axis=-1)[np.newaxis, np.newaxis]

    def segment(x):
        probabilities = tf.tile(tf.constant(likely), (1, 24, 1, 1))
        return {"label_map": tf.argmax(probabilities, -1), "probabilities": probabilities}

    shapes = {"label_map": (None,) * 3, "probabilities": (None,) * 4}
    predictor = Predictor(segment, shapes, MaskSettings(("cat",)))
    options = {"max_pixels": 10**6, "crf": True}
    ((found, _),) = predict_masks(predictor, [("a", tmp_path / "a.png")], tmp_path, **options)
    assert found.outputs["areas"].tolist() == [12 * 24, 12 * 24]


def test_predict_masks_needs_probabilities_to_sharpen(tmp_path):
    predictor = Predictor(None, {"label_map": (None,) * 3}, MaskSettings())
    with pytest.raises(InputError, match="`--crf` needs a segmenter that gives `probabilities`"):
        next(predict_masks(predictor, [], tmp_path, max_pixels=100, crf=True))


def test_predict_masks_numbers_classes_without_names(segmenter, images, tmp_path):
    (red, _), _ = label(segmenter, images, tmp_path, class_names=())
    assert red.masks.class_names == ("1",) and red.outputs["areas"].tolist() == [4, 2]


def test_write_areas_csv_has_a_row_per_class(segmenter, images, tmp_path):
    found = [prediction for prediction, _ in label(segmenter, images, tmp_path)]
    rows = list(csv.reader(write_areas_csv(found, tmp_path / "areas.csv").open()))
    assert rows == [
        ["image", "class_id", "class", "pixels", "share"],
        ["zoo/red.png", "0", "background", "4", "0.666667"],
        ["zoo/red.png", "1", "cat", "2", "0.333333"],
        ["zoo/red.png", "2", "dog", "0", "0"],
    ]


def test_write_masks_coco_has_compressed_runs(segmenter, images, tmp_path):
    found = [prediction for prediction, _ in label(segmenter, images, tmp_path)]
    content = json.loads(write_masks_coco(found, tmp_path / "masks.json").read_text())
    assert content["images"] == [{"id": 1, "file_name": "zoo/red.png", "height": 2, "width": 3}]
    assert [item["name"] for item in content["categories"]] == ["cat", "dog"]
    # Column by column: 4 pixels outside, 2 inside; both below 16, so a letter each.
    assert content["annotations"] == [
        {
            "id": 1,
            "image_id": 1,
            "category_id": 1,
            "segmentation": {"size": [2, 3], "counts": "42"},
            "area": 2,
            "bbox": [2, 0, 1, 2],
            "iscrowd": 0,
        }
    ]


def test_writers_leave_other_predictions_alone():
    assert write_areas_csv([Prediction("a.jpg")], Path("areas.csv")) is None
    assert write_masks_coco([Prediction("a.jpg")], Path("masks.json")) is None


def test_predict_saliency_tells_peak_and_share_and_writes_the_map(images, tmp_path):
    shape = {"saliency": (None, None, None)}
    predictor = Predictor(lambda x: {"saliency": _dim(x)}, shape)
    (red, shown), (bad, _) = list(
        predict_saliency(predictor, images, tmp_path / "saliency", max_pixels=10**6)
    )
    assert red.outputs["peak"] == np.float32(0.4)
    np.testing.assert_allclose(red.outputs["salient_share"], 1 / 3, rtol=1e-6)
    grey = np.asarray(Image.open(tmp_path / "saliency" / "zoo" / "red.png.png"))
    assert grey.tolist() == [[0, 0, 102]] * 2  # .4 x 255
    assert shown.shape == (2, 3, 3) and "bad.png" in bad.error


def _dim(images):
    return tf.cast(images[..., 0], tf.float32) * np.float32(0.4 / 255)
