from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import TagRecord
from finetuning.guided_segmentation.prediction import Answer, answer_pictures, sharpen_labels
from models.segmenter import LabelPixels

PARAMS = SimpleNamespace(crf_bilateral=(4.0, 121.0, 5.0), crf_gaussian=(3.0, 3.0), crf_iterations=3)


def make_answer(probabilities):
    image = np.zeros((*probabilities.shape[:2], 3), np.uint8)
    image[:, image.shape[1] // 2 :] = 200
    return Answer(TagRecord(Path("a.jpg"), (2,), ("cat", "rat")), image, probabilities)


def test_sharpen_labels_moves_the_outline_to_the_edge():
    probabilities = np.full((16, 20, 2), 0.1, np.float32)
    probabilities[:, :8, 0] = probabilities[:, 8:, 1] = 0.9  # the edge is at column 10
    labels = sharpen_labels(make_answer(probabilities), PARAMS)
    assert (labels[:, :10] == 0).all() and (labels[:, 10:] == 1).all()


def test_sharpen_labels_gives_only_the_labels_allowed():
    probabilities = np.zeros((6, 8, 3), np.float32)
    probabilities[..., 1] = 1  # surely the class that is no tag
    probabilities[:, 4:, 2] = 1e-6
    labels = sharpen_labels(make_answer(probabilities), PARAMS, labels=(0, 2))
    assert labels.dtype == np.int32 and set(np.unique(labels)) <= {0, 2}
    assert (labels[:, 4:] == 2).all()


def test_sharpen_labels_of_one_pixel():
    answer = make_answer(np.array([[[0.3, 0.7]]], np.float32))
    assert sharpen_labels(answer, PARAMS).tolist() == [[1]] == answer.labels.tolist()


def build_segmenter(value):
    images = keras.Input((None, None, 3), dtype="uint8")
    x = keras.layers.Rescaling(0.0, offset=value)(images)
    return keras.Model(images, LabelPixels(["cat", "rat"])(x))


def test_answer_pictures_runs_pictures_of_any_size(tmp_path):
    records = []
    for i, size in enumerate([(5, 4), (1, 1)]):
        Image.new("RGB", size).save(tmp_path / f"{i}.png")
        records.append(TagRecord(tmp_path / f"{i}.png", (1,), ("cat", "rat")))
    answers = list(answer_pictures(build_segmenter(0.25), records, max_pixels=100))
    assert [answer.probabilities.shape for answer in answers] == [(4, 5, 3), (1, 1, 3)]
    with pytest.raises(InputError, match=r"0.png: the segmenter's probabilities are not finite"):
        list(answer_pictures(build_segmenter(float("nan")), records, max_pixels=100))
