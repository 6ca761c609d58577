import keras
import numpy as np
import pytest
import tensorflow as tf

from ops.box_targets import (
    best_cell,
    decode_grid,
    decode_heat,
    decode_mask,
    draw_box_mask,
    draw_heat,
    encode_grid,
)

DECODERS = {
    "grid": (decode_grid, (6, 7, 5)),
    "mask": (decode_mask, (6, 7, 1)),
    "heat": (decode_heat, (6, 7, 1)),
}
every_decoder = pytest.mark.parametrize("decode, shape", DECODERS.values(), ids=DECODERS)
WHOLE = [0.0, 0.0, 1.0, 1.0]


def random_boxes(number, seed=0):
    corners = np.random.default_rng(seed).random((number, 2, 2))
    return np.sort(corners, axis=1).reshape(-1, 4)


def filled(mask):
    """Return the first and last + 1 rows and columns that are 1."""
    rows, columns = np.nonzero(mask[..., 0])
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_draw_box_mask_published_rounding():
    # 28 cells: 27 * .25 = 6.75 -> 7, 27 * .5 = 13.5 -> 14 (to even), 27 * .1 = 2.7 -> 3,
    # 27 * .9 = 24.3 -> 24, not included.
    mask = draw_box_mask([0.25, 0.1, 0.5, 0.9], (28, 28))
    assert mask.shape == (28, 28, 1) and mask.dtype == np.float32
    assert filled(mask) == (3, 24, 7, 14) and mask.sum() == 21 * 7


def test_draw_box_mask_published_equals_its_formula_in_pixels():
    # The published rule speaks of pixels: rint((28 - 1) / W * x0), for a picture of 200 x 300.
    for x0, y0, x1, y1 in np.random.default_rng(0).integers(0, 200, (50, 4)):
        x0, x1, y0, y1 = *sorted((x0, x1)), *sorted((y0, y1))
        expected = np.zeros((28, 28))
        left, right = (np.rint((28 - 1) / 300 * x).astype(int) for x in (x0, x1))
        top, bottom = (np.rint((28 - 1) / 200 * y).astype(int) for y in (y0, y1))
        expected[top:bottom, left:right] = 1
        mask = draw_box_mask(np.array([x0 / 300, y0 / 200, x1 / 300, y1 / 200]), (28, 28))
        np.testing.assert_array_equal(mask[..., 0], expected)


def test_draw_box_mask_of_the_whole_picture():
    # 27 * 1 = 27 is not included: the published rule leaves the last row and column out.
    assert filled(draw_box_mask(WHOLE, (28, 28))) == (0, 27, 0, 27)
    assert draw_box_mask(WHOLE, (28, 28), rounding="centres").all()


def test_draw_box_mask_centres_on_a_mask_that_is_not_square():
    # 4 rows with centres .125, .375, .625, .875; 10 columns with centres .05, .15 ...
    mask = draw_box_mask([0.15, 0.3, 0.75, 0.7], (4, 10), rounding="centres")
    assert filled(mask) == (1, 3, 1, 7) and mask.sum() == 2 * 6


@pytest.mark.parametrize("rounding", ["published", "centres"])
def test_draw_box_mask_may_lose_a_small_box(rounding):
    assert not draw_box_mask([0.51, 0.51, 0.512, 0.512], (28, 28), rounding=rounding).any()
    assert draw_box_mask([0.5] * 4, (1, 1), rounding=rounding).shape == (1, 1, 1)


def test_encode_grid_by_hand():
    # Centre (.35, .6) of a 7 grid: x 2.45, y 4.2.
    grid = encode_grid([0.2, 0.4, 0.5, 0.8], 7)
    assert grid.shape == (7, 7, 5) and grid.dtype == np.float32
    np.testing.assert_allclose(grid[4, 2], [0.4, 0.3, 0.2, 0.45, 1], rtol=1e-5)
    grid[4, 2] = 0
    assert not grid.any()


def test_encode_grid_centre_at_the_edge_goes_to_the_last_cell():
    grid = encode_grid([1.0, 1.0, 1.0, 1.0], 7)
    assert grid[6, 6].tolist() == [0, 0, 1, 1, 1]
    boxes, _ = decode_grid(grid[None])
    np.testing.assert_allclose(boxes, [[1, 1, 1, 1]])


@pytest.mark.parametrize("grid_size", [1, 2, 3, 7])
def test_decode_grid_comes_back(grid_size):
    boxes = np.concatenate([random_boxes(40), [WHOLE, [0.0] * 4]])
    grids = np.stack([encode_grid(box, grid_size) for box in boxes])
    decoded, scores = decode_grid(grids)
    np.testing.assert_allclose(decoded, boxes, atol=1e-6)
    assert scores.numpy().tolist() == [1.0] * 42


