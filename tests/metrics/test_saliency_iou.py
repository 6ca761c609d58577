import keras
import numpy as np
import pytest

from metrics.saliency import saliency_scores
from metrics.saliency_iou import SaliencyIoU


def to_logits(saliency):
    saliency = np.asarray(saliency, np.float32)
    return np.stack([np.zeros_like(saliency), np.log(saliency / (1 - saliency))], axis=-1)


def test_saliency_iou_is_the_mean_of_pictures_with_objects():
    # Half of .8 is .4: IoU 1 / 3 as above; the second is 1; the third has no object.
    saliency = [[[0.8, 0.45, 0.2, 0.1]], [[0.9, 0.1, 0.1, 0.9]], [[0.9, 0.9, 0.9, 0.9]]]
    labels = [[[1, 0, 1, 0]], [[1, 0, 0, 255]], [[0, 0, 255, 255]]]
    metric = SaliencyIoU()
    metric.update_state(labels, to_logits(saliency))
    assert float(metric.result()) == pytest.approx((1 / 3 + 1) / 2)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_saliency_iou_agrees_with_the_scores_of_each_picture():
    generator = np.random.default_rng(0)
    saliency = generator.uniform(0.05, 0.95, (4, 5, 7))
    labels = generator.choice([0, 1, 255], (4, 5, 7))
    metric = SaliencyIoU()
    metric.update_state(labels, to_logits(saliency))
    expected = np.mean(
        [saliency_scores(*each)["iou"] for each in zip(saliency, labels, strict=True)]
    )
    # Ours takes the maximum of all pixels too, void ones among them.
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)


def test_saliency_iou_shows_nan_and_takes_weights():
    metric = SaliencyIoU()
    logits, labels = to_logits([[[0.9]], [[0.9]]]), [[[1]], [[1]]]
    metric.update_state(labels, logits, sample_weight=[1, 0])
    assert float(metric.count) == 1
    logits[1] = np.nan
    metric.update_state(labels, logits)
    assert np.isnan(float(metric.result()))


def test_saliency_iou_is_read_back():
    assert keras.metrics.deserialize(keras.metrics.serialize(SaliencyIoU())).name == "iou"
