import numpy as np
import pytest
from scipy import ndimage

from ops.box_targets import encode_grid
from ops.boxes import boxes_from_contours, boxes_from_mask, find_grid_boxes


def mask_with(*areas, size=(20, 30)):
    """Draw boxes x0, y0, x1, y1 into a mask that is not square."""
    mask = np.zeros(size, bool)
    for x0, y0, x1, y1 in areas:
        mask[y0:y1, x0:x1] = True
    return mask


def test_boxes_from_mask_takes_the_area_with_most_pixels():
    # 8 x 3 = 24 pixels against 5 x 5 = 25.
    mask = mask_with((1, 2, 9, 5), (12, 10, 17, 15))
    assert boxes_from_mask(mask).tolist() == [[12, 10, 17, 15]]
    assert boxes_from_mask(mask).dtype == np.float64


def test_boxes_from_mask_joins_over_a_corner():
    assert boxes_from_mask(np.eye(4, dtype=bool)).tolist() == [[0, 0, 4, 4]]


def test_boxes_from_mask_of_nothing_one_pixel_and_all():
    assert boxes_from_mask(np.zeros((3, 5), bool)).shape == (0, 4)
    assert boxes_from_mask([[True]]).tolist() == [[0, 0, 1, 1]]
    assert boxes_from_mask(np.ones((3, 5), bool)).tolist() == [[0, 0, 5, 3]]


@pytest.mark.parametrize("seed", range(5))
def test_boxes_from_mask_equals_scipy(seed):
    mask = np.random.default_rng(seed).random((17, 23)) > 0.75
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())[1:]
    slices = np.array(ndimage.find_objects(labels), object)[areas == areas.max()]
    largest = [[c.start, r.start, c.stop, r.stop] for r, c in slices]
    assert boxes_from_mask(mask)[0].tolist() in largest


def test_boxes_from_contours_lists_all_largest_first():
    mask = mask_with((0, 0, 4, 4), (10, 5, 25, 15), (2, 18, 8, 20))
    # Areas 16, 150 and 12.
    expected = [[10, 5, 25, 15], [0, 0, 4, 4], [2, 18, 8, 20]]
    assert boxes_from_contours(mask).tolist() == expected
    assert boxes_from_contours(mask, tolerance=0).tolist() == expected


def test_boxes_from_contours_leaves_holes_out():
    mask = mask_with((2, 2, 18, 18))
    mask[6:14, 6:14] = False
    assert boxes_from_contours(mask).tolist() == [[2, 2, 18, 18]]


def test_boxes_from_contours_cuts_spurs_off():
    # A spur of one pixel beside a square of 15: its outline is about 58 long, so that .02 of it
    # (1.2 pixels) flattens the spur and 0 keeps it.
    mask = mask_with((5, 2, 20, 17))
    mask[9, 20] = True
    assert boxes_from_contours(mask, tolerance=0).tolist() == [[5, 2, 21, 17]]
    assert boxes_from_contours(mask).tolist() == [[5, 2, 20, 17]]


def test_boxes_from_contours_of_nothing_and_one_pixel():
    assert boxes_from_contours(np.zeros((3, 5), bool)).shape == (0, 4)
    assert boxes_from_contours([[False, True]]).tolist() == [[1, 0, 2, 1]]


@pytest.mark.parametrize("function", [boxes_from_mask, boxes_from_contours])
@pytest.mark.parametrize("mask", [np.zeros(4, bool), np.zeros((2, 3, 1), bool), np.zeros((0, 3))])
def test_boxes_of_no_map(function, mask):
    with pytest.raises(ValueError, match=r"`mask` must be a map \(H, W\)"):
        function(mask)


@pytest.mark.parametrize("tolerance", [-0.1, np.nan])
def test_boxes_from_contours_bad_tolerance(tolerance):
    with pytest.raises(ValueError, match="`tolerance` must be at least 0"):
        boxes_from_contours(np.ones((2, 2), bool), tolerance=tolerance)


def test_find_grid_boxes_by_hand():
    # 2 rows, 4 columns. Cell (1, 2) with offsets .5, .5: centre x = 2.5 / 4, y = 1.5 / 2.
    grid = np.zeros((2, 4, 5))
    grid[1, 2] = 0.5, 0.25, 0.5, 0.5, 0.9
    boxes, scores = find_grid_boxes(grid)
    np.testing.assert_allclose(boxes, [[0.5, 0.5, 0.75, 1.0]])
    assert scores.tolist() == [0.9]


def test_find_grid_boxes_drops_the_unsure_and_the_overlapping():
    grid = np.zeros((2, 2, 5))
    grid[0, 0] = 0.4, 0.4, 0.5, 0.5, 0.2  # at the threshold: stays
    grid[0, 1] = 0.4, 0.4, 0.5, 0.5, 0.19  # below
    grid[1, 0] = 0.4, 0.4, 1.0, 1.0, 0.6  # centre (.5, 1)
    grid[1, 1] = 0.4, 0.4, 1.0, 0.0, 0.8  # the same box, surer
    boxes, scores = find_grid_boxes(grid)
    np.testing.assert_allclose(boxes, [[0.3, 0.8, 0.7, 1.2], [0.05, 0.05, 0.45, 0.45]])
    assert scores.tolist() == [0.8, 0.2]
    assert len(find_grid_boxes(grid, iou_threshold=1.0)[0]) == 3
    assert len(find_grid_boxes(grid, score_threshold=0.0)[0]) == 3


def test_find_grid_boxes_of_an_encoded_box_and_of_nothing():
    box = [0.1, 0.2, 0.6, 0.9]
    boxes, scores = find_grid_boxes(encode_grid(box, 7))
    np.testing.assert_allclose(boxes, [box], atol=1e-6)
    assert scores.tolist() == [1.0]
    assert find_grid_boxes(np.zeros((7, 7, 5)))[0].shape == (0, 4)


@pytest.mark.parametrize("shape", [(1, 7, 7, 5), (7, 7, 4), (5,)])
def test_find_grid_boxes_bad_shape(shape):
    with pytest.raises(ValueError, match=r"`grid` must be \(h, w, 5\)"):
        find_grid_boxes(np.zeros(shape))
