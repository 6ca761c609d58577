import keras
import numpy as np
import pytest

from config.errors import InputError
from models.segmenter import (
    LabelPixels,
    build_segmenter,
    find_mask_names,
    find_network,
    find_settled_pixels,
)
from reporting.model_files import load_keras_model


@pytest.fixture
def network():
    """Scores every eighth pixel by its red, green and blue, ten times as large."""
    image = keras.Input((None, None, 3), name="image")
    x = keras.layers.MaxPooling2D(1, strides=8)(image)
    return keras.Model(image, keras.layers.Rescaling(10.0, name="logits")(x))


def paint(size=(40, 60)):
    """Left half red, right half blue."""
    images = np.zeros((1, *size, 3), np.uint8)
    images[:, :, : size[1] // 2, 0] = 255
    images[:, :, size[1] // 2 :, 2] = 255
    return images


@pytest.mark.parametrize("options", [{}, {"mirror": True}, {"scales": [0.75, 1.0, 1.5]}])
@pytest.mark.parametrize("image_size", [65, None])
def test_segmenter_labels_each_pixel_of_the_picture(network, image_size, options):
    segmenter = build_segmenter(network, image_size, ["cat", "rat"], **options)
    found = {name: value.numpy() for name, value in segmenter(paint()).items()}
    assert found["label_map"].shape == (1, 40, 60) and found["label_map"].dtype == np.uint8
    assert found["label_map"][0, :, :24].max() == 0 and found["label_map"][0, :, 36:].min() == 2
    np.testing.assert_allclose(found["probabilities"].sum(axis=-1), 1, atol=1e-5)
    mean = found["probabilities"].mean(axis=(1, 2))
    np.testing.assert_allclose(found["class_shares"], mean, atol=1e-5)


def test_mirrored_answers_are_averaged(network):
    plain = build_segmenter(network, 65, ["cat", "rat"])
    both = build_segmenter(network, 65, ["cat", "rat"], mirror=True)
    images = paint((30, 64))
    mean = plain(images)["probabilities"] + plain(images[:, :, ::-1])["probabilities"][:, :, ::-1]
    np.testing.assert_allclose(both(images)["probabilities"], mean / 2, atol=1e-5)


def test_segmenter_is_saved_with_its_names(network, tmp_path):
    segmenter = build_segmenter(network, 33, ["cat", "rat"])
    segmenter.save(tmp_path / "segmenter.keras")
    loaded = load_keras_model(tmp_path / "segmenter.keras")
    assert find_mask_names(loaded) == ("cat", "rat")
    assert find_network(loaded).output.shape[-1] == 3
    tiny = np.zeros((1, 1, 1, 3), np.uint8)
    np.testing.assert_array_equal(loaded(tiny)["label_map"], segmenter(tiny)["label_map"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((33, ["cat"]), "`class_names` must be 2 different names"),
        ((33, ["cat", "cat"]), "`class_names` must be 2 different names"),
        ((64, ["cat", "rat"]), "`image_size` must be 32 k . 1 .*Received 64; the nearest is 65"),
    ],
)
def test_build_segmenter_refuses_what_does_not_fit(network, arguments, message):
    with pytest.raises(InputError, match=message):
        build_segmenter(network, *arguments)


def test_build_segmenter_refuses_scales_of_nothing(network):
    for scales in ([], [1.0, 0.0]):
        with pytest.raises(InputError, match="`scales` must be numbers above 0"):
            build_segmenter(network, 33, ["cat", "rat"], scales=scales)


def test_find_network_refuses_another_model():
    with pytest.raises(InputError, match="must be a segmenter"):
        find_network(keras.Sequential(name="other"))


def test_label_pixels_takes_the_first_of_equal_labels_and_shows_nan():
    found = LabelPixels()(np.array([[[[0.5, 0.5], [np.nan, np.nan]]]], np.float32))
    assert found["label_map"].numpy()[0, 0, 0] == 0
    assert np.isnan(found["class_shares"].numpy()).all()


def test_find_settled_pixels_needs_a_lead_of_twice_the_tolerance():
    probabilities = np.array([[[0.1, 0.5, 0.4], [0.0, 0.8, 0.2]], [[1, 0, 0], [0.3, 0.3, 0.4]]])
    settled = find_settled_pixels(probabilities, 0.06)
    assert settled.tolist() == [[False, True], [True, False]]
    assert find_settled_pixels(np.ones((2, 1)), 0.1).all()
