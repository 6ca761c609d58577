import numpy as np
import pytest

from datasets.object_scenes import CLASSES, draw_object_scene, sample_object_scene
from datasets.scene_clutter import CLUTTER_KINDS
from datasets.scene_drawing import paint_labels

SIZE = (48, 64)


@pytest.fixture(scope="module")
def scenes():
    return [sample_object_scene(0, index, image_size=SIZE) for index in range(150)]


def test_scenes_hold_one_object_of_each_class_alike(scenes):
    counts = {name: [scene.class_name for scene in scenes].count(name) for name in CLASSES}
    assert min(counts.values()) > 33  # of 50 expected; 3 standard deviations are 17
    kinds = list(CLUTTER_KINDS)
    for scene in scenes:
        things = [kinds[kind] for kind in scene.scene.clutter["kind"] if kinds[kind] in CLASSES]
        people = ["person"] * len(scene.scene.people)
        assert things + people == [scene.class_name]


def test_scenes_show_most_of_their_object(scenes):
    areas = []
    for scene in scenes:
        labels, full = paint_labels(SIZE, scene.outline(), 1)
        areas.append(np.count_nonzero(labels))
        assert areas[-1] >= 0.6 * full[0] > 0
    assert max(areas) > 8 * min(areas)


def test_scenes_are_too_varied_for_the_mean_box(scenes):
    boxes = np.concatenate([draw_object_scene(scene).boxes for scene in scenes])
    mean = boxes.mean(axis=0)
    low, high = np.maximum(boxes[:, :2], mean[:2]), np.minimum(boxes[:, 2:], mean[2:])
    overlap = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    union = areas + (mean[2:] - mean[:2]).prod() - overlap
    assert (overlap / union).mean() < 0.4


def test_draw_object_scene_frames_what_the_mask_shows(scenes):
    for scene in scenes[:10]:
        drawn = draw_object_scene(scene)
        rows, columns = np.nonzero(drawn.label_map == 1)
        extent = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert drawn.boxes.tolist() == [extent]
        left, top, right, bottom = extent
        assert drawn.points.tolist() == [[(top + bottom) / 2, (left + right) / 2]]
        assert drawn.image.shape == (*SIZE, 3) and drawn.label_map.max() == 1


def test_draw_object_scene_is_decided_by_seed_and_index():
    first, again, other, next_seed = (
        draw_object_scene(sample_object_scene(seed, index, image_size=SIZE)).image
        for seed, index in ((0, 1), (0, 1), (0, 2), (1, 1))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any() and (first != next_seed).any()
