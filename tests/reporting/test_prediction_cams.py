import numpy as np
import pytest
from PIL import Image

from reporting.prediction_cams import predict_cams


class Predictor:
    """Stands for a classifier: the map is the red of the picture, the class the likeliest."""

    class_names = ("cat", "dog")

    def __call__(self, images):
        red = images[..., 0] / np.float32(255)
        scores = np.stack([np.ones(len(images)), 4 * red.mean(axis=(1, 2))], axis=1)
        return {"cam": red, "class": scores.argmax(axis=1), "scores": scores}


def predict(pixels, folder, names=("a.png",)):
    images = []
    for name in names:
        Image.fromarray(np.asarray(pixels, np.uint8)).save(folder / name)
        images.append((name, folder / name))
    return list(predict_cams(Predictor(), images, folder / "cams", max_pixels=10**6, batch_size=2))


def test_predict_cams_writes_the_map_and_tells_what_it_shows(tmp_path):
    pixels = np.zeros((4, 6, 3))
    pixels[1:3, 2:, 0], pixels[0, 0, 0] = 255, 100
    for prediction, picture in predict(pixels, tmp_path, ("a.png", "b.png")):
        outputs = prediction.outputs
        # 8 of 24 pixels; the ninth has less than half; 4 x (8 x 255 + 100) / 24 / 255 = 1.399
        assert outputs["class"] == "dog" and outputs["score"] == pytest.approx(1.399, abs=1e-3)
        assert float(outputs["cam_share"]) == pytest.approx(8 / 24)
        assert picture.shape == (4, 6, 3) and (picture[3, 0] == 0).all() and picture[1, 3, 0] > 50
        grey = np.asarray(Image.open(tmp_path / "cams" / f"{prediction.image}.png"))
        np.testing.assert_array_equal(grey, pixels[..., 0])


def test_predict_cams_of_nothing_shows_nothing(tmp_path):
    ((prediction, picture),) = predict(np.zeros((1, 1, 3)), tmp_path)
    assert prediction.outputs["class"] == "cat" and prediction.outputs["cam_share"] == 0
    np.testing.assert_array_equal(picture, np.zeros((1, 1, 3)))


def test_predict_cams_goes_on_after_a_bad_picture(tmp_path):
    (tmp_path / "b.png").write_bytes(b"no picture")
    images = [("b.png", tmp_path / "b.png")]
    ((prediction, picture),) = predict_cams(Predictor(), images, tmp_path, max_pixels=100)
    assert "b.png` must be a JPEG" in prediction.error and picture is None
