import numpy as np
import pytest

from datasets.tag_scenes import SHAPES, draw_tag_scene

SCENES = [draw_tag_scene(0, index) for index in range(60)]


def test_draw_tag_scene_is_a_function_of_seed_and_index():
    again = draw_tag_scene(0, 5)
    np.testing.assert_array_equal(again.drawn.image, SCENES[5].drawn.image)
    assert (again.drawn.image != draw_tag_scene(1, 5).drawn.image).any()
    assert (again.drawn.image != SCENES[6].drawn.image).any()


def test_draw_tag_scene_shows_one_to_three_classes_each_once():
    assert {len(scene.names) for scene in SCENES} == {1, 2, 3}
    for scene in SCENES:
        ids = {SHAPES.index(name) + 1 for name in scene.names}
        assert len(ids) == len(scene.names) and set(np.unique(scene.classes)) == ids | {0}


def test_draw_tag_scene_boxes_frame_what_is_seen():
    for scene in SCENES[:10]:
        for name, box in zip(scene.names, scene.drawn.boxes, strict=True):
            rows, columns = np.nonzero(scene.classes == SHAPES.index(name) + 1)
            expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert box.tolist() == expected


def test_draw_tag_scene_cannot_be_told_by_colour_alone():
    """The nearest mean colour of the others' shapes names fewer than four fifths."""
    found = [
        (scene.drawn.image[scene.classes == i + 1].mean(axis=0), i)
        for scene in SCENES
        for i in range(3)
        if (scene.classes == i + 1).any()
    ]
    colours, kinds = np.array([colour for colour, _ in found]), np.array([i for _, i in found])
    distances = np.linalg.norm(colours[:, np.newaxis] - colours, axis=-1)
    np.fill_diagonal(distances, np.inf)
    right = (kinds[distances.argmin(axis=1)] == kinds).mean()
    assert 1 / 3 < right < 0.8


@pytest.mark.parametrize("size", [(64, 96), (40, 40)])
def test_draw_tag_scene_of_other_sizes(size):
    scene = draw_tag_scene(3, 2, image_size=size)
    assert scene.drawn.image.shape == (*size, 3) and scene.classes.shape == size
