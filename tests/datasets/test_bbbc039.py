import numpy as np
import pytest
import tifffile
from PIL import Image

from config.errors import InputError
from datasets.bbbc039 import centres_from_mask, read_bbbc039
from datasets.images import read_image
from datasets.records import BadRecord


def test_centres_from_mask_separates_touching_values_and_repeated_ones():
    # Value 1 twice, apart; value 2 touches the first: three nuclei.
    mask = np.array([[1, 2, 0, 0, 1], [1, 2, 0, 0, 1], [1, 2, 0, 0, 0]])
    assert centres_from_mask(mask).tolist() == [[1, 0], [1, 1], [0.5, 4]]


def test_centres_from_mask_joins_over_corners():
    assert centres_from_mask(np.eye(3, dtype=int)).tolist() == [[1, 1]]


def test_centres_from_mask_finds_none_in_an_empty_mask():
    assert centres_from_mask(np.zeros((3, 4), int)).shape == (0, 2)


def test_centres_from_mask_finds_one_pixel():
    assert centres_from_mask(np.array([[7]])).tolist() == [[0, 0]]


@pytest.fixture
def data_dir(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / "nuclei" / folder).mkdir(parents=True)
    for i in range(6):
        mask = np.zeros((5, 4, 4), np.uint8)
        mask[::2, :i, 0] = 1  # rows 0, 2 and 4
        mask[..., 3] = 255
        Image.fromarray(mask).save(tmp_path / "nuclei" / "masks" / f"{i}.png")
        pixels = np.full((5, 4), 500 + i, np.uint16)
        tifffile.imwrite(tmp_path / "nuclei" / "images" / f"{i}.tif", pixels)
    return tmp_path


def test_read_bbbc039_counts_nuclei_in_the_first_channel(data_dir):
    train = read_bbbc039(data_dir, "nuclei", "train")
    assert [record.image.name for record in train] == [f"{i}.tif" for i in (0, 1, 2, 3, 5)]
    assert [record.count for record in train] == [0, 3, 3, 3, 3]
    assert train[2].points.tolist() == [[0, 0.5], [2, 0.5], [4, 0.5]]
    assert read_image(train[0].image).shape == (5, 4, 3)
    assert [record.image.name for record in read_bbbc039(data_dir, "nuclei", "test")] == ["4.tif"]


def test_read_bbbc039_names_a_picture_without_a_mask(data_dir):
    (data_dir / "nuclei" / "masks" / "1.png").unlink()
    (data_dir / "nuclei" / "masks" / "2.png").write_bytes(b"no picture")
    records = read_bbbc039(data_dir, "nuclei", "train")
    assert [isinstance(record, BadRecord) for record in records] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert "1.png" in records[1].reason and "2.png` must be" in records[2].reason


def test_read_bbbc039_names_a_missing_folder(tmp_path):
    (tmp_path / "nuclei").mkdir()
    with pytest.raises(InputError, match="masks` must be a folder"):
        read_bbbc039(tmp_path, "nuclei", "train")
