import zlib
from pathlib import Path

import numpy as np
import pytest

from config.errors import InputError
from datasets.source_photos import SourcePhoto, read_source_photos, require_two


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "street" / "night").mkdir(parents=True)
    for name in ("b.jpg", "a.PNG", "night/c.jpg", "notes.txt", ".hidden.jpg"):
        (tmp_path / "street" / name).touch()
    return tmp_path


def names(photos):
    return [photo.name for photo in photos]


def test_read_source_photos_lists_a_folder_to_its_depth(photos):
    found = read_source_photos(data_dir=photos, source=str(photos / "street"))
    assert names(found) == ["a.PNG", "b.jpg", "night/c.jpg"]
    assert all(photo.points is photo.boxes is photo.mask is None for photo in found)


def test_read_source_photos_takes_a_glob(photos):
    assert names(read_source_photos(data_dir=photos, source=f"{photos}/street/*.jpg")) == ["b.jpg"]
    found = read_source_photos(data_dir=photos, source=f"{photos}/**/*.jpg")
    assert names(found) == ["b.jpg", "night/c.jpg"]


def test_read_source_photos_names_do_not_change_with_the_folder_around(photos):
    found = read_source_photos(data_dir=photos, source=str(photos))
    assert names(found) == ["a.PNG", "b.jpg", "night/c.jpg"]


def test_read_source_photos_leaves_a_folder_out_before_it_names_the_others(photos):
    (photos / "made").mkdir()
    (photos / "made" / "x.jpg").touch()
    found = read_source_photos(data_dir=photos, source=str(photos), outside=photos / "made")
    assert names(found) == ["a.PNG", "b.jpg", "night/c.jpg"]
    with pytest.raises(InputError, match="gives none outside `.*made`"):
        read_source_photos(data_dir=photos, source=f"{photos}/made", outside=photos / "made")


def test_read_source_photos_leaves_a_folder_out_of_a_data_set(disc_data):
    given = {"data_dir": disc_data, "format": "dots", "dataset": "discs"}
    assert len(read_source_photos(**given, outside=disc_data / "made")) == 8
    with pytest.raises(InputError, match="`--dataset` must hold photos outside"):
        read_source_photos(**given, outside=disc_data / "discs")


@pytest.mark.parametrize("source", ["absent", "street/*.png", "street/notes.txt"])
def test_read_source_photos_refuses_a_source_without_pictures(photos, source):
    with pytest.raises(InputError, match="`--source` must be a folder or a glob with pictures"):
        read_source_photos(data_dir=photos, source=str(photos / source))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source": "street", "format": "dots", "dataset": "x"},
        {"format": "dots"},
        {"dataset": "x"},
    ],
)
def test_read_source_photos_needs_one_source(tmp_path, given):
    with pytest.raises(InputError, match="Photos must come from `--source`, or from `--format`"):
        read_source_photos(data_dir=tmp_path, **given)


def test_read_source_photos_gives_the_points_of_a_data_set(disc_data):
    found = read_source_photos(data_dir=disc_data, format="dots", dataset="discs", split="test")
    assert names(found) == ["discs/004cell.png", "discs/009cell.png"]
    assert [len(photo.points) for photo in found] == [0, 1]  # discs are i % 4
    assert all(photo.boxes is None for photo in found)


def test_read_source_photos_gives_boxes_with_the_points_in_their_middles(box_data):
    found = read_source_photos(data_dir=box_data, format="voc", dataset="boxes")
    assert found
    for photo in found:
        (x0, y0, x1, y1), (point,) = photo.boxes[0], photo.points
        np.testing.assert_allclose(point, [(y0 + y1) / 2, (x0 + x1) / 2])


def test_the_key_of_a_photo_is_that_of_its_name_and_not_of_its_place():
    here, there = SourcePhoto(Path("here/a.jpg"), "a.jpg"), SourcePhoto(Path("b/a.jpg"), "a.jpg")
    assert here.key == there.key == zlib.crc32(b"a.jpg")
    assert SourcePhoto(Path("here/b.jpg"), "b.jpg").key != here.key


def test_the_key_of_a_name_that_is_not_utf_8():
    assert SourcePhoto(Path("a"), "\udcff.jpg").key == zlib.crc32(b"\xff.jpg")


def test_require_two_names_the_only_photo():
    photos = [SourcePhoto(Path(name), name) for name in ("a.jpg", "b.jpg")]
    require_two(photos)
    with pytest.raises(InputError, match="one of them to validate on. Received `a.jpg`; add some"):
        require_two(photos[:1])
    with pytest.raises(InputError, match="Received none; add some"):
        require_two([])
