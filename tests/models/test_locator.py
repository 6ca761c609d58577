import keras
import numpy as np
import pytest

from config.errors import InputError
from models.localizer import build_localizer, set_mean_box
from models.locator import build_locator, find_class_names, find_localizer, find_settled


def build_small_localizer(num_classes=0):
    image = keras.Input((32, 32, 3), name="image")
    conv = keras.layers.Conv2D(4, 3, strides=32, padding="same", activation="relu")
    encoder = keras.Model(image, {"stride_32": conv(image)}, name="small")
    return build_localizer(encoder, head="box", box_form="sigmoid", num_classes=num_classes)


@pytest.mark.parametrize("size", [(1, 1), (64, 200), (33, 17)])
def test_locator_answers_in_pixels_of_the_picture_that_came(size):
    localizer = build_small_localizer()
    set_mean_box(localizer, [0.25, 0.5, 0.75, 1.0])
    height, width = size
    found = build_locator(localizer)(np.full((2, *size, 3), 255, np.uint8))
    expected = [width / 4, height / 2, width * 3 / 4, height]
    # A side of 1 - 1e-3 at most stands for the border.
    np.testing.assert_allclose(found["boxes"], [expected] * 2, rtol=2e-3)
    assert set(found) == {"boxes", "scores"}


def test_locator_gives_the_localizer_what_is_resized_and_antialiased():
    image = keras.Input((32, 32, 3))
    mean = keras.layers.GlobalAveragePooling2D()(image)[:, :1]
    outputs = {"box": keras.ops.repeat(mean, 4, axis=1), "score": mean[:, 0]}
    locator = build_locator(keras.Model(image, outputs))
    # Stripes of a pixel, every other one white: any 4 columns have the mean 1/2.
    stripes = np.zeros((1, 128, 128, 3), np.uint8)
    stripes[:, :, ::2] = 255
    np.testing.assert_allclose(locator(stripes)["scores"], [0.5], atol=1e-2)


def test_locator_names_the_likeliest_class_from_one():
    localizer = build_small_localizer(num_classes=3)
    layer = localizer.get_layer("head_class_logits")
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    layer.bias.assign(np.log([1, 2, 1]))
    found = build_locator(localizer, class_names=("a", "b", "c"))(np.zeros((1, 9, 9, 3), np.uint8))
    assert found["classes"].numpy().tolist() == [2]
    np.testing.assert_allclose(found["class_probabilities"], [[0.25, 0.5, 0.25]], rtol=1e-6)
    np.testing.assert_allclose(found["scores"], [0.5], rtol=1e-6)


def test_locator_comes_back_from_its_file_with_names_and_localizer(tmp_path):
    locator = build_locator(build_small_localizer(2), class_names=("cat", "dog"))
    locator.save(tmp_path / "localizer.keras")
    loaded = keras.saving.load_model(tmp_path / "localizer.keras", safe_mode=True)
    assert find_class_names(loaded) == ("cat", "dog")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), np.uint8)
    for name, value in locator(pictures).items():
        np.testing.assert_array_equal(loaded(pictures)[name], value)
    assert find_localizer(loaded).name == "box_localizer"
    assert set(find_localizer(loaded).output) == {"box", "score", "class_logits"}


def test_build_locator_takes_an_image_size_that_is_the_localizers():
    assert build_locator(build_small_localizer(), image_size=32).name == "locator"
    with pytest.raises(InputError, match=r"`image_size` must be the localiser's own, \(32, 32\)"):
        build_locator(build_small_localizer(), image_size=64)


@pytest.mark.parametrize(("num_classes", "names"), [(2, ("a",)), (2, ("a", "a")), (0, ("a", "b"))])
def test_build_locator_refuses_names_that_are_not_one_for_each_class(num_classes, names):
    with pytest.raises(InputError, match=f"`class_names` must be {num_classes or 1} different"):
        build_locator(build_small_localizer(num_classes), class_names=names)


def test_build_locator_refuses_what_gives_no_boxes():
    image = keras.Input((32, 32, 3))
    with pytest.raises(InputError, match="`localizer` must give `box` and `score`"):
        build_locator(keras.Model(image, {"count": image}, name="other"))


def test_find_localizer_refuses_another_model():
    with pytest.raises(InputError, match="must be a locator. Received `other`"):
        find_localizer(keras.Sequential([keras.layers.ReLU()], name="other"))


def test_find_settled_tells_ties_of_classes():
    localizer = build_small_localizer(num_classes=2)
    layer = localizer.get_layer("head_class_logits")
    layer.kernel.assign(np.zeros(layer.kernel.shape))
    picture = np.zeros((2, 32, 32, 3), np.float32)
    assert find_settled(localizer, picture, 1e-4)["class"].tolist() == [False, False]
    layer.bias.assign([0, 1])
    settled = find_settled(localizer, picture, 1e-4)
    assert settled["class"].tolist() == settled["box"].tolist() == [True, True]
