import numpy as np
import pytest

from ops.pixel_features import bilateral_features, colour_features, position_features


def test_position_features_are_columns_then_rows():
    features = position_features((2, 3), 0.5)
    assert features.dtype == np.float32
    assert features.tolist() == [[0, 0], [2, 0], [4, 0], [0, 2], [2, 2], [4, 2]]


def test_bilateral_features_of_one_pixel_and_of_none():
    image = np.array([[[10, 20, 30]]], np.uint8)
    assert bilateral_features(image, position=7, colour=10).tolist() == [[0, 0, 1, 2, 3]]
    assert bilateral_features(np.zeros((0, 4, 3)), position=7, colour=10).shape == (0, 5)


def test_colour_features_follow_the_rows():
    image = np.arange(18).reshape(2, 3, 3)
    np.testing.assert_array_equal(colour_features(image, 1), np.arange(18).reshape(6, 3))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (1, 4, 4, 3)])
def test_colour_features_name_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"`image` must be \(H, W, 3\)"):
        colour_features(np.zeros(shape), 5)


@pytest.mark.parametrize("deviation", [0, -1, np.nan])
def test_features_refuse_a_deviation_that_is_not_above_0(deviation):
    with pytest.raises(ValueError, match="deviation must be above 0"):
        position_features((2, 2), deviation)
    with pytest.raises(ValueError, match="deviation must be above 0"):
        colour_features(np.zeros((2, 2, 3)), deviation)
