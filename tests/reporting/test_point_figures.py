import numpy as np
import pytest
from PIL import Image

from reporting.point_figures import colour_blobs, draw_points


def make_maps(height, width, num_classes=1):
    labels = np.zeros((height, width, num_classes), int)
    labels[0, 0, 0] = 1
    return labels, labels * 0.8


@pytest.mark.parametrize("size", [(1, 1), (30, 7), (1500, 20)])
@pytest.mark.parametrize("map_scale", [1, 3])
def test_draw_points_writes_a_picture_of_any_size(tmp_path, size, map_scale):
    image = np.zeros((*size, 3), np.uint8)
    labels, probabilities = make_maps(*(side * map_scale for side in size), 2)
    path = draw_points(image, np.zeros((1, 2)), labels, probabilities, tmp_path / "f" / "a.png")
    with Image.open(path) as drawn:
        assert drawn.width > 1000 and np.asarray(drawn.convert("L")).std() > 0


def test_draw_points_of_nothing(tmp_path):
    maps = np.zeros((6, 8, 1))
    image = np.zeros((6, 8, 3), np.uint8)
    assert draw_points(image, [], maps.astype(int), maps, tmp_path / "a.png").exists()


def test_draw_points_takes_a_title_with_dollars(tmp_path):
    maps = np.zeros((6, 8, 1))
    picture, path = np.zeros((6, 8, 3), np.uint8), tmp_path / "a.png"
    draw_points(picture, [], maps.astype(int), maps, path, title="cell_$1_$2.png")
    assert path.exists()


def test_draw_points_names_maps_of_unequal_size(tmp_path):
    labels, probabilities = make_maps(4, 5)
    with pytest.raises(ValueError, match="one shape. Received shapes"):
        draw_points(np.zeros((4, 5, 3)), [], labels, probabilities[:3], tmp_path / "a.png")


def test_colour_blobs_tints_every_blob_in_its_own_colour():
    labels = np.zeros((1, 4, 2), int)
    labels[0, 1, 0], labels[0, 2, 0], labels[0, 3, 1] = 1, 2, 1
    tinted = colour_blobs(np.full((1, 4, 3), 100, np.uint8), labels)[0]
    assert tinted[0].tolist() == [100, 100, 100]
    assert len({tuple(colour) for colour in tinted.tolist()}) == 4
