import keras
import numpy as np
import tensorflow as tf

from models.align_corners import AlignTo, resize_aligned
from ops.squares import unfit_square


def test_resize_aligned_equals_the_array_operation():
    maps = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    resized = resize_aligned(maps, (17, 33)).numpy()
    # Corners aligned along each axis: linear between cells that lie 8 pixels apart.
    rows = np.arange(17) / 8
    lower = np.minimum(rows.astype(int), 1)
    share = (rows - lower)[:, None, None]
    expected = maps[0][lower, :1] * (1 - share) + maps[0][lower + 1, :1] * share
    np.testing.assert_allclose(resized[0, :, :1], expected, atol=1e-5)
    square = np.random.default_rng(1).normal(size=(3, 3, 2)).astype(np.float32)
    twin = unfit_square(square, (17, 17), 17)
    np.testing.assert_allclose(resize_aligned(square[None], (17, 17))[0], twin, atol=1e-5)


def test_resize_aligned_of_one_cell_spreads_it():
    assert resize_aligned(tf.fill((1, 1, 1, 1), 3.0), (2, 4)).numpy().tolist()[0][1][3] == [3.0]


def test_align_to_keeps_the_type_and_has_a_gradient():
    small, large = tf.Variable(tf.ones((1, 2, 2, 1))), tf.zeros((1, 3, 3, 1))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(AlignTo()([small, large]))
    # Each axis: 1, .5 and .5, 1 of the three pixels come from the two cells.
    assert tape.gradient(total, small).numpy().ravel().tolist() == [2.25] * 4
    half = AlignTo(dtype="float16")([tf.ones((1, 2, 2, 1), "float16"), large])
    assert half.dtype == "float16"


def test_align_to_is_saved_and_loaded(tmp_path):
    inputs = [keras.Input((None, None, 2)), keras.Input((None, None, 1))]
    model = keras.Model(inputs, AlignTo(name="align")(inputs))
    model.save(tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras")
    assert loaded([tf.ones((1, 2, 2, 2)), tf.ones((1, 5, 3, 1))]).shape == (1, 5, 3, 2)