def test_decode_grid_takes_the_surest_cell_and_clips():
    # 2 rows, 3 columns; cell (1, 2): centre ((2 + .5) / 3, (1 + .5) / 2) = (.8333, .75), height 1,
    # width .5: x from .5833 to 1.0833, y from .25 to 1.25.
    grid = np.zeros((1, 2, 3, 5), np.float32)
    grid[0, :, :, 4] = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    grid[0, 1, 2, :4] = 1.0, 0.5, 0.5, 0.5
    boxes, scores = decode_grid(grid)
    np.testing.assert_allclose(boxes, [[0.583333, 0.25, 1, 1]], atol=1e-5)
    np.testing.assert_allclose(scores, [0.6])


def test_best_cell_of_equal_ones_is_the_first():
    row, column, values = best_cell(np.zeros((2, 3, 4, 5), np.float32))
    assert row.numpy().tolist() == column.numpy().tolist() == [0, 0]
    assert values.shape == (2, 5)


def test_best_cell_values_have_a_gradient_and_the_choice_has_none():
    grid = tf.random.stateless_uniform((1, 2, 2, 5), (0, 1))
    with tf.GradientTape() as tape:
        tape.watch(grid)
        row, _, values = best_cell(grid)
        total = tf.reduce_sum(values) + tf.reduce_sum(row)
    slopes = tape.gradient(total, grid).numpy().reshape(4, 5)
    best = int(np.argmax(grid.numpy().reshape(4, 5)[:, 4]))
    assert slopes[best].tolist() == [1] * 5 and np.delete(slopes, best, 0).sum() == 0


def test_decode_mask_by_hand():
    # 4 rows, 8 columns: rows 1 and 2, columns 2 to 4 of .8, and one .9 in row 2: mean .8 + .1 / 6.
    mask = np.full((1, 4, 8, 1), 0.3, np.float32)
    mask[0, 1:3, 2:5] = 0.8
    mask[0, 2, 3] = 0.9
    boxes, scores = decode_mask(mask)
    np.testing.assert_allclose(boxes, [[2 / 8, 1 / 4, 5 / 8, 3 / 4]])
    np.testing.assert_allclose(scores, [0.8 + 0.1 / 6], rtol=1e-5)


def test_decode_mask_spans_apart_pixels():
    mask = np.zeros((1, 5, 5, 1))
    mask[0, 0, 1] = mask[0, 4, 3] = 1
    np.testing.assert_allclose(decode_mask(mask)[0], [[0.2, 0.0, 0.8, 1.0]], atol=1e-6)


def test_decode_mask_without_a_pixel_is_the_whole_picture_with_score_0():
    boxes, scores = decode_mask(np.full((2, 3, 4, 1), 0.5))  # 0.5 is not above 0.5
    assert boxes.numpy().tolist() == [WHOLE] * 2 and scores.numpy().tolist() == [0, 0]
    assert decode_mask(np.full((2, 3, 4, 1), 0.5), threshold=0.4)[1].numpy().tolist() == [0.5, 0.5]


@pytest.mark.parametrize("size", [(1, 1), (28, 28), (9, 14)])
def test_decode_mask_finds_every_drawn_cell(size):
    # A box whose edges lie on cell edges comes back exactly.
    draws = np.random.default_rng(0)
    for _ in range(20):
        y0, y1 = sorted(draws.choice(size[0] + 1, 2, replace=False))
        x0, x1 = sorted(draws.choice(size[1] + 1, 2, replace=False))
        box = np.array([x0, y0, x1, y1]) / [size[1], size[0], size[1], size[0]]
        mask = draw_box_mask(box, size, rounding="centres")
        np.testing.assert_allclose(decode_mask(mask[None])[0], [box], atol=1e-6)


def test_draw_heat_by_hand():
    # 4 rows, 8 columns; centre (.5, .5) = column edge 4, row edge 2: the nearest cells' centres
    # are .5 away in both directions, exp(-(.25 + .25) / (2 * 4)).
    heat = draw_heat([0.4, 0.3, 0.6, 0.7], (4, 8), sigma=2.0)
    assert heat.shape == (4, 8, 1) and heat.dtype == np.float32
    np.testing.assert_allclose(heat[1:3, 3:5], np.exp(-0.0625), rtol=1e-6)
    assert heat.max() == heat[1, 3, 0] and heat.argmin() in (0, 7, 24, 31)


def test_draw_heat_is_one_at_a_cells_centre():
    heat = draw_heat([0.0, 0.0, 1.0, 1.0], (3, 3), sigma=0.1)
    assert heat[1, 1, 0] == 1 and heat.sum() == pytest.approx(1)


def test_decode_heat_of_a_peak_is_its_cells_centre():
    # Column 5 of 8, row 1 of 4: x = 5.5 / 8, y = 1.5 / 4.
    heat = np.zeros((1, 4, 8, 1))
    heat[0, 1, 5] = 50
    np.testing.assert_allclose(decode_heat(heat), [[5.5 / 8, 1.5 / 4]], rtol=1e-6)


