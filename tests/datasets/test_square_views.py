import numpy as np
import pytest

from config.errors import InputError
from datasets.square_views import SquareView, draw_square_view, show_square


def test_published_views_cut_up_to_a_tenth_of_each_side_and_mirror_half():
    generator = np.random.default_rng(0)
    views = [draw_square_view(generator, "published") for _ in range(400)]
    cuts = np.array([[*view.start, *(1 - np.array(view.stop))] for view in views])
    assert cuts.min() >= 0 and cuts.max() <= 0.1
    np.testing.assert_allclose(cuts.mean(axis=0), 0.05, atol=0.005)
    assert abs(np.corrcoef(cuts.T) - np.eye(4)).max() < 0.2  # each side is drawn apart
    assert 160 < sum(view.mirrored for view in views) < 240


def test_show_square_cuts_enlarges_and_mirrors_picture_and_labels_alike():
    rows, columns = np.indices((20, 40))
    labels = (rows >= 10) + 2 * (columns >= 20)
    image = np.repeat((60 * labels)[..., np.newaxis], 3, axis=2).astype(np.uint8)
    view = SquareView((0.05, 0.1), (0.95, 0.95), mirrored=True)
    shown, map_shown = show_square(image, view, 65), show_square(labels, view, 65)
    assert shown.shape == (65, 65, 3) and map_shown.shape == (65, 65)
    # Rows 1 to 18, columns 4 to 37 of 18 x 34 become 34 x 65 (34.4) from row 15 on.
    flat = shown[..., 0] % 60 == 0
    np.testing.assert_array_equal(shown[..., 0][flat], 60 * map_shown[flat])
    assert flat.mean() > 0.9
    middle = map_shown[20]  # the upper half, mirrored: columns 20 to 37 come first
    assert middle[0] == 2 and middle[-1] == 0
    # 18 of 34 columns: 34.4 pixels
    assert np.count_nonzero(middle == 2) in (34, 35)


def test_show_square_of_one_pixel_and_no_change():
    assert (
        show_square(np.full((1, 1, 3), 7, np.uint8), SquareView(), 3).tolist()
        == [[[7] * 3] * 3] * 3
    )
    image = np.random.default_rng(0).integers(0, 255, (9, 9, 3)).astype(np.uint8)
    np.testing.assert_array_equal(show_square(image, SquareView(), 9), image)
    view = SquareView((0.1, 0.1), (0.9, 0.9))
    assert show_square(image[:1, :1], view, 2).shape == (2, 2, 3)


def test_an_unknown_augmentation_is_named():
    with pytest.raises(InputError, match="`augment` must be one of none, published"):
        draw_square_view(np.random.default_rng(0), "mild")
