from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.loader import load_params
from finetuning.temporal_cam.objective import (
    TERMS,
    compute_terms,
    list_weights,
    penalise_kernels,
)
from finetuning.temporal_cam.seeding import add_lattices
from losses.dense_crf import dense_crf_loss
from ops.graph_lattices import build_bilateral_lattice

PARAMS = load_params(Path("config"), "finetuning/temporal_cam")
ALL = dict.fromkeys(TERMS.values(), 1.0)


def draw(num_records=2, num_frames=1, size=8):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(num_records * num_frames, size, size, 2)).astype(np.float32)
    images = rng.random((num_records, num_frames, size, size, 3)).astype(np.float32)
    labels = np.full((num_records, num_frames, size, size), 255, np.int32)
    labels[0, 0, 1, 2], labels[0, 0, 5, 5], labels[-1, -1, 0, 0] = 1, 0, 1
    return tf.constant(logits), images, tf.constant(labels)


def test_the_published_terms_are_weighed():
    assert list_weights(PARAMS) == {"seeds": 1.0, "crf": 2e-9, "size": 0.01, "l2": 1e-4}


def test_seeds_are_a_mean_over_the_labelled_pixels_of_the_batch():
    logits, _, labels = draw()
    params = replace(PARAMS, crf_weight=0.0, size_weight=0.0)
    terms = compute_terms(logits, {"labels": labels}, params, sharpness=1.0)
    logs = tf.nn.log_softmax(logits).numpy()
    expected = -(logs[0, 1, 2, 1] + logs[0, 5, 5, 0] + logs[1, 0, 0, 1]) / 3
    assert list(terms) == ["seeds"] and float(terms["seeds"]) == pytest.approx(expected, rel=1e-5)


def test_a_batch_without_a_seed_gives_zero_and_no_gradient():
    logits, _, labels = draw()
    params = replace(PARAMS, crf_weight=0.0, size_weight=0.0)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        targets = {"labels": tf.fill(labels.shape, 255)}
        loss = compute_terms(logits, targets, params, sharpness=1.0)["seeds"]
    assert float(loss) == 0 and not tape.gradient(loss, logits).numpy().any()


def test_the_crf_is_that_of_the_frames_own_lattices():
    logits, images, labels = draw(num_frames=2)
    params = replace(PARAMS, crf_normalised=True, crf_scale=0.5)
    targets = {"labels": labels, **add_lattices(tf.constant(images), params, joint=False)}
    terms = compute_terms(logits, targets, params, sharpness=1.0)
    lattice = build_bilateral_lattice(tf.constant(images.reshape(4, 8, 8, 3)), scale=0.5)
    maps = tf.nn.softmax(logits)
    expected = dense_crf_loss(maps, lattice, scale=0.5, normalised=True)
    assert float(terms["crf"]) == pytest.approx(float(tf.reduce_mean(expected)), rel=1e-4)


def test_every_term_is_finite_and_has_a_gradient():
    logits, images, labels = draw(num_frames=3)
    params = replace(PARAMS, **ALL, side_frames=1, crf_normalised=True)
    targets = {
        "labels": labels,
        "region_box": tf.constant([[[1.0, 1, 5, 5]] * 3] * 2),
        "region_share": tf.constant([[0.2, -1.0, 0.4]] * 2),
        **add_lattices(tf.constant(images), params),
    }
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        terms = compute_terms(logits, targets, params, sharpness=2.0)
    assert set(terms) == set(TERMS) - {"l2"}
    for name, value in terms.items():
        gradient = tape.gradient(value, logits).numpy()
        assert value.shape == () and np.isfinite(gradient).all() and gradient.any(), name


def test_the_joint_crf_is_left_out_of_single_frames():
    logits, images, labels = draw()
    params = replace(PARAMS, joint_crf_weight=1.0, side_frames=1, crf_weight=0.0)
    targets = {"labels": labels, **add_lattices(tf.constant(images), params, joint=False)}
    assert "joint_crf" not in compute_terms(logits, targets, params, sharpness=1.0)


def test_a_share_that_is_not_known_does_not_count():
    # Two frames, half of all object; one share is known: psi(.5 - .5) twice, halved over frames.
    params = replace(PARAMS, **{**dict.fromkeys(TERMS.values(), 0.0), "temporal_size_weight": 1.0})
    params = replace(params, temporal_size_tolerance=0.0)
    targets = {"region_share": tf.constant([[0.5], [-1.0]])}
    terms = compute_terms(tf.zeros((2, 4, 4, 2)), targets, params, sharpness=1.0)
    assert float(terms["temporal_size"]) == pytest.approx(0.5)  # psi(0) = 1 of one frame in two


def test_nan_logits_stay_visible():
    logits, _, labels = draw()
    params = replace(PARAMS, crf_weight=0.0)
    logits = tf.fill(logits.shape, np.nan)
    terms = compute_terms(logits, {"labels": labels}, params, sharpness=1.0)
    assert all(np.isnan(float(value)) for value in terms.values())


def test_penalise_kernels_leaves_biases_and_norms_out():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()]
    )
    model.layers[0].set_weights([np.full((3, 2), 2.0), np.full(2, 9.0)])
    assert float(penalise_kernels(model)) == 12  # 6 * 4 / 2
    model.layers[0].trainable = False
    assert float(penalise_kernels(model)) == 0
