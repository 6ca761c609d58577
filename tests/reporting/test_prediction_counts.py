import numpy as np
from PIL import Image

from reporting.count_settings import CountSettings
from reporting.prediction_counts import predict_counts
from reporting.predictors import Predictor


def test_predict_counts_says_what_the_interval_stands_on(tmp_path):
    Image.new("RGB", (5, 4), (7, 0, 0)).save(tmp_path / "a.png")
    settings = CountSettings(0.8, "drawn scenes", "p-value")
    predictor = Predictor(lambda x: {"count": x[:, 0, 0, 0]}, {"count": (None,)}, settings)
    images = [("a.png", tmp_path / "a.png"), ("b.png", tmp_path / "b.png")]
    good, bad = predict_counts(predictor, images, max_pixels=10**4, batch_size=2)
    assert good[0].outputs == {"count": 7} and good[1].shape == (4, 5, 3)
    assert good[0].about == bad[0].about == vars(settings)
    assert bad[0].error and bad[1] is None
    assert list(predict_counts(predictor, [], max_pixels=100, batch_size=1)) == []


def test_predict_counts_leaves_the_settings_alone(tmp_path):
    settings = CountSettings()
    predictor = Predictor(lambda x: {"count": x[:, 0, 0, 0]}, {"count": (None,)}, settings)
    [(found, _)] = predict_counts(
        predictor, [("a.png", tmp_path / "a.png")], max_pixels=100, batch_size=1
    )
    found.about["interval"] = np.nan
    assert settings.interval is None
