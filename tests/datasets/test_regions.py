import numpy as np
import pytest
import scipy.io
from matplotlib.path import Path as Outline
from PIL import Image

from config.errors import InputError
from datasets.records import Region
from datasets.regions import read_region

MASK = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]], np.uint8)


def test_read_region_without_one_is_the_whole_picture():
    assert read_region(None, (1, 1)).tolist() == [[True]]
    assert read_region(Region(), (2, 3)).sum() == 6


@pytest.mark.parametrize("value", [1, 255])
def test_read_region_reads_a_picture(tmp_path, value):
    Image.fromarray(MASK * value).save(tmp_path / "mask.png")
    inside = read_region(Region(mask=tmp_path / "mask.png"), (3, 4))
    assert inside.dtype == bool
    np.testing.assert_array_equal(inside, MASK == 1)


@pytest.mark.parametrize("kind", [bool, np.uint8, float])
def test_read_region_reads_a_matrix(tmp_path, kind):
    scipy.io.savemat(tmp_path / "mask.mat", {"BW": MASK.astype(kind)}, do_compression=True)
    inside = read_region(Region(mask=tmp_path / "mask.mat", key="BW"), (3, 4))
    np.testing.assert_array_equal(inside, MASK == 1)


@pytest.mark.parametrize("value", ["text", np.array([[{}]], object), scipy.sparse.eye(3).tocsc()])
def test_read_region_names_what_is_no_matrix(tmp_path, value):
    scipy.io.savemat(tmp_path / "mask.mat", {"BW": value, "other": MASK})
    with pytest.raises(InputError, match=r"mask\.mat`: `BW` must be a matrix of numbers"):
        read_region(Region(mask=tmp_path / "mask.mat", key="BW"), (3, 4))
    with pytest.raises(InputError, match="`roi` must be a matrix of numbers. It is absent"):
        read_region(Region(mask=tmp_path / "mask.mat", key="roi"), (3, 4))


def test_read_region_names_a_mask_of_another_size(tmp_path):
    scipy.io.savemat(tmp_path / "mask.mat", {"BW": MASK})
    with pytest.raises(InputError, match=r"size of its picture, 4 x 3 pixels.*\(3, 4\)"):
        read_region(Region(mask=tmp_path / "mask.mat", key="BW"), (4, 3))


def test_read_region_refuses_an_empty_one(tmp_path):
    Image.fromarray(MASK * 0).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match=r"mask\.png` must mark a pixel.*3 x 4"):
        read_region(Region(mask=tmp_path / "mask.png"), (3, 4))
    outside = np.array([[9.0, 9.0], [9.0, 12.0], [12.0, 9.0]])
    with pytest.raises(InputError, match="region's polygons must mark a pixel"):
        read_region(Region(polygons=(outside,)), (3, 4))


def test_read_region_names_a_damaged_mask(tmp_path):
    (tmp_path / "mask.mat").write_bytes(b"nothing of the kind" * 20)
    with pytest.raises(InputError, match=r"mask\.mat`"):
        read_region(Region(mask=tmp_path / "mask.mat", key="BW"), (3, 4))


def test_read_region_fills_the_pixels_whose_centres_are_inside():
    # rows 0.4 to 2 hold the centres 0.5 and 1.5, columns 1 to 3.6 those of 1, 2 and 3
    box = np.array([[0.4, 1.0], [0.4, 3.6], [2.0, 3.6], [2.0, 1.0]])
    expected = np.zeros((3, 5), bool)
    expected[:2, 1:4] = True
    for corners in (box, box[::-1]):
        np.testing.assert_array_equal(read_region(Region(polygons=(corners,)), (3, 5)), expected)


@pytest.mark.parametrize("seed", range(5))
def test_read_region_agrees_with_another_library(seed):
    corners = np.random.default_rng(seed).uniform(-5, 30, (3, 2))  # a triangle, partly outside
    rows, columns = np.mgrid[:17, :23] + 0.5
    expected = Outline(corners).contains_points(np.stack([rows.ravel(), columns.ravel()], axis=1))
    square = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0]])
    inside = read_region(Region(polygons=(corners, square)), (17, 23))
    expected = expected.reshape(17, 23)
    expected[:2, :2] = True
    np.testing.assert_array_equal(inside, expected)


def test_read_region_leaves_the_hole_of_a_polygon_that_overlaps_itself():
    # The outline goes round twice: the even-odd rule leaves the middle out.
    outer = np.array([[0.0, 0], [0, 5], [5, 5], [5, 0], [0, 0]])
    inner = np.array([[1.0, 1], [1, 4], [4, 4], [4, 1], [1, 1]])
    inside = read_region(Region(polygons=(np.concatenate([outer, inner]),)), (5, 5))
    assert inside.sum() == 25 - 9 and not inside[2, 2]


def test_read_region_needs_a_pixel_to_be_in_mask_and_polygons(tmp_path):
    Image.fromarray(MASK).save(tmp_path / "mask.png")
    top = np.array([[0.0, 0], [0, 4], [1, 4], [1, 0]])
    inside = read_region(Region(mask=tmp_path / "mask.png", polygons=(top,)), (3, 4))
    assert inside.astype(int).tolist() == [[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("corners", [np.full((3, 2), np.nan), np.zeros((10_001, 2))])
def test_read_region_refuses_hostile_polygons(corners):
    with pytest.raises(InputError, match="at most 10000 finite corners"):
        read_region(Region(polygons=(corners,)), (3, 4))
