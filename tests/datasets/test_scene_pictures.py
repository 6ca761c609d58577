import numpy as np

from datasets.scene_people import head_points
from datasets.scene_pictures import draw_scene
from datasets.synthetic import sample_scene


def test_draw_scene_labels_agree_with_each_other():
    drawn = draw_scene(sample_scene(0, 0, empty_fraction=0))
    height, width = drawn.label_map.shape
    assert drawn.image.shape == (height, width, 3) and drawn.image.dtype == np.uint8
    assert drawn.label_map.dtype == np.int32
    assert set(np.unique(drawn.label_map)) == set(range(drawn.count + 1))
    assert drawn.points.shape == (drawn.count, 2) and drawn.boxes.shape == (drawn.count, 4)
    assert ((drawn.points >= 0) & (drawn.points < [height, width])).all()
    for label, (left, top, right, bottom) in enumerate(drawn.boxes, start=1):
        rows, cols = np.nonzero(drawn.label_map == label)
        expected = (cols.min(), rows.min(), cols.max() + 1, rows.max() + 1)  # half-open
        assert (left, top, right, bottom) == expected


def test_heads_lie_on_the_person():
    scene = sample_scene(0, 0, max_count=1, empty_fraction=0)
    (row, col), labels = head_points(scene.people)[0], draw_scene(scene).label_map
    assert labels[int(row), int(col)] == 1
