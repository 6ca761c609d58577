import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets import crop_jobs
from datasets.annotations import read_ranked_annotations
from datasets.crop_jobs import CropSettings, cut_chains, write_crops
from datasets.set_writing import count_records
from datasets.source_photos import SourcePhoto

SMALL = CropSettings(image_size=(24, 32), num_chains=2, chain_length=3)


@pytest.fixture
def photos(tmp_path):
    """Write 10 photos of 60 x 80 pixels; each pixel tells its row and column."""
    (tmp_path / "photos").mkdir()
    rows, columns = np.indices((60, 80))
    pixels = np.stack([rows * 4, columns * 3, rows * 0], axis=-1).astype(np.uint8)
    for i in range(10):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{i}.png")
    return tmp_path / "photos"


def read_json(path):
    return json.loads(path.read_text())


def test_write_crops_keeps_names_that_are_not_utf_8(tmp_path, photos):
    for i in range(10):
        (photos / f"{i}.png").rename(photos / os.fsdecode(b"caf\xe9 %d.png" % i))
    (folder,) = write_crops(tmp_path, "crops", replace(SMALL, source=str(photos)))
    lines = (folder / "files.jsonl").read_bytes().decode("utf-8").splitlines()
    assert os.fsencode(json.loads(lines[0])["source"]) == b"caf\xe9 0.png"
    listed = read_json(folder / "annotations.json")["train"]
    assert os.fsencode(listed[0]["info"]["source"]).startswith(b"caf\xe9 ")
    assert len(read_ranked_annotations(tmp_path, "crops", "train")) == 16


def test_write_crops_can_be_read_as_chains(tmp_path, photos):
    (folder,) = write_crops(tmp_path, "crops", replace(SMALL, source=str(photos)))
    train = read_ranked_annotations(tmp_path, "crops", "train")
    val = read_ranked_annotations(tmp_path, "crops", "val")
    assert (len(train), len(val)) == (16, 4)  # 2 of 10 photos validate, of 2 chains each
    for record in train + val:
        assert record.kind == "crops" and len(record.images) == 3
        assert all(image.is_file() for image in record.images)
    assert not (folder / "true_counts.json").exists()


def test_write_crops_leaves_no_photo_on_both_sides(tmp_path, photos):
    (folder,) = write_crops(tmp_path, "crops", replace(SMALL, source=str(photos)))
    splits = read_json(folder / "annotations.json")
    sources = {side: {each["info"]["source"] for each in splits[side]} for side in splits}
    assert len(sources["val"]) == 2 and len(sources["train"]) == 8
    assert sources["val"].isdisjoint(sources["train"])


def test_write_crops_of_two_writes_upstreams_pairs(tmp_path, photos):
    settings = replace(SMALL, source=str(photos), chain_length=2)
    (folder,) = write_crops(tmp_path, "crops", settings)
    item = read_json(folder / "annotations.json")["train"][0]
    assert set(item) == {"source_image", "target_image", "info"}


def test_write_crops_shows_the_window_that_files_jsonl_tells(tmp_path, photos):
    (folder,) = write_crops(tmp_path, "crops", replace(SMALL, source=str(photos)))
    files = [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]
    assert len(files) == 60
    for each in files[:12]:
        assert (each["method"], each["seed"]) == ("crops", 0)
        top, left, height, width = each["parameters"]["window"]
        with Image.open(tmp_path / each["image"]) as picture:
            red, green, _ = np.asarray(picture).reshape(-1, 3).mean(axis=0)
        assert red == pytest.approx(4 * (top + (height - 1) / 2), abs=4)
        assert green == pytest.approx(3 * (left + (width - 1) / 2), abs=4)


def test_cut_chains_makes_large_crops_smaller_and_enlarges_none(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (800, 600)).save(tmp_path / "a.png")
    photo = SourcePhoto(tmp_path / "a.png", "a.png")
    settings = replace(SMALL, area_ratio=(0.1, 0.2), chain_length=4, image_size=(90, 120))
    for crop in cut_chains(tmp_path, settings, photo, 0):
        _, _, height, width = crop["parameters"]["window"]
        assert height >= 45 and width >= 60  # a half of image_size
        assert crop["height"] == min(90, height) and abs(crop["width"] - min(120, width)) <= 1


def test_cut_chains_of_another_shape_stay_as_large_as_the_network_needs(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (300, 600)).save(tmp_path / "a.png")
    photo = SourcePhoto(tmp_path / "a.png", "a.png")
    settings = replace(SMALL, first_area=(1, 1), area_ratio=(0.25, 0.25), image_size=(24, 48))
    sizes = [
        (each["height"], each["width"]) for each in cut_chains(tmp_path, settings, photo, 0)[:3]
    ]
    assert sizes == [(96, 48)] * 3  # 600 x 300, 300 x 150, 150 x 75: the width is what is short


def test_cut_chains_counts_the_points_inside(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (80, 60)).save(tmp_path / "a.png")
    points = np.stack(np.indices((60, 80)), axis=-1).reshape(-1, 2) + 0.5  # one in each pixel
    photo = SourcePhoto(tmp_path / "a.png", "a.png", points)
    for crop in cut_chains(tmp_path, SMALL, photo, 0):
        _, _, height, width = crop["parameters"]["window"]
        assert crop["count"] == height * width


