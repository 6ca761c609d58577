import numpy as np
import pytest

from ops.box_masks import box_labels, mask_labels, shrink_picture


def draw_red(size, box):
    image = np.full((*size, 3), 200, np.uint8)
    x0, y0, x1, y1 = box
    image[y0:y1, x0:x1] = (200, 30, 30)
    return image


def test_box_labels_cut_the_object_out_of_a_loose_box():
    image = draw_red((40, 60), (20, 10, 40, 30))
    labels = box_labels(image, np.array([[16.0, 7, 44, 33]]), band=0)
    expected = np.zeros((40, 60), np.uint8)
    expected[10:30, 20:40] = 1
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.uint8


def test_box_labels_ignore_a_band_along_the_outline():
    labels = box_labels(draw_red((40, 60), (20, 10, 40, 30)), np.array([[16.0, 7, 44, 33]]))
    # 3 pixels on either side of the edge between columns 19 and 20.
    assert labels[20].tolist()[15:25] == [0, 0, 255, 255, 255, 255, 255, 255, 1, 1]


@pytest.mark.parametrize(
    "red",
    [
        (20, 10, 26, 16),  # 36 of the box's 400 pixels: 9 %
        (20, 10, 40, 30),  # all of them
    ],
)
def test_box_labels_ignore_a_box_that_is_nearly_empty_or_full(red):
    labels = box_labels(draw_red((40, 60), red), np.array([[20.0, 10, 40, 30]]))
    assert (labels[10:30, 20:40] == 255).all()
    labels[10:30, 20:40] = 0
    assert not labels.any()


def test_box_labels_keep_the_good_one_of_two_boxes():
    image = draw_red((40, 80), (20, 10, 40, 30))
    labels = box_labels(image, np.array([[16.0, 7, 44, 33], [60, 10, 75, 30]]), band=0)
    assert (labels[10:30, 20:40] == 1).all()
    # Grey on grey: whatever GrabCut says of the second box, it is no object of 20 to 95 %.
    assert not (labels[:, 50:] == 1).any()


def test_box_labels_of_no_box_one_pixel_and_grey():
    assert not box_labels(np.zeros((5, 7), np.uint8), np.zeros((0, 4))).any()
    assert box_labels(np.zeros((1, 1, 3), np.uint8), np.array([[0, 0, 1, 1]])).tolist() == [[255]]
    thin = box_labels(np.zeros((9, 9), np.uint8), np.array([[4, 0, 4.2, 9]]))
    assert thin.shape == (9, 9) and set(np.unique(thin)) <= {0, 255}


def test_box_labels_are_the_same_twice():
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (30, 40, 3)).astype(np.uint8)
    boxes = np.array([[5.0, 5, 35, 25]])
    np.testing.assert_array_equal(box_labels(image, boxes), box_labels(image, boxes))


def test_box_labels_refuse_other_shapes():
    with pytest.raises(ValueError, match="`boxes` must be .N, 4. xyxy"):
        box_labels(np.zeros((5, 7), np.uint8), np.zeros(4))
    with pytest.raises(ValueError, match="`band` must be at least 0"):
        box_labels(np.zeros((5, 7), np.uint8), np.zeros((0, 4)), band=-1)


def test_mask_labels_of_a_mask_without_outline():
    assert mask_labels(np.ones((4, 5), bool)).min() == 1
    assert mask_labels(np.zeros((4, 5), bool)).max() == 0


def test_shrink_picture_leaves_a_small_one():
    image = np.zeros((4, 6, 3), np.uint8)
    same, boxes = shrink_picture(image, np.array([[1.0, 1, 2, 3]]))
    assert same is image and boxes.tolist() == [[1, 1, 2, 3]]


def test_shrink_picture_keeps_one_pixel_of_a_thin_one():
    image, boxes = shrink_picture(np.zeros((1024, 2, 3), np.uint8), np.array([[0, 0, 2, 512]]))
    assert image.shape == (256, 1, 3) and boxes.tolist() == [[0, 0, 1, 128]]
