from dataclasses import replace

import numpy as np
import pytest

from datasets.diffusion_settings import DiffusionSettings
from datasets.known_objects import KnownObjects
from datasets.repainting import Fill, draw_changes, repaint
from ops.object_regions import regions_from_points

SETTINGS = DiffusionSettings(task="triplet", margin=2, decoys=1.0)


class WhitePainter:
    """Paints the whole picture white and keeps what it was given."""

    identity, cell, size = {}, 8, (32, 48)

    def repaint(self, image, mask, prompt, negative_prompt, seed):
        self.given = (image, mask, prompt, negative_prompt, seed)
        return np.full_like(image, 255)


def make_objects(num=4):
    points = np.array([[20.0 + 30 * (i // 2), 20.0 + 40 * (i % 2)] for i in range(num)])
    labels = regions_from_points(points, np.full(num, 4.0), (70, 90))
    return KnownObjects(np.zeros((70, 90, 3), np.uint8), points, labels, None, np.full(num, 4.0))


@pytest.mark.parametrize("seed", range(10))
def test_draw_changes_of_a_triplet_touches_no_object_that_stays(seed):
    objects = make_objects()
    changes = draw_changes(objects, SETTINGS, np.random.default_rng(seed))
    gone = np.isin(objects.labels, changes.gone + 1)
    stays = (objects.labels > 0) & ~gone
    # Shares of .35 to 1 of 4 objects.
    assert 1 <= len(changes.gone) <= 4 and 1 <= changes.num_added <= 4
    assert changes.removed[gone].all() and not changes.removed[stays].any()
    for places in (changes.added, changes.decoys):
        assert places.any() and not places[objects.labels > 0].any()
    assert not (changes.decoys & (changes.added | changes.removed)).any()


@pytest.mark.parametrize(("task", "none"), [("remove", "added"), ("add", "removed")])
def test_draw_changes_makes_only_what_the_task_asks(task, none):
    changes = draw_changes(make_objects(), replace(SETTINGS, task=task), np.random.default_rng(0))
    assert not getattr(changes, none).any()
    assert bool(len(changes.gone)) == (task == "remove")
    assert bool(changes.num_added) == (task == "add")


def test_draw_changes_makes_places_of_the_size_wanted():
    settings = replace(SETTINGS, task="add", added=(0.25, 0.25), added_size=3.0, decoys=0.0)
    changes = draw_changes(make_objects(), settings, np.random.default_rng(0))
    # One disc of radius 12: 452 pixels, but for what the photo's edge cuts off.
    assert changes.num_added == 1 and 200 < changes.added.sum() < 470
    assert not changes.decoys.any()


def test_repaint_changes_the_mask_and_its_fading_rim_alone():
    image = np.random.default_rng(0).integers(0, 100, (20, 30, 3)).astype(np.uint8)
    mask, kept = np.zeros((2, 20, 30), bool)
    mask[9:12, 9:12], kept[9:12, 12:14] = True, True
    painter = WhitePainter()
    made = repaint(painter, image, mask, Fill("lawn", "people", 5), kept=kept)
    assert (made[mask] == 255).all()
    np.testing.assert_array_equal(made[kept], image[kept])
    rows, columns = np.indices((20, 30))
    far = np.hypot((rows - rows.clip(9, 11)), (columns - columns.clip(9, 11))) >= 5
    np.testing.assert_array_equal(made[far], image[far])
    assert (made[10, 8] > image[10, 8]).all()  # one pixel out: 4/5 painted
    assert painter.given[2:] == ("lawn", "people", 5)


def test_repaint_hands_over_whole_cells_of_a_mirrored_photo():
    image = np.arange(20 * 30 * 3).reshape(20, 30, 3).astype(np.uint8)
    mask = np.zeros((20, 30), bool)
    mask[9, 17] = True
    painter = WhitePainter()
    repaint(painter, image, mask, Fill("", "", 0), kept=np.zeros_like(mask))
    canvas, hole = painter.given[:2]
    assert canvas.shape == (32, 48, 3) and hole.sum() == 64 and hole[8:16, 16:24].all()
    np.testing.assert_array_equal(canvas[:20, :30], image)
    np.testing.assert_array_equal(canvas[20:32, :30], image[19:7:-1])


def test_repaint_of_nothing_asks_nobody():
    image, nothing = np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), bool)
    assert repaint(None, image, nothing, Fill("", "", 0), kept=nothing) is image
