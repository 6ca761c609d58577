import numpy as np
import pytest

from ops.dot_masks import masks_from_points, measure_objects


def draw_cells(centres, radius=6, size=(70, 90), levels=None):
    """Draw blurred discs of light on a dark ground that grows brighter to the right."""
    rows, columns = np.indices(size)
    light = np.zeros(size)
    for i, centre in enumerate(centres):
        distance = np.hypot(rows - centre[0], columns - centre[1])
        level = 150 if levels is None else levels[i]
        light = np.maximum(light, level / (1 + np.exp(distance - radius)))
    ground = 20 + columns / size[1] * 30
    image = np.repeat((ground + light)[..., None], 3, axis=2)
    return image.clip(0, 255).astype(np.uint8)


def test_masks_from_points_finds_the_discs():
    centres = np.array([[20.0, 20.0], [45.0, 60.0]])
    labels = masks_from_points(draw_cells(centres), centres, [10.0, 10.0], level=0.5)
    rows, columns = np.indices(labels.shape)
    for i, centre in enumerate(centres, start=1):
        true = np.hypot(rows - centre[0], columns - centre[1]) <= 6
        found = labels == i
        assert (true & found).sum() / (true | found).sum() > 0.85


def test_masks_from_points_finds_dark_objects_too():
    centres = np.array([[20.0, 20.0]])
    labels = masks_from_points(255 - draw_cells(centres), centres, [10.0])
    assert labels[20, 20] == 1 and 90 < (labels == 1).sum() < 200  # pi 6^2 = 113


def test_masks_from_points_leaves_a_dim_cell_its_half():
    centres = np.array([[30.0, 30.0], [30.0, 40.0]])
    labels = masks_from_points(draw_cells(centres, levels=(60, 200)), centres, [9.0, 9.0])
    areas = np.bincount(labels.ravel())[1:]
    assert areas.min() > 0.5 * areas.max() and labels[30, 30] == 1 and labels[30, 40] == 2


def test_masks_from_points_stays_inside_the_discs():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 20:] = 200
    labels = masks_from_points(image, [[20.0, 30.0]], [5.0])
    rows, columns = np.nonzero(labels)
    assert np.hypot(rows - 20, columns - 30).max() <= 5


def test_masks_from_points_without_contrast_is_empty():
    assert not masks_from_points(np.full((20, 30, 3), 90, np.uint8), [[9.0, 9.0]], [4.0]).any()


def test_masks_from_points_of_no_dots_is_empty():
    assert not masks_from_points(np.zeros((5, 6, 3), np.uint8), [], []).any()


def test_masks_from_points_gives_two_dots_in_a_pixel_one_object():
    centres = np.array([[20.0, 20.0], [20.3, 20.3]])
    labels = masks_from_points(draw_cells(centres[:1]), centres, [9.0, 9.0])
    assert np.unique(labels).tolist() in ([0, 1], [0, 2])


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"points": [[1.0, 9.0]]}, "`points` must lie inside the picture of 4 x 5"),
        ({"radii": [1.0, 2.0]}, "`radii` must hold"),
        ({"level": 1.0}, "`level` must be between 0 and 1"),
        ({"image": np.zeros((4, 5, 3))}, "`image` must be uint8"),
    ],
)
def test_masks_from_points_refuses(changes, match):
    arguments = {"image": np.zeros((4, 5, 3), np.uint8), "points": [[1.0, 1.0]], "radii": [2.0]}
    with pytest.raises(ValueError, match=match):
        masks_from_points(**arguments | changes)


def test_measure_objects_finds_the_size_when_the_guess_is_too_small():
    centres = np.array([[20.0, 15.0], [20.0, 45.0], [50.0, 15.0], [50.0, 45.0], [50.0, 75.0]])
    labels, radii = measure_objects(draw_cells(centres), centres, np.full(5, 2.5))
    # Of 1 / (1 + exp(d - 6)) at least .35 reaches to d = 6.6.
    assert radii == pytest.approx(6.6, abs=0.6)
    assert np.bincount(labels.ravel())[1:] == pytest.approx(np.pi * 6.6**2, rel=0.15)


def test_measure_objects_keeps_the_guess_when_nothing_stands_out():
    labels, radii = measure_objects(np.full((20, 30, 3), 9, np.uint8), [[9.0, 9.0]], [4.0])
    assert not labels.any() and radii.tolist() == [4.0]


def test_measure_objects_of_no_dots_is_empty():
    labels, radii = measure_objects(np.zeros((5, 6, 3), np.uint8), [], [])
    assert not labels.any() and radii.shape == (0,)
