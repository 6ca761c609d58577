import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.cam_classifier import build_cam_classifier
from models.cam_decoder import build_cam_decoder
from models.locator import find_class_names, find_localizer
from models.map_locator import ReadMap, build_map_locator, find_map_reader, read_boxes_again
from ops.level_boxes import find_level_boxes


@pytest.fixture(scope="module")
def decoder(small_cam_encoder):
    classifier = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32)
    return build_cam_decoder(classifier, channels=(4, 4, 4, 4, 4))


def draw_maps(num=12, size=(20, 26)):
    rng = np.random.default_rng(0)
    rows, columns = np.indices(size)
    maps = []
    for _ in range(num):
        peaks = zip(rng.uniform((0, 0), size, (3, 2)), rng.uniform(4, 40, 3), strict=True)
        blobs = [
            rng.uniform(0.3, 1) * np.exp(-((rows - r) ** 2 + (columns - c) ** 2) / spread)
            for (r, c), spread in peaks
        ]
        maps.append(np.max(blobs, axis=0))
    return np.float32(maps)


@pytest.mark.parametrize("threshold", [0.1, 0.2, 0.5, 0.8])
def test_read_map_finds_the_boxes_of_the_protocol(threshold):
    maps = draw_maps()
    box = ReadMap(threshold).read(tf.constant(maps))["box"] * [26, 20, 26, 20]
    expected = [find_level_boxes(each, [threshold]).largest[0] for each in maps]
    np.testing.assert_allclose(box, expected, atol=1e-4)


def test_read_map_takes_the_area_with_the_most_pixels():
    maps = np.zeros((1, 8, 10), np.float32)
    maps[0, 0:2, 0:3], maps[0, 4:8, 5:9] = 1, 0.8
    found = ReadMap(0.5).read(tf.constant(maps))
    np.testing.assert_allclose(found["box"], [[0.5, 0.5, 0.9, 1.0]])
    assert float(found["score"][0]) == pytest.approx(0.8)
    # Above .8 of the maximum only the smaller one is left.
    found = ReadMap(0.8).read(tf.constant(maps))
    np.testing.assert_allclose(found["box"], [[0, 0, 0.3, 0.25]], atol=1e-6)


def test_read_map_of_nothing_of_one_pixel_and_of_a_constant_map():
    found = ReadMap(0.5).read(tf.zeros((2, 3, 4)))
    assert not found["box"].numpy().any() and not found["score"].numpy().any()
    found = ReadMap(0.5).read(tf.fill((1, 1, 1), 0.5))
    assert found["box"].numpy().tolist() == [[0, 0, 1, 1]] and float(found["score"][0]) == 0.5
    assert ReadMap(1.0).read(tf.fill((1, 2, 2), 0.5))["box"].numpy().tolist() == [[0] * 4]


def test_read_map_softens_logits_in_float32():
    logits = tf.constant([[[[0.0, np.log(3.0)]]]], tf.float16)
    found = ReadMap()(logits)
    assert found["map"].dtype == tf.float32
    assert float(found["map"][0, 0, 0]) == pytest.approx(0.75, abs=1e-3)


def test_build_map_locator_gives_boxes_in_the_frames_pixels(decoder):
    locator = build_map_locator(decoder, ["cat", "dog"], threshold=0.3)
    assert find_class_names(locator) == ("cat", "dog")
    assert find_localizer(locator) is decoder and find_map_reader(locator).threshold == 0.3
    images = np.random.default_rng(0).integers(0, 256, (3, 30, 45, 3), np.uint8)
    found = {name: value.numpy() for name, value in locator(images).items()}
    expected = find_level_boxes(found["map"][0], [0.3]).largest[0] * np.tile([45 / 32, 30 / 32], 2)
    np.testing.assert_allclose(found["boxes"][0], expected, rtol=1e-5)
    np.testing.assert_allclose(found["class_probabilities"].sum(axis=1), 1, rtol=1e-5)
    again = read_boxes_again(locator, images, found)
    np.testing.assert_allclose(again["boxes"], found["boxes"], rtol=1e-6)
    np.testing.assert_allclose(again["scores"], found["scores"], rtol=1e-6)


def test_build_map_locator_is_saved_whole(decoder, tmp_path):
    locator = build_map_locator(decoder, ["cat", "dog"], threshold=0.3)
    locator.save(tmp_path / "decoder.keras")
    loaded = keras.saving.load_model(tmp_path / "decoder.keras", safe_mode=True)
    image = np.random.default_rng(0).integers(0, 256, (1, 30, 45, 3), np.uint8)
    for name, value in locator(image).items():
        np.testing.assert_allclose(loaded(image)[name], value, rtol=1e-4, atol=1e-5)


def test_bad_arguments_are_refused(decoder):
    with pytest.raises(InputError, match="`threshold` must be a share"):
        ReadMap(1.5)
    with pytest.raises(InputError, match="`class_names` must be 2 different names"):
        build_map_locator(decoder, ["cat", "cat"])
    with pytest.raises(InputError, match="`decoder` must give `scores` and `map_logits`"):
        build_map_locator(decoder.layers[1].layer, ["cat"])


def test_the_export_answers_as_the_locator(decoder, tmp_path):
    from reporting.export import export_saved_model
    from reporting.model_kinds import model_assets

    locator = build_map_locator(decoder, ["cat", "dog"], threshold=0.3)
    assets = model_assets(locator, tmp_path / "decoder.keras")
    assert '"cat"' in assets["boxes.json"]
    path = export_saved_model(locator, tmp_path / "saved", max_pixels=10**6, assets=assets)
    loaded = tf.saved_model.load(str(path))
    assert set(loaded.signatures) == {"serving_default", "serve_bytes"}
    image = np.random.default_rng(1).integers(0, 256, (2, 33, 48, 3), np.uint8)
    answer = loaded.signatures["serving_default"](images=tf.constant(image))
    np.testing.assert_allclose(answer["map"], locator(image)["map"], atol=1e-4)
