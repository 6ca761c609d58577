from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from config.loader import load_params
from finetuning.temporal_cam.seeding import (
    SeedRules,
    add_lattices,
    join_frames,
    make_seed_loader,
    make_targets,
)
from ops.graph_lattices import build_bilateral_lattice
from ops.graph_permutohedral import filter_in_graph
from ops.lattice_rows import LatticeRows, join_lattice_rows
from ops.seeds import region_of_interest

PARAMS = load_params(Path("config"), "finetuning/temporal_cam")


def draw_cam(size=24, centre=(8, 15)):
    rows, columns = np.indices((size, size))
    distance = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2
    return np.exp(-distance / 30).astype(np.float32)


def test_rules_of_no_neighbours_are_those_of_f_cam():
    rules = SeedRules.of(replace(PARAMS, num_neighbours=0, neighbours="before-after"))
    assert (rules.temporal.n, rules.temporal.mode) == (0, "instant")
    assert SeedRules.of(PARAMS).temporal.n == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed_size": 2}, "`seed_size` must be odd"),
        ({"heat_min": 2.0}, "<= `heat`"),
        ({"side_frames": 1}, "`side_frames` must be at least 1 with a `joint_crf_weight`"),
        ({"joint_crf_weight": 1.0}, "Received 0 and 1."),
    ],
)
def test_rules_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        SeedRules.of(replace(PARAMS, **changes))


def test_targets_have_one_seed_of_each_kind_where_they_belong():
    cams = tf.constant(np.stack([draw_cam(), draw_cam(centre=(16, 6))]))
    labels = make_targets(cams, [3, 4], SeedRules.of(PARAMS), PARAMS)["labels"].numpy()
    assert labels.shape == (2, 24, 24) and set(np.unique(labels)) == {0, 1, 255}
    for cam, own in zip(cams.numpy(), labels, strict=True):
        # One pixel of the region, grown to 3 x 3: at least the middle one is in it.
        assert 0 < (own == 1).sum() <= 9 and 0 < (own == 0).sum() <= 9
        assert (
            region_of_interest(cam)[own == 1].any() and not region_of_interest(cam)[own == 0].all()
        )
    assert (labels[0] != labels[1]).any()


def test_targets_depend_on_the_seed_alone():
    cams, rules = tf.constant(draw_cam()[None]), SeedRules.of(PARAMS)
    one, same, other = (
        make_targets(cams, seed, rules, PARAMS)["labels"].numpy()
        for seed in ([0, 1], [0, 1], [0, 2])
    )
    assert (one == same).all() and (one != other).any()


def test_targets_of_regions_are_made_where_they_are_weighed():
    params = replace(PARAMS, empty_outside_weight=1.0, temporal_size_weight=1.0)
    cam = np.zeros((6, 8), np.float32)
    cam[1:3, 2:6] = 0.5
    targets = make_targets(tf.constant(cam[None]), [0, 0], SeedRules.of(params), params)
    assert targets["region_box"].numpy().tolist() == [[2, 1, 6, 3]]
    assert float(targets["region_share"][0]) == pytest.approx(8 * 0.5 / 48)
    nothing = make_targets(tf.zeros((1, 6, 8)), [0, 0], SeedRules.of(params), params)
    assert nothing["region_box"].numpy().tolist() == [[0] * 4]
    assert nothing["region_share"].numpy().tolist() == [-1]
    assert (nothing["labels"].numpy() == 255).all()


def test_targets_without_a_region_take_seeds_from_anywhere():
    params = replace(PARAMS, roi="none", foreground_fraction=1.0, sampling="uniform")
    cam = tf.constant(np.linspace(0.1, 1, 400, dtype=np.float32).reshape(1, 20, 20))
    rules = SeedRules.of(params)
    rows = []
    for number in range(20):
        labels = make_targets(cam, [0, number], rules, params)["labels"][0].numpy()
        rows += np.argwhere(labels == 1)[:, 0].tolist()
    assert min(rows) < 5 and max(rows) > 14


def test_seeds_are_drawn_uniformly_from_an_epoch_on():
    # Weighted seeds of this map lie on its one hot pixel nearly always.
    cam = np.full((1, 9, 9), 1e-3, np.float32)
    cam[0, 4, 4] = 1
    params = replace(PARAMS, roi="none", uniform_from=1, foreground_fraction=1.0, seed_size=1)
    sample = {"image": tf.zeros((9, 9, 3)), "cam": tf.constant(cam[0])[..., None]}
    load = make_seed_loader(lambda *_: sample, SeedRules.of(params), params, num_samples=100)

    def count_hot(first):
        drawn = [load(tf.constant(first + i), [0, i])[1]["labels"][0, 4, 4] for i in range(30)]
        return sum(int(label) == 1 for label in drawn)

    assert count_hot(0) > 20 and count_hot(100) < 5


def test_records_of_several_frames_keep_their_axis():
    params = replace(PARAMS, side_frames=1, joint_crf_weight=1.0)
    cams = tf.constant(np.stack([draw_cam()] * 3))[..., None]
    sample = {"image": tf.zeros((3, 24, 24, 3)), "cam": cams}
    load = make_seed_loader(lambda *_: sample, SeedRules.of(params), params, num_samples=1)
    images, targets = load(tf.constant(0), [0, 0])
    assert images.shape == (3, 24, 24, 3) and targets["labels"].shape == (3, 24, 24)
    single = make_seed_loader(
        lambda *_: {"image": tf.zeros((24, 24, 3)), "cam": cams[0]},
        SeedRules.of(PARAMS),
        PARAMS,
        num_samples=1,
    )
    images, targets = single(tf.constant(0), [0, 0])
    assert images.shape == (1, 24, 24, 3) and targets["labels"].shape == (1, 24, 24)


def test_lattices_of_a_batch_are_those_of_its_frames():
    params = replace(PARAMS, side_frames=1, joint_crf_weight=1.0, crf_scale=0.5)
    images = np.random.default_rng(0).random((2, 3, 8, 8, 3)).astype(np.float32)
    lattices = add_lattices(tf.constant(images), params)
    assert lattices["crf"]["vertices"].shape == (2, 3, 16, 6)
    assert lattices["joint_crf"]["vertices"].shape == (2, 3 * 16, 4)
    values = np.random.default_rng(1).random((6 * 16, 2)).astype(np.float32)
    joined = join_lattice_rows(join_frames(lattices["crf"]))
    expected = build_bilateral_lattice(tf.constant(images.reshape(6, 8, 8, 3)), scale=0.5)
    found, wanted = (filter_in_graph(each, values) for each in (joined, expected))
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert isinstance(LatticeRows(**lattices["joint_crf"]), LatticeRows)


def test_lattices_that_no_loss_needs_are_not_built():
    params = replace(PARAMS, crf_weight=0.0, side_frames=1, joint_crf_weight=1.0)
    images = tf.zeros((1, 1, 4, 4, 3))
    assert add_lattices(images, params, joint=False) == {}
