from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.photo_sets import describe_photo_run, read_photos
from datasets.source_photos import PhotoSettings


@pytest.fixture
def settings(tmp_path):
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 6)).save(tmp_path / name)
    return PhotoSettings(source=str(tmp_path))


def describe(tmp_path, settings):
    return describe_photo_run("crops", settings, read_photos(tmp_path / "crops", settings))


def test_read_photos_leaves_out_what_the_data_set_itself_holds(tmp_path, settings):
    (tmp_path / "crops" / "images").mkdir(parents=True)
    Image.new("RGB", (8, 6)).save(tmp_path / "crops" / "images" / "c.png")
    assert [photo.name for photo in read_photos(tmp_path / "crops", settings)] == ["a.png", "b.png"]


def test_read_photos_needs_two(tmp_path, settings):
    (tmp_path / "b.png").unlink()
    with pytest.raises(InputError, match=r"There must be two photos at least.*a\.png"):
        read_photos(tmp_path / "crops", settings)


def test_read_photos_of_a_data_set_elsewhere(tmp_path, disc_data):
    settings = PhotoSettings(format="dots", dataset="discs", source_dir=str(disc_data))
    assert len(read_photos(tmp_path / "crops", settings)) == 8
    with pytest.raises(InputError, match="`discs` must be a folder inside"):
        read_photos(tmp_path / "crops", replace(settings, source_dir=""))


def test_describe_photo_run_changes_with_the_photos(tmp_path, settings):
    before = describe(tmp_path, settings)
    assert describe(tmp_path, settings) == before and before["num_photos"] == 2
    Image.new("RGB", (80, 60), "red").save(tmp_path / "b.png")
    assert describe(tmp_path, settings)["photos"] != before["photos"]


def test_describe_photo_run_does_not_change_with_how_much_may_be_skipped(tmp_path, settings):
    other = describe(tmp_path, replace(settings, max_bad_fraction=0.9))
    assert other == describe(tmp_path, settings)


@pytest.mark.parametrize("known", [{"points": np.array([[1.0, 2.0]])}, {"boxes": np.ones((1, 4))}])
def test_describe_photo_run_tells_other_objects_apart(tmp_path, settings, known):
    photos = read_photos(tmp_path / "crops", settings)
    (name,) = known
    told = [replace(photos[0], **known), *photos[1:]]
    moved = [replace(photos[0], **{name: known[name] + 1}), *photos[1:]]
    digests = [
        describe_photo_run("crops", settings, each)["photos"] for each in (photos, told, moved)
    ]
    assert len(set(digests)) == 3