def test_write_crops_is_the_same_in_two_processes(tmp_path, photos):
    settings = replace(SMALL, source=str(photos))
    (alone,) = write_crops(tmp_path / "a", "crops", settings)
    (both,) = write_crops(tmp_path / "b", "crops", settings, workers=2)
    names = {path.relative_to(alone) for path in alone.rglob("*.*")}
    assert len(names) == 60 + 3
    assert all((alone / name).read_bytes() == (both / name).read_bytes() for name in names)


def test_write_crops_goes_on_where_it_was_stopped(tmp_path, photos, monkeypatch):
    settings = replace(SMALL, source=str(photos))
    (whole,) = write_crops(tmp_path / "whole", "crops", settings)
    write, calls = crop_jobs.write_picture, []

    def stop_at_the_tenth(path, pixels):
        calls.append(path)
        if len(calls) == 10:
            raise KeyboardInterrupt
        write(path, pixels)

    monkeypatch.setattr(crop_jobs, "write_picture", stop_at_the_tenth)
    with pytest.raises(KeyboardInterrupt):
        write_crops(tmp_path, "crops", settings)
    assert not (tmp_path / "crops" / "annotations.json").exists()
    (tmp_path / "crops" / "images" / ".000009.77.partial.jpg").touch()  # as a kill leaves it
    (folder,) = write_crops(tmp_path, "crops", settings)
    assert len(calls) == 10 + 51  # of 60 crops, nine were there
    assert len(list(folder.rglob("*"))) == len(list(whole.rglob("*")))
    for path in whole.rglob("*.*"):
        assert (folder / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_write_crops_names_and_skips_photos_that_are_too_small(tmp_path, photos, caplog):
    Image.new("RGB", (10, 10)).save(photos / "4.png")
    settings = replace(SMALL, source=str(photos))
    (folder,) = write_crops(tmp_path, "crops", settings)
    assert "4.png` must have 15 x 20 pixels or more" in caplog.text
    splits = read_json(folder / "annotations.json")
    assert len(splits["train"]) + len(splits["val"]) == 18


def test_write_crops_refuses_too_many_bad_photos_and_goes_on_with_a_larger_bound(tmp_path, photos):
    (photos / "3.png").write_bytes(b"no picture")
    Image.new("RGB", (10, 10)).save(photos / "4.png")
    settings = replace(SMALL, source=str(photos))
    with pytest.raises(InputError, match=r"`--max_bad_fraction` 0.1 .*\n.*3\.png.*\n.*4\.png"):
        write_crops(tmp_path, "crops", settings)
    assert not (tmp_path / "crops" / "annotations.json").exists()
    write_crops(tmp_path, "crops", replace(settings, max_bad_fraction=0.2))
    assert len(read_ranked_annotations(tmp_path, "crops", "train")) == 14  # 1 of 8 validates


def test_write_crops_names_a_cure_that_cures_where_pictures_were_written(tmp_path, photos):
    (photos / "3.png").write_bytes(b"no picture")
    (photos / "4.png").write_bytes(b"no picture")
    settings = replace(SMALL, source=str(photos))
    with pytest.raises(InputError, match=r"2 of 10 cannot be used:.*(?s:.)*with `--overwrite`"):
        write_crops(tmp_path, "crops", settings)
    for name in ("3.png", "4.png"):
        shutil.copy(photos / "5.png", photos / name)
    with pytest.raises(InputError, match="must hold data of the same run"):
        write_crops(tmp_path, "crops", settings)
    assert count_records(write_crops(tmp_path, "crops", settings, overwrite=True)[0]) == 20


def test_write_crops_names_a_cure_where_no_photo_is_left_to_train_on(tmp_path, photos):
    for number in range(1, 10):
        (photos / f"{number}.png").write_bytes(b"no picture")
    settings = replace(SMALL, source=str(photos), max_bad_fraction=0.9)
    with pytest.raises(InputError, match=r"none to train; add photos.*\n.*with `--overwrite`"):
        write_crops(tmp_path, "crops", settings)
    assert any((tmp_path / "crops" / "images").iterdir())


def test_write_crops_refuses_photos_of_which_none_is_left(tmp_path, photos):
    settings = replace(SMALL, source=str(photos), image_size=(240, 320), max_bad_fraction=1.0)
    with pytest.raises(InputError, match="10 of 10 cannot be used"):
        write_crops(tmp_path, "crops", settings)
    assert not (tmp_path / "crops").exists()


def test_write_crops_refuses_another_runs_folder(tmp_path, photos):
    settings = replace(SMALL, source=str(photos))
    write_crops(tmp_path, "crops", settings)
    with pytest.raises(InputError, match="seed 0 instead of 1.*--overwrite"):
        write_crops(tmp_path, "crops", replace(settings, seed=1))
    Image.new("RGB", (99, 99)).save(photos / "new.png")
    with pytest.raises(InputError, match="num_photos 10 instead of 11"):
        write_crops(tmp_path, "crops", settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"area_ratio": (0.8, 0.3)}, "`area_ratio` must be two shares"),
        ({"first_area": (0.0, 1.0)}, "`first_area` must be two shares"),
        ({"source": ""}, "Photos must come from `--source`"),
        ({"source": "absent/*.jpg"}, "`--source` must be a folder or a glob"),
    ],
)
def test_write_crops_refuses_what_it_cannot_use(tmp_path, photos, changes, message):
    with pytest.raises(InputError, match=message):
        write_crops(tmp_path / "new", "crops", replace(SMALL, **{"source": str(photos), **changes}))
    assert not (tmp_path / "new").exists()
