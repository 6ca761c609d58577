import json

import keras
import numpy as np
import pytest

from config.errors import InputError
from models.cam import compute_cams
from models.cam_classifier import build_cam_classifier
from models.localizer import build_localizer
from models.locator import build_locator
from reporting.classifiers import PIXEL_RANGES, CamOptions, CamPredictor, load_cam_predictor

PICTURES = np.random.default_rng(0).integers(0, 256, (2, 12, 18, 3), np.uint8)


def build(size=(8, 10), dtype="float32"):
    """A classifier whose scores are the means of red, green and blue."""
    image = keras.Input((*size, 3), dtype=dtype)
    x = keras.layers.Rescaling(1.0, dtype="float32")(image)
    x = keras.layers.Conv2D(3, 1, use_bias=False, name="colours")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(3, use_bias=False)(x))
    model.set_weights([np.eye(3)[np.newaxis, np.newaxis], np.eye(3)])
    return model


def test_cam_predictor_shows_the_likeliest_class_at_the_size_of_the_picture():
    pictures = np.zeros((2, 16, 20, 3), np.uint8)
    pictures[0, 4:8, 2:6, 1] = pictures[1, 8:, 10:, 2] = 200
    found = CamPredictor(build(), CamOptions("cam", pixels="unit"))(pictures)
    assert found["class"].tolist() == [1, 2] and found["cam"].shape == (2, 16, 20)
    # 16 of 320 pixels are green, a quarter blue.
    np.testing.assert_allclose(
        found["scores"].max(axis=1), [200 / 255 / 20, 200 / 255 / 4], rtol=0.02
    )
    assert found["cam"][0, 6, 4] > 0.9 and found["cam"][0, 12, 12] == 0
    assert found["cam"][1, 12, 15] > 0.9 and found["cam"][1, 2, 2] == 0


@pytest.mark.parametrize("pixels", PIXEL_RANGES)
def test_cam_predictor_takes_pixels_as_the_model_does(pixels):
    grey = np.full((1, 8, 10, 3), 100, np.uint8)
    found = CamPredictor(build(), CamOptions("cam", pixels=pixels))(grey)["scores"][0]
    means = [100 - 103.939, 100 - 116.779, 100 - 123.68]  # blue, green, red
    expected = {"unit": 100 / 255, "bytes": 100, "signed": 100 / 127.5 - 1, "caffe": means}
    np.testing.assert_allclose(found, np.broadcast_to(expected[pixels], 3), rtol=1e-4)


def test_cam_predictor_knows_the_range_of_own_models_and_of_bytes():
    own = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32, alpha=0.35)
    found = CamPredictor(own, CamOptions("layer_cam"))(PICTURES[:, :8, :8])
    assert found["cam"].shape == (2, 8, 8)
    small = CamPredictor(build((12, 18), "uint8"), CamOptions("cam"))(PICTURES)
    np.testing.assert_allclose(small["scores"], PICTURES.mean(axis=(1, 2)), rtol=1e-4)
    with pytest.raises(InputError, match="must be unit, or left out: .* Received caffe"):
        CamPredictor(own, CamOptions("cam", pixels="caffe"))


@pytest.mark.parametrize(("size", "shape"), [(None, (12, 18)), (9, (6, 9)), (1, (1, 1))])
def test_cam_predictor_looks_at_the_size_asked_for(size, shape):
    seen = []
    predictor = CamPredictor(build((None, None)), CamOptions("cam", pixels="unit"), size=size)
    draw = predictor._draw
    predictor._draw = lambda images, classes: (seen.append(images.shape), draw(images, classes))[1]
    assert predictor(PICTURES)["cam"].shape == (2, 12, 18)
    assert tuple(seen[0][1:3]) == shape


def test_cam_predictor_shows_the_class_asked_for():
    options = CamOptions("cam", class_name="green", pixels="unit")
    found = CamPredictor(build(), options, ("red", "green", "blue"))(PICTURES)
    assert found["class"].tolist() == [1, 1]
    numbered = CamPredictor(build(), CamOptions("cam", class_name="2", pixels="unit"))
    assert numbered(PICTURES)["class"].tolist() == [2, 2]
    assert numbered.class_names == ("0", "1", "2")


@pytest.mark.parametrize(
    ("options", "names", "message"),
    [
        ({}, (), "`--cam_pixels` must tell what .* unit, bytes, signed, caffe"),
        ({"class_name": "gren"}, ("red", "green", "blue"), "Received gren; near are green"),
        ({"class_name": "3"}, (), "one of the model's 3 classes, or its column from 0"),
        ({"pixels": "unit"}, ("red",), "must name each of the model's 3 classes. Received 1 names"),
    ],
)
def test_cam_predictor_says_what_is_wrong(options, names, message):
    with pytest.raises(InputError, match=message):
        CamPredictor(build(), CamOptions("cam", **options), names)


def test_load_cam_predictor_reads_names_beside_the_model(tmp_path):
    build((None, None)).save(tmp_path / "classifier.keras")
    told = {"class_names": ["red", "green", "blue"], "image_size": 6, "other": 1}
    (tmp_path / "tags.json").write_text(json.dumps(told))
    predictor = load_cam_predictor(tmp_path, CamOptions("grad_cam", pixels="unit"))
    assert predictor.class_names == ("red", "green", "blue") and predictor._size == 6
    options = CamOptions("grad_cam", pixels="unit", size=4)
    assert load_cam_predictor(tmp_path / "classifier.keras", options)._size == 4


def test_load_cam_predictor_refuses_a_damaged_list_of_names(tmp_path):
    build().save(tmp_path / "classifier.keras")
    (tmp_path / "tags.json").write_text('{"class_names": [1, 2]}')
    with pytest.raises(InputError, match="`class_names` must be a list of different names"):
        load_cam_predictor(tmp_path, CamOptions("cam"))


def test_load_cam_predictor_looks_into_a_locator(tmp_path):
    options = {"head": "box_class", "num_classes": 2, "image_size": 32, "alpha": 0.35}
    localizer = build_localizer("mobilenet_v2", **options)
    build_locator(localizer, class_names=("cat", "dog")).save(tmp_path / "localizer.keras")
    predictor = load_cam_predictor(tmp_path, CamOptions("layer_cam", class_name="dog"))
    found = predictor(PICTURES[:, :8, :8])
    assert found["cam"].shape == (2, 8, 8) and predictor.class_names == ("cat", "dog")


def test_load_cam_predictor_refuses_models_without_classes(tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8")
    count = keras.ops.cast(images[:, 0, 0, 0], "float32")
    keras.Model(images, {"count": count}).save(tmp_path / "seeds.keras")
    with pytest.raises(InputError, match=r"return scores \(B, K\) of classes"):
        load_cam_predictor(tmp_path, CamOptions("cam"))


def test_cam_predictor_draws_what_compute_cams_draws():
    model, taken = build(), (PICTURES[:, :8, :10] / 255).astype(np.float32)
    predictor = CamPredictor(model, CamOptions("xgrad_cam", pixels="unit", class_name="0"))
    expected = compute_cams(model, taken, [0, 0], method="xgrad_cam")
    np.testing.assert_allclose(predictor(PICTURES[:, :8, :10])["cam"], expected, atol=1e-5)
