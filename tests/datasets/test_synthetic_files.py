import json

import numpy as np
import pytest

from config.errors import InputError
from datasets import scene_jobs, set_writing
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from datasets.synthetic_files import (
    NOISY,
    RANKED,
    TEST,
    TRIPLETS,
    SceneSettings,
    check_settings,
    write_noisy,
    write_ranked,
    write_sets,
    write_test,
    write_triplets,
)

SETTINGS = SceneSettings(image_size=(32, 48), max_count=10, empty_fraction=0.2)


def read_json(path):
    return json.loads(path.read_text())


def test_write_ranked_can_be_read_in_upstreams_format(tmp_path):
    folder = write_ranked(tmp_path, 20, SETTINGS)
    train = read_ranked_annotations(tmp_path, RANKED, "train")
    val = read_ranked_annotations(tmp_path, RANKED, "val")
    assert (len(train), len(val)) == (34, 6)
    counts = {item["image"]: item["count"] for item in read_json(folder / "true_counts.json")}
    for record in train + val:
        names = [image.relative_to(tmp_path).as_posix() for image in record.images]
        assert all(image.is_file() for image in record.images)
        assert counts[names[0]] > counts[names[1]]
    assert sum(count == 0 for count in counts.values()) >= 6  # .4 x 40 targets expected
    assert {record.kind for record in train} == {"removed", "moved"}


def test_write_ranked_tells_where_each_file_comes_from(tmp_path):
    folder = write_ranked(tmp_path, 2, SETTINGS)
    files = [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]
    images = sorted(path.name for path in (folder / "images").iterdir())
    assert sorted(each["image"].split("/")[-1] for each in files) == images
    told = {"method": "scenes", "seed": 0, "parameters": {"scene": 1}, "source": "drawn"}
    assert files[-1] == {"image": f"{RANKED}/images/000001_moved.jpg", **told}


def test_write_noisy_keeps_true_counts_aside(tmp_path):
    folder = write_noisy(tmp_path, 25, SETTINGS)
    said = [record.count for record in read_counted_annotations(tmp_path, NOISY, "train")]
    true = [item["count"] for item in read_json(folder / "true_counts.json")]
    assert len(said) == len(true) == 25
    assert said != true and np.corrcoef(said, true)[0, 1] > 0.8
    assert 0 in true


def test_write_test_counts_are_those_of_the_objects(tmp_path):
    folder = write_test(tmp_path, 15, SETTINGS)
    records = read_counted_annotations(tmp_path, TEST, "test")
    objects = read_json(folder / "objects.json")
    of_image = [item["image_id"] for item in objects["annotations"]]
    for image, record in zip(objects["images"], records, strict=True):
        assert image["file_name"] == record.image.relative_to(tmp_path).as_posix()
        assert of_image.count(image["id"]) == record.count
    assert 0 in [record.count for record in records]


def test_data_sets_share_no_scene(tmp_path):
    names = (write_noisy(tmp_path, 3, SETTINGS), write_test(tmp_path, 3, SETTINGS))
    noisy, test = ((folder / "images" / "000000.jpg").read_bytes() for folder in names)
    assert noisy != test


def test_an_interrupted_run_leaves_no_annotations_and_is_resumed(tmp_path, monkeypatch):
    whole = write_ranked(tmp_path / "whole", 4, SETTINGS)
    write, calls = scene_jobs.write_picture, []

    def stop_at_the_fourth(path, pixels):
        calls.append(path)
        if len(calls) == 4:
            raise KeyboardInterrupt
        write(path, pixels)

    monkeypatch.setattr(scene_jobs, "write_picture", stop_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        write_ranked(tmp_path, 4, SETTINGS)
    torn = tmp_path / RANKED
    assert not (torn / "annotations.json").exists()
    assert len(list((torn / "images").iterdir())) == 3
    write_ranked(tmp_path, 4, SETTINGS)
    assert len(calls) == 4 + 9  # twelve pictures, three of them there already
    for path in whole.rglob("*.*"):
        assert (torn / path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_a_whole_data_set_is_not_drawn_again(tmp_path, monkeypatch):
    write_test(tmp_path, 2, SETTINGS)
    monkeypatch.setattr(set_writing, "run_jobs", None)
    assert write_test(tmp_path, 2, SETTINGS) == tmp_path / TEST


def test_overwrite_replaces_another_runs_data(tmp_path):
    write_test(tmp_path, 3, SETTINGS)
    with pytest.raises(InputError, match="num 3 instead of 2"):
        write_test(tmp_path, 2, SETTINGS)
    folder = write_test(tmp_path, 2, SETTINGS, overwrite=True)
    assert len(list((folder / "images").iterdir())) == 2


def test_masks_are_written_when_asked_for(tmp_path):
    settings = SceneSettings(image_size=(32, 48), max_count=3, masks=True)
    folder = write_test(tmp_path, 2, settings)
    assert sorted(path.name for path in (folder / "masks").iterdir()) == [
        "000000.png",
        "000001.png",
    ]


def test_write_sets_writes_nothing_when_one_folder_is_taken(tmp_path):
    (tmp_path / TEST).mkdir()
    (tmp_path / TEST / "mine.txt").touch()
    with pytest.raises(InputError, match="move it away"):
        write_sets(tmp_path, {RANKED: 2, TEST: 2}, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == [TEST]


@pytest.mark.parametrize(
    ("nums", "settings", "message"),
    [
        ({RANKED: 1}, SceneSettings(), "`synthetic_ranked` must hold 2 to"),
        ({TEST: -1}, SceneSettings(), "`synthetic_test` must hold 1 to"),
        ({TEST: 1}, SceneSettings(seed=-1), "`seed` .*`--seed`.* must be between 0"),
        ({TEST: 1}, SceneSettings(seed=2**31), "`seed` .*`--seed`.* must be between 0"),
        ({TEST: 1}, SceneSettings(image_size=(8, 8)), "`image_size`"),
        ({TEST: 1}, SceneSettings(max_count=0), "`max_count`"),
        ({TRIPLETS: 2}, SceneSettings(max_count=1), "`max_count` must be at least 2"),
        ({TRIPLETS: 1}, SceneSettings(), "hold 2 to 1000000 records .`--num_triplets`."),
    ],
)
def test_check_settings_refuses_numbers_out_of_range(tmp_path, nums, settings, message):
    with pytest.raises(InputError, match=message):
        check_settings(tmp_path, nums, settings)


@pytest.mark.parametrize(
    ("nums", "workers", "message"),
    [({RANKED: 0, TEST: 0}, 1, "At least one data set"), ({TEST: 1}, 0, "`workers`")],
)
def test_write_sets_refuses_no_work_and_no_workers(tmp_path, nums, workers, message):
    with pytest.raises(InputError, match=message):
        write_sets(tmp_path, nums, SETTINGS, workers=workers)
    assert not any(tmp_path.iterdir())


def test_write_triplets_gives_chains_in_order(tmp_path):
    folder = write_triplets(tmp_path, 20, SETTINGS)
    train = read_ranked_annotations(tmp_path, TRIPLETS, "train")
    val = read_ranked_annotations(tmp_path, TRIPLETS, "val")
    assert (len(train), len(val)) == (34, 6)
    counts = {item["image"]: item["count"] for item in read_json(folder / "true_counts.json")}
    for record in train + val:
        added, source, fewer = (
            counts[image.relative_to(tmp_path).as_posix()] for image in record.images
        )
        assert added > source > fewer
    assert {record.kind for record in train} == {"removed", "moved"}
