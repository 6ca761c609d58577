import keras
import numpy as np
import pytest
import tensorflow as tf

from models.picture_squares import FitPictures, RestorePictures, place_picture
from ops.squares import fit_square, pad_square, unfit_square

SIZES = [((50, 20), 65), ((1, 40), 65), ((300, 7), 97), ((1, 1), 33), ((33, 33), 33)]


@pytest.mark.parametrize(("size", "square"), SIZES)
def test_place_picture_equals_the_array_operation(size, square):
    placed = place_picture(tf.constant(size), square=square)
    _, start, inside = fit_square(size, square)
    assert (tuple(placed.inside.numpy()), tuple(placed.start.numpy())) == (inside, start)


@pytest.mark.parametrize(("size", "square"), SIZES)
def test_fit_pictures_mirrors_as_the_array_operation(size, square):
    images = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    inside = fit_square(size, square)[2]
    resized = tf.image.resize(images[0], inside, antialias=True).numpy() / 255
    fitted = FitPictures(square)(images)[0]
    np.testing.assert_allclose(fitted, pad_square(resized, square), atol=1e-6)


@pytest.mark.parametrize(("size", "square"), SIZES)
def test_restore_pictures_equals_the_array_operation(size, square):
    cells = (square - 1) // 8 + 1
    maps = np.random.default_rng(0).normal(size=(cells, cells, 2)).astype(np.float32)
    restored = RestorePictures(square)([maps[None], np.zeros((1, *size, 3), np.uint8)])[0]
    np.testing.assert_allclose(restored, unfit_square(maps, size, square), atol=1e-5)


def test_a_picture_at_its_own_size_comes_back_as_it_was():
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 33, 3), np.uint8)
    fitted = FitPictures()(images)
    assert fitted.shape == (2, 65, 33, 3)  # 32 k + 1: 40 needs 65, 33 is 33
    # A map as fine as the picture: each pixel finds itself.
    np.testing.assert_allclose(RestorePictures()([fitted, images]), images / 255, atol=1e-5)


def test_scales_keep_sides_of_32_k_plus_1():
    # 96 * 1.5 = 144: 4.5 times 32, rounded to 4 (half to even); .1 leaves the smallest, 33.
    images = np.zeros((1, 9, 9, 3), np.uint8)
    assert [FitPictures(97, s)(images).shape[1] for s in (1.0, 1.5, 0.1)] == [97, 129, 33]


def test_layers_are_saved_and_loaded(tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8")
    fitted = FitPictures(33, 2.0)(images)
    model = keras.Model(images, RestorePictures(33, 2.0)([fitted, images]))
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    picture = np.full((1, 7, 9, 3), 51, np.uint8)
    np.testing.assert_allclose(loaded(picture), np.full((1, 7, 9, 3), 0.2), atol=1e-6)
