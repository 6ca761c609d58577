import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from reporting.calibration import read_calibration


def test_read_calibration_takes_pictures_evenly_and_resizes_them(tmp_path):
    for i in range(5):
        Image.new("RGB", (10 + i, 20), (50 * i,) * 3).save(tmp_path / f"{i}.png")
    pictures = read_calibration(str(tmp_path), (4, 6), max_pixels=10**4, number=3)
    assert pictures.shape == (3, 4, 6, 3) and pictures.dtype == np.uint8
    assert pictures[:, 0, 0, 0].tolist() == [0, 100, 200]  # the first, the middle, the last
    assert len(read_calibration(str(tmp_path), (4, 6), max_pixels=10**4)) == 5


def test_read_calibration_averages_what_it_shrinks(tmp_path):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    Image.fromarray(stripes).save(tmp_path / "a.png")
    [picture] = read_calibration(str(tmp_path), (4, 4), max_pixels=10**4)
    np.testing.assert_allclose(picture, 100, atol=2)


def test_read_calibration_names_what_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="`--calibration` must be a picture, a folder"):
        read_calibration(str(tmp_path), (4, 4), max_pixels=100)
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(InputError, match="a.png"):
        read_calibration(str(tmp_path), (4, 4), max_pixels=100)
