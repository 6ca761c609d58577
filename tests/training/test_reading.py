import argparse
import json
import logging
from types import SimpleNamespace

import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import BadRecord, CountRecord
from training import reading
from training.reading import keep_sound, name_datasets, require_sides


@pytest.fixture
def records(tmp_path):
    """Three sound pictures, one that is cut short, and one without annotations."""
    pictures = [tmp_path / f"{number}.png" for number in range(4)]
    for picture in pictures:
        Image.new("RGB", (8, 6)).save(picture)
    pictures[1].write_bytes(pictures[1].read_bytes()[:40])
    bad = BadRecord(tmp_path / "4.png", "`4.mat` must be a whole MATLAB file.")
    return [*(CountRecord(picture, 1) for picture in pictures), bad]


def keep(records, tmp_path, *, max_bad_fraction, max_pixels=100):
    args = argparse.Namespace(experiment_dir=str(tmp_path / "runs"))
    params = SimpleNamespace(max_bad_fraction=max_bad_fraction, max_pixels=max_pixels)
    return keep_sound(records, args, params)


def test_keep_sound_names_and_drops_bad_pictures_and_bad_annotations(records, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        kept = keep(records, tmp_path, max_bad_fraction=0.4)  # 2 of 5
    assert [record.image.name for record in kept] == ["0.png", "2.png", "3.png"]
    assert "1.png" in caplog.text and "`4.mat` must be a whole MATLAB file" in caplog.text


def test_keep_sound_stops_at_more_than_the_share(records, tmp_path):
    with pytest.raises(InputError, match="2 of 5 pictures are bad"):
        keep(records, tmp_path, max_bad_fraction=0.39)


def test_keep_sound_respects_max_pixels(records, tmp_path):
    with pytest.raises(InputError, match="5 of 5"):
        keep(records, tmp_path, max_bad_fraction=0.4, max_pixels=47)  # 8 x 6 = 48


@pytest.mark.parametrize("chief", [True, False])
def test_keep_sound_remembers_in_the_chief_alone(records, tmp_path, monkeypatch, chief):
    monkeypatch.setattr(reading, "is_chief", lambda: chief)
    keep(records, tmp_path, max_bad_fraction=0.4)
    memo = tmp_path / "runs" / "cache" / "sound_pictures.json"
    assert memo.exists() == chief
    if chief:
        assert len(json.loads(memo.read_text())) == 3


def test_require_sides_names_the_picture_and_the_cure(records):
    sound = [records[0]]
    require_sides(sound, 6, max_pixels=100, cure="lower `--N`")
    with pytest.raises(InputError, match=r"Received 7 for .*0.png of 6 x 8 pixels; lower `--N`\."):
        require_sides(sound, 7, max_pixels=100, cure="lower `--N`")
    with pytest.raises(InputError, match="47"):
        require_sides(sound, 1, max_pixels=47, cure="lower `--N`")


def test_name_datasets_of_either_wrapper():
    args = argparse.Namespace(train_data="few", test_data="others")
    assert name_datasets(args) == ("few", "others")
    assert name_datasets(argparse.Namespace(dataset="one")) == ("one", "one")
