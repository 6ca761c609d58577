import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from losses.lcfcn import LCFCN, build_point_loss, lcfcn_loss
from losses.lcfcn_gradient import lcfcn_value_and_gradient
from losses.lcfcn_targets import lcfcn_targets


def logit(probs):
    probs = np.asarray(probs, np.float64)
    return np.log(probs / (1 - probs)).astype(np.float32)


def disc_scene(seed=0, size=(40, 52), num=5, noise=0.5):
    """Logits with bumps, some touching, and a point map with as many points as bumps but one."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    centres = rng.integers(4, np.array(size) - 4, (num, 2))
    logits = np.full(size, -4.0)
    for row, column in centres:
        bump = 8 - 0.35 * ((rows - row) ** 2 + (columns - column) ** 2)
        logits = np.maximum(logits, bump - 2)
    points = np.zeros((*size, 1), np.float32)
    np.add.at(points, (*centres[1:].T, 0), 1)
    logits = logits + noise * rng.normal(size=size)
    return points, logits[..., None].astype(np.float32)


def value(points, logits, **options):
    points = np.asarray(points, np.float32)
    return float(LCFCN(points.shape[-1], **options)(points[None], np.asarray(logits)[None]))


def gradient(points, logits, **options):
    z = tf.constant(logits[None])
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = LCFCN(points.shape[-1], **options)(points[None], z)
    return tape.gradient(total, z)[0].numpy()


def test_lcfcn_five_by_five_with_one_point():
    points = np.zeros((5, 5, 1))
    points[2, 2] = 1
    # Lowest pixel down: -log .8. Highest pixel and the point up: -2 log .2.
    expected = -np.log(0.8) - 2 * np.log(0.2)
    np.testing.assert_allclose(value(points, logit(np.full((5, 5, 1), 0.2))), expected, rtol=1e-5)


def test_lcfcn_six_by_six_with_two_points():
    points = np.zeros((6, 6, 1))
    points[1, 1] = points[4, 4] = 1
    # Down, -log .1 each: lowest pixel, global lines x (2 - 1), the one blob's lines x (2 - 1).
    # Up, -log .9 each: highest pixel and two points.
    expected = -3 * np.log(0.1) - 3 * np.log(0.9)
    np.testing.assert_allclose(value(points, logit(np.full((6, 6, 1), 0.9))), expected, rtol=1e-5)


def blob_without_point():
    probs = np.full((8, 8, 1), 0.1)
    probs[2:6, 2:6] = 0.9
    return np.zeros((8, 8, 1)), logit(probs)


def test_lcfcn_eight_by_eight_without_point():
    # Lowest pixel down: -log .9. Mean over the blob: -log .1.
    expected = -np.log(0.9) - np.log(0.1)
    result = value(*blob_without_point(), absent_weight=0.0)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_lcfcn_absent_term_pushes_the_highest_pixel_down():
    expected = -np.log(0.9) - 2 * np.log(0.1)
    np.testing.assert_allclose(value(*blob_without_point()), expected, rtol=1e-5)


def test_lcfcn_sum_counts_every_pixel_of_a_false_blob():
    expected = -np.log(0.9) - 16 * np.log(0.1)
    result = value(*blob_without_point(), absent_weight=0.0, reduction="sum")
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_lcfcn_doubled_point_weighs_two():
    points, logits = np.zeros((5, 5, 1)), logit(np.full((5, 5, 1), 0.2))
    points[2, 2] = 2
    # One marker, so no line; -log .8 - log .2 - 2 log .2.
    np.testing.assert_allclose(value(points, logits), -np.log(0.8) - 3 * np.log(0.2), rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"split": "line"}])
def test_lcfcn_flips_change_nothing(seed, options):
    points, logits = disc_scene(seed)
    expected = value(points, logits, split_global_weight=0.0, **options)
    for turn in (np.flipud, np.fliplr):
        turned = [np.ascontiguousarray(turn(array)) for array in (points, logits)]
        result = value(*turned, split_global_weight=0.0, **options)
        # Water that meets in the middle of a plain may part one pixel off.
        np.testing.assert_allclose(result, expected, rtol=2e-2)


@pytest.mark.parametrize("seed", range(4))
def test_lcfcn_translation_changes_nothing(seed):
    points, logits = disc_scene(seed)
    # Lines between all points reach the frame, so their length depends on where it lies.
    first, second = (
        value(np.pad(points, pad), np.pad(logits, pad, constant_values=-9), split_global_weight=0.0)
        for pad in [((k, 20 - k), (20 - k, k), (0, 0)) for k in (8, 11)]
    )
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_lcfcn_gradient_pulls_points_up_and_false_blobs_down():
    points, logits = disc_scene(1)
    slope = gradient(points, logits, split_global_weight=0.0, split_local_weight=0.0)
    assert np.isfinite(slope).all() and (slope[points > 0] < 0).all()
    targets = lcfcn_targets(points, 1 / (1 + np.exp(-logits)))
    assert (slope[..., 0][targets[..., 1] == 0] >= 0).all()


def test_lcfcn_gradient_lives_where_p_saturates():
    points, logits = np.zeros((4, 4, 1), np.float32), np.full((4, 4, 1), -200.0, np.float32)
    points[1, 1] = 1
    assert gradient(points, logits)[1, 1, 0] == -1.0
    assert value(points, logits, foreground_weight=0.0) == 200.0


def test_lcfcn_outside_the_region_nothing_matters():
    points, logits = disc_scene(2)
    points[:, :15], points[30:] = -1, -1
    changed = logits.copy()
    changed[:, :15], changed[30:] = 9.0, np.random.default_rng(0).normal(size=(10, 52, 1))
    assert value(points, logits) == value(points, changed)
    slope = gradient(points, changed)
    assert not slope[points < 0].any() and slope.any()


def test_lcfcn_empty_region_is_zero():
    points, logits = disc_scene()
    assert value(np.full_like(points, -1), logits) == 0
    assert not gradient(np.full_like(points, -1), logits).any()


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1), (2, 2)])
def test_lcfcn_thin_pictures(shape):
    points, logits = np.zeros((*shape, 1), np.float32), np.ones((*shape, 1), np.float32)
    points[0, 0] = points[-1, -1] = 1
    assert np.isfinite(value(points, logits)) and value(points, logits) > 0
    assert np.isfinite(gradient(points, logits)).all()


@pytest.mark.parametrize("num_channels", [1, 3])
def test_lcfcn_nan_stays_visible(num_channels):
    points = np.zeros((6, 7, max(num_channels - 1, 1)), np.float32)
    logits = np.zeros((6, 7, num_channels), np.float32)
    logits[3, 3, 0] = np.nan
    assert np.isnan(value(points, logits))
    slope = gradient(points, logits)
    assert np.isnan(slope[3, 3, 0]) and np.isfinite(slope[0, 0]).all()


def test_lcfcn_batch_is_the_mean_of_its_pictures():
    scenes = [disc_scene(seed) for seed in range(5)]
    points, logits = (np.stack(part) for part in zip(*scenes, strict=True))
    singles = [value(*scene) for scene in scenes]
    np.testing.assert_allclose(float(LCFCN()(points, logits)), np.mean(singles), rtol=1e-6)


def test_lcfcn_sample_weight_scales_a_picture():
    scenes = [disc_scene(seed) for seed in range(2)]
    points, logits = (np.stack(part) for part in zip(*scenes, strict=True))
    result = LCFCN()(points, logits, sample_weight=np.array([1.0, 0.0]))
    np.testing.assert_allclose(float(result), value(*scenes[0]) / 2, rtol=1e-6)


def test_lcfcn_two_channels_equal_one():
    points, logits = disc_scene()
    pair = np.concatenate([np.full_like(logits, 0.5), logits + 0.5], axis=-1)
    np.testing.assert_allclose(value(points, pair), value(points, logits), rtol=1e-5)


def test_lcfcn_two_classes_are_two_losses_where_blobs_do_not_touch():
    (a, left), (b, right) = disc_scene(1), disc_scene(2)
    hidden = np.full_like(left, -200.0)  # So low that S_c is 0.
    left, right = np.hstack([left, hidden]), np.hstack([hidden, right])
    points = np.concatenate([np.hstack([a, 0 * a]), np.hstack([0 * b, b])], axis=-1)
    logits = np.concatenate([0 * left, left, right], axis=-1)
    result = value(points, logits, background_weight=0.0)
    parts = [(points[..., :1], left), (points[..., 1:], right)]
    expected = sum(value(*part, background_weight=0.0) for part in parts)
    np.testing.assert_allclose(result, expected, rtol=1e-4)


@pytest.mark.parametrize("num_channels, num_classes", [(1, 1), (2, 1), (3, 2), (5, 4)])
def test_lcfcn_value_and_gradient_equal_autodiff(num_channels, num_classes):
    rng = np.random.default_rng(num_channels)
    num_maps = 2 if num_classes == 1 else 1 + 2 * num_classes
    targets = rng.random((9, 7, num_maps)) * (rng.random((9, 7, num_maps)) < 0.3)
    logits = (4 * rng.normal(size=(9, 7, num_channels))).astype(np.float32)
    z = tf.constant(logits[None], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(z)
        expected = lcfcn_loss(z, targets[None].astype(np.float32))
    total, slope = lcfcn_value_and_gradient(logits, targets)
    np.testing.assert_allclose(total, expected[0], rtol=1e-6)
    np.testing.assert_allclose(slope, tape.gradient(expected, z)[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("jit_compile", ["auto", False])
def test_lcfcn_in_a_compiled_fit(jit_compile):
    keras.utils.set_random_seed(5)
    points, logits = (np.stack([part] * 3) for part in disc_scene())
    model = keras.Sequential(
        [keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3, padding="same")]
    )
    model.compile(keras.optimizers.Adam(0.01), loss=LCFCN(), jit_compile=jit_compile)
    history = model.fit(logits, points, epochs=15, batch_size=2, verbose=0).history["loss"]
    assert np.isfinite(history).all() and history[-1] < history[0]


def test_lcfcn_returns_its_arguments():
    options = {"num_classes": 3, "reduction": "sum", "split": "line", "absent_weight": 0.5}
    loss = keras.losses.deserialize(keras.losses.serialize(LCFCN(**options)))
    assert isinstance(loss, LCFCN) and loss.get_config() == {"name": "lcfcn", **options}


@pytest.mark.parametrize(
    "true_shape, pred_shape, match",
    [
        ((1, 4, 5), (1, 4, 5, 1), "`y_true` must be"),
        ((1, 4, 5, 2), (1, 4, 5, 1), "`y_true` must be"),
        ((1, 4, 5, 1), (1, 4, 5, 3), "`y_pred` must be"),
        ((1, 4, 5, 1), (1, 4, 6, 1), "of one size"),
    ],
)
def test_lcfcn_refuses_shapes(true_shape, pred_shape, match):
    with pytest.raises(InputError, match=match):
        LCFCN()(np.zeros(true_shape), np.zeros(pred_shape))


def test_lcfcn_refuses_no_class():
    with pytest.raises(InputError, match="`num_classes` must be at least 1"):
        LCFCN(0)


def test_build_point_loss_takes_options():
    config = {"class_name": "LCFCN", "config": {"reduction": "sum", "split_local_weight": 0.5}}
    options = build_point_loss(config, 3).get_config()
    assert options == {
        "name": "lcfcn",
        "num_classes": 3,
        "reduction": "sum",
        "split": "watershed",
        "split_local_weight": 0.5,
    }


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"class_name": "MSE", "config": {}}, '`loss` must be {"class_name": "LCFCN"'),
        ({"class_name": "LCFCN", "other": 1}, "`loss` must be"),
        ({"class_name": "LCFCN", "config": 3}, "`loss` must be"),
        ({"class_name": "LCFCN", "config": {"num_classes": 2}}, "`loss` LCFCN does not take"),
        ({"class_name": "LCFCN", "config": {"point_wait": 2}}, "the nearest is `point_weight`"),
        ({"class_name": "LCFCN", "config": {"split": "wild"}}, "`split` must be"),
    ],
)
def test_build_point_loss_says_what_is_wrong(config, match):
    with pytest.raises(InputError, match=match):
        build_point_loss(config, 1)