def test_decode_heat_of_a_flat_map_is_the_middle():
    for level in (0.0, -1e4, 1e4):
        np.testing.assert_allclose(
            decode_heat(np.full((2, 3, 5, 1), level)), [[0.5, 0.5]] * 2, atol=1e-6
        )


def test_decode_heat_of_a_drawn_bump_is_its_centre():
    # The logarithm of a Gaussian as logits: the softmax is the Gaussian again.
    x, y = 0.43, 0.58
    heat = draw_heat([x - 0.1, y - 0.2, x + 0.1, y + 0.2], (28, 28), sigma=1.5)
    np.testing.assert_allclose(decode_heat(np.log(heat + 1e-30)[None]), [[x, y]], atol=1e-4)


def test_decode_heat_gradient_pulls_the_centre():
    heat = tf.zeros((1, 1, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(heat)
        x = decode_heat(heat)[0, 0]
    slopes = tape.gradient(x, heat).numpy().ravel()
    assert (np.diff(slopes) > 0).all() and slopes[0] < 0 < slopes[3]


@every_decoder
def test_decoders_take_a_batch_of_any_size_in_a_model(decode, shape):
    maps = keras.Input(shape)
    model = keras.Model(maps, decode(maps))
    for number in (1, 3):
        values = np.random.default_rng(number).random((number, *shape)).astype(np.float32)
        alone = [decode(each[None]) for each in values]
        together = zip(*map(flat, alone), strict=True)
        for got, expected in zip(flat(model(values)), together, strict=True):
            assert got.dtype == tf.float32
            np.testing.assert_allclose(got, np.concatenate(expected), rtol=1e-5)


def flat(result):
    return result if isinstance(result, tuple | list) else (result,)


@every_decoder
def test_decoders_take_no_picture(decode, shape):
    assert [each.shape[0] for each in flat(decode(np.zeros((0, *shape))))][0] == 0


@every_decoder
def test_decoders_give_boxes_inside_the_picture(decode, shape):
    values = np.random.default_rng(0).random((20, *shape)).astype(np.float32)
    places = np.asarray(flat(decode(values))[0])
    assert ((places >= 0) & (places <= 1)).all()
    if places.shape[1] == 4:
        assert (places[:, 2:] >= places[:, :2]).all()


@every_decoder
def test_decoders_nan_stays_visible(decode, shape):
    values = np.zeros((2, *shape), np.float32)
    values[1] = np.nan
    last = flat(decode(values))[-1].numpy()
    assert np.isfinite(last[0]).all() and np.isnan(last[1]).all()


@every_decoder
@pytest.mark.filterwarnings("ignore:.*Interpreter is deprecated")
def test_decoders_convert_to_litert_builtins(decode, shape):
    def serve(maps):
        return flat(decode(maps))

    traced = tf.function(serve).get_concrete_function(tf.TensorSpec((1, *shape), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced], traced)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]  # or it raises
    runner = tf.lite.Interpreter(model_content=converter.convert())
    runner.allocate_tensors()
    values = np.random.default_rng(0).random((1, *shape)).astype(np.float32)
    runner.set_tensor(runner.get_input_details()[0]["index"], values)
    runner.invoke()
    results = [runner.get_tensor(each["index"]) for each in runner.get_output_details()]
    for expected in flat(decode(values)):
        assert any(
            each.shape == expected.shape and np.allclose(each, expected, atol=1e-6)
            for each in results
        )


@every_decoder
def test_decoders_bad_shapes(decode, shape):
    for wrong in (shape, (1, *shape[:2], 3), (1, 2, *shape)):
        with pytest.raises(ValueError, match=r"must be \(B, h, w, \d\) with fixed h and w"):
            decode(np.zeros(wrong))
    with pytest.raises(ValueError, match=r"with fixed h and w. Received shape \(None, None, None"):
        decode(keras.Input((None, None, shape[-1])))


@pytest.mark.parametrize(
    "box",
    [[0, 0, 1], [0, 0, 10, 10], [-0.1, 0, 1, 1], [0.6, 0, 0.5, 1], [0, 0, np.nan, 1], [WHOLE]],
)
def test_encoders_bad_boxes(box):
    for encode in (
        lambda: draw_box_mask(box, (4, 4)),
        lambda: encode_grid(box, 7),
        lambda: draw_heat(box, (4, 4), 1.0),
    ):
        with pytest.raises(ValueError, match=r"`box_fraction` must be \(4,\).*divide pixels by"):
            encode()


def test_encoders_bad_options():
    with pytest.raises(ValueError, match='`rounding` must be "published" or "centres"'):
        draw_box_mask(WHOLE, (4, 4), rounding="floor")
    with pytest.raises(ValueError, match="`grid_size` must be at least 1"):
        encode_grid(WHOLE, 0)
    for sigma in (0, -1, np.nan):
        with pytest.raises(ValueError, match="`sigma` must be a positive number of cells"):
            draw_heat(WHOLE, (4, 4), sigma)
