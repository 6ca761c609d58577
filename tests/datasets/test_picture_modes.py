import numpy as np
import pytest
import tifffile
from PIL import Image

from config.errors import InputError
from datasets.picture_modes import PictureMode, read_mode


@pytest.mark.parametrize(
    ("mode", "suffix", "kinds"),
    [
        ("RGB", "png", ""),
        ("RGB", "jpg", ""),
        ("P", "png", ""),
        ("CMYK", "jpg", ""),
        ("1", "png", "grey"),
        ("L", "jpg", "grey"),
        ("LA", "png", "grey alpha"),
        ("RGBA", "webp", "alpha"),
        ("I;16", "png", "grey deep"),
        ("L", "tif", "grey"),
        ("RGB", "tif", ""),
        ("RGBA", "tif", "alpha"),
        ("I;16", "tif", "grey deep"),
        ("P", "tif", ""),
    ],
)
def test_read_mode_tells_how_colours_are_stored(tmp_path, mode, suffix, kinds):
    path = tmp_path / f"a.{suffix}"
    Image.new(mode, (8, 6)).save(path)
    expected = {kind: kind in kinds.split() for kind in ("grey", "alpha", "deep")}
    assert read_mode(path) == PictureMode(**expected)


def test_read_mode_sees_16_bits_of_colour(tmp_path):
    cv2 = pytest.importorskip("cv2")
    colours = np.zeros((6, 8, 3), np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), colours)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb")
    for name in ("a.png", "a.tif"):
        assert read_mode(tmp_path / name) == PictureMode(grey=False, alpha=False, deep=True)


def test_read_mode_names_a_bad_file(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png` must be a JPEG"):
        read_mode(tmp_path / "a.png")
    Image.new("L", (8, 6)).save(tmp_path / "b.png")
    with pytest.raises(InputError, match="must have 1 to 47 pixels"):
        read_mode(tmp_path / "b.png", max_pixels=47)
