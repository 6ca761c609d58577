import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.mask_folders import list_mask_folders


@pytest.fixture
def write(tmp_path):
    """Write pictures `a`, `b`, ... with masks of these values, one row each."""

    def write(*masks):
        for name in ("images", "masks"):
            (tmp_path / "set" / name).mkdir(parents=True, exist_ok=True)
        for stem, values in zip("abcd", masks, strict=False):
            mask = np.array([values], np.uint8)
            Image.fromarray(mask).save(tmp_path / "set" / "masks" / f"{stem}.png")
            Image.new("RGB", mask.shape[::-1]).save(tmp_path / "set" / "images" / f"{stem}.jpg")
        return tmp_path / "set"

    return write


def read(folder):
    return [(each.names, each.mask_names) for each in list_mask_folders(folder.parent, "set")]


def test_ids_have_the_names_of_the_list(write):
    folder = write([0, 1, 255], [2, 1, 0])
    (folder / "classes.txt").write_text("rat\ncat\n")
    names = ("rat", "cat")
    assert read(folder) == [(("rat",), names), (("cat", "rat"), names)]


def test_ids_without_a_list_are_called_by_their_number(write):
    names = ("1", "2", "3")
    assert read(write([0, 1], [3, 255], [0, 0])) == [(("1",), names), (("3",), names), ((), names)]


def test_masks_of_two_values_are_foreground(write):
    # 255 is the foreground where nothing else occurs, and ignored beside 1.
    assert read(write([0, 255], [0, 0])) == [(("foreground",), ()), ((), ())]
    one = ("foreground",)
    assert read(write([0, 1], [0, 255])) == [(one, one), ((), one)]


def test_splits_are_those_of_lists(write):
    folder = write([1], [1], [1])
    (folder / "train.txt").write_text("a\n")
    (folder / "val.txt").write_text("c\n")
    pictures = list_mask_folders(folder.parent, "set")
    assert [(p.image.stem, p.split) for p in pictures] == [("a", "train"), ("c", "val")]
    (folder / "val.txt").write_text("x\n")
    with pytest.raises(InputError, match="the split val must name pictures with masks. `x`"):
        list_mask_folders(folder.parent, "set")


def test_unusable_masks_are_problems_of_their_pictures(write):
    folder = write([0, 1], [0, 2], [1, 1])
    (folder / "classes.txt").write_text("rat\n")
    (folder / "masks" / "c.png").write_bytes(b"no picture")
    first, second, third = list_mask_folders(folder.parent, "set")
    assert not first.problem and "c.png" in third.problem
    assert "b.png` must hold ids of 1 to 1, those of `classes.txt`" in second.problem


def test_pictures_without_masks_are_refused(write):
    folder = write([1])
    (folder / "masks" / "a.png").rename(folder / "masks" / "z.png")
    with pytest.raises(InputError, match="pictures and masks of the same names"):
        list_mask_folders(folder.parent, "set")
