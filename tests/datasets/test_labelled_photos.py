import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.labelled_photos import read_labelled_photos
from datasets.synthetic_files import NOISY, SceneSettings, write_tags


def test_read_labelled_photos_knows_no_places_where_only_counts_are_told(drawn_data):
    found = read_labelled_photos("annotations", drawn_data, NOISY, "train")
    assert len(found) == 12 and all(photo.points is None for photo in found)


def test_read_labelled_photos_gives_the_masks_of_tagged_pictures(tmp_path):
    for folder in ("images", "masks"):
        (tmp_path / "zoo" / folder).mkdir(parents=True)
    for name in ("a", "b"):
        Image.new("RGB", (8, 6)).save(tmp_path / "zoo" / "images" / f"{name}.jpg")
        Image.fromarray(np.full((6, 8), 1, np.uint8)).save(
            tmp_path / "zoo" / "masks" / f"{name}.png"
        )
    (tmp_path / "zoo" / "tags.csv").write_text("image,tags\na.jpg,cat\nb.jpg,cat\n")
    found = read_labelled_photos("tags", tmp_path, "zoo", "train")
    assert [photo.mask.name for photo in found] == ["a.png", "b.png"]
    assert all(photo.points is None for photo in found)


def test_read_labelled_photos_keeps_the_split_that_tags_tell(tmp_path):
    write_tags(tmp_path, 4, SceneSettings())
    found = read_labelled_photos("tags", tmp_path, "synthetic_tags", "val")
    assert [photo.name for photo in found] == ["synthetic_tags/images/000002.jpg"]


def test_read_labelled_photos_leaves_bad_annotations_out(tmp_path, disc_data):
    for path in (disc_data / "discs").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "001dots.png").write_bytes(b"no picture")
    found = read_labelled_photos("dots", tmp_path, ".", "train")
    assert len(found) == 7  # of ten two are for testing


def test_read_labelled_photos_names_the_nearest_format(tmp_path):
    with pytest.raises(InputError, match="the nearest is shanghaitech"):
        read_labelled_photos("shanghaitec", tmp_path, "x", "train")
