from functools import partial

import numpy as np
import pytest

from datasets.images import read_image
from datasets.scene_jobs import SceneSettings, run_jobs, write_added, write_single, write_triple
from ops.opencv import cv2

SETTINGS = SceneSettings(image_size=(48, 64), max_count=12, masks=True)


@pytest.fixture
def folder(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / "crowds" / name).mkdir(parents=True)
    return tmp_path / "crowds"


@pytest.mark.parametrize(("place", "least"), [(1, 0.35), (2, 0.5)], ids=["target", "moved"])
def test_write_triple_removes_a_share_to_all(folder, place, least):
    shares = []
    for index in range(30):
        drawn = write_triple(folder, SETTINGS, index, index)
        shares.append(1 - len(drawn[place]["points"]) / len(drawn[0]["points"]))
        assert all(point in drawn[0]["points"] for point in drawn[place]["points"])
    assert min(shares) >= least
    assert max(shares) == 1.0 and len(set(shares)) > 5


def test_write_triple_moves_people_to_another_place(folder):
    write_triple(folder, SETTINGS, 2, 0)
    pictures = [read_image(path) for path in sorted((folder / "images").iterdir())]
    moved, source, target = (picture.astype(float) for picture in pictures)
    assert np.abs(moved - source).mean() > 2 * np.abs(target - source).mean()


def test_write_triple_without_empty_scenes_has_a_source_with_people(folder):
    settings = SceneSettings(image_size=(48, 64), max_count=1, empty_fraction=1.0)
    source, target, _ = write_triple(folder, settings, 0, 0)
    assert (len(source["points"]), len(target["points"])) == (1, 0)


def test_write_single_describes_what_the_files_show(folder):
    crowded = next(i for i in range(100) if SETTINGS.sample(i).count > 3)
    (picture,) = write_single(folder, SETTINGS, crowded, 0)
    assert cv2.imread(str(folder.parent / picture["image"])).shape == (48, 64, 3)
    mask = cv2.imread(str(folder / "masks" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert mask.max() == len(picture["points"]) == len(picture["boxes"])
    assert np.bincount(mask.ravel())[1:].tolist() == picture["areas"]


def test_write_single_keeps_a_file_that_is_there(folder):
    write_single(folder, SETTINGS, 0, 0)
    picture = folder / "images" / "000000.jpg"
    picture.write_bytes(b"kept")
    write_single(folder, SETTINGS, 0, 0)
    assert picture.read_bytes() == b"kept"


def test_run_jobs_gives_the_same_in_two_processes(folder):
    job = partial(write_single, folder, SETTINGS)
    alone = run_jobs(job, range(5, 14))
    pictures = {path.name: path.read_bytes() for path in (folder / "images").iterdir()}
    for path in (folder / "images").iterdir():
        path.unlink()
    assert run_jobs(job, range(5, 14), workers=2) == alone
    assert {path.name: path.read_bytes() for path in (folder / "images").iterdir()} == pictures


def test_run_jobs_passes_on_what_a_process_raised(tmp_path):
    job = partial(write_single, tmp_path / "absent", SETTINGS)
    with pytest.raises(FileNotFoundError):
        run_jobs(job, range(20), workers=2)


def test_write_added_removes_people_twice(folder):
    left = []
    for index in range(30):
        added, source, *fewer = (each["points"] for each in write_added(folder, SETTINGS, index, 0))
        left.append(len(source) / len(added))
        # Of 3 people a third and a bit more are 2: the source keeps one.
        assert 0 < len(source) <= 0.65 * len(added)
        assert all(point in added for point in source)
        for points, share in zip(fewer, (0.65, 0.5), strict=True):
            assert all(point in source for point in points)
            assert len(points) <= share * len(source)
    assert max(left) > 0.5 > min(left)


def test_write_added_of_two_people_leaves_one(folder):
    settings = SceneSettings(image_size=(48, 64), max_count=2, empty_fraction=1.0)
    counts = [len(each["points"]) for each in write_added(folder, settings, 0, 0)]
    assert counts == [2, 1, 0, 0]
