import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.annotations import read_ranked_annotations
from datasets.images import read_image
from datasets.removals import RemoveSettings
from datasets.remove_jobs import remove_objects, write_removals
from datasets.source_photos import SourcePhoto

SETTINGS = RemoveSettings(
    format="points", dataset="crowd", num_chains=1, chain_length=3, object_radius=4.0
)


def write_crowd(data_dir, counts):
    """Write photos of 48 x 64 pixels with a bright square for each object, and their points."""
    rng, rows = np.random.default_rng(0), ["image,row,column"]
    (data_dir / "crowd").mkdir()
    for number, count in enumerate(counts):
        image = rng.integers(40, 60, (48, 64, 3)).astype(np.uint8)
        for i in range(count):
            row, column = 8 + 12 * (i // 5), 8 + 12 * (i % 5)
            image[row - 3 : row + 3, column - 3 : column + 3] = 230
            rows.append(f"{number}.png,{row},{column}")
        Image.fromarray(image).save(data_dir / "crowd" / f"{number}.png")
    (data_dir / "crowd" / "points.csv").write_text("\n".join(rows) + "\n")


def read_lines(folder):
    return [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]


def test_write_removals_can_be_read_as_chains_of_falling_counts(tmp_path):
    write_crowd(tmp_path, [10] * 5)
    (folder,) = write_removals(tmp_path, "fewer", SETTINGS)
    records = [
        record
        for split in ("train", "val")
        for record in read_ranked_annotations(tmp_path, "fewer", split)
    ]
    # Every fifth photo of this layout is "test".
    assert len(records) == 4 and {len(record.images) for record in records} == {3}
    counts = {
        tmp_path / each["image"]: each["count"]
        for each in json.loads((folder / "true_counts.json").read_text())
    }
    for record in records:
        numbers = [counts[image] for image in record.images]
        assert numbers[0] == 10 and numbers == sorted(set(numbers), reverse=True)
        assert record.kind == "remove"


def test_write_removals_takes_the_squares_out(tmp_path):
    write_crowd(tmp_path, [10, 10])
    settings = replace(SETTINGS, step=4, decoys=0.0, inpainting="patches")
    (folder,) = write_removals(tmp_path, "fewer", settings)
    pictures = [read_image(path).astype(int) for path in sorted((folder / "images").iterdir())]
    bright = [(picture.min(axis=-1) > 180).sum() for picture in pictures[:3]]
    # 10, 6 and 2 squares of 36 pixels, rounded off by JPEG.
    assert bright == pytest.approx([360, 216, 72], abs=25)
    lines = read_lines(folder)
    assert [len(each["parameters"]["removed"]) for each in lines[:3]] == [0, 4, 8]
    assert lines[0]["method"] == "remove" and lines[0]["source"].endswith("0.png")


def test_write_removals_of_two_writes_pairs(tmp_path):
    write_crowd(tmp_path, [1, 1])
    (folder,) = write_removals(tmp_path, "fewer", replace(SETTINGS, chain_length=2))
    item = json.loads((folder / "annotations.json").read_text())["train"][0]
    assert set(item) == {"source_image", "target_image", "info"}


def test_write_removals_names_and_skips_photos_with_one_object(tmp_path, caplog):
    write_crowd(tmp_path, [6, 1, 6])
    (folder,) = write_removals(tmp_path, "fewer", replace(SETTINGS, max_bad_fraction=0.5))
    assert "1.png" in caplog.text and "a chain of 2 at most" in caplog.text
    assert len(read_lines(folder)) == 6


def test_write_removals_refuses_too_many_photos_with_one_object(tmp_path):
    write_crowd(tmp_path, [1, 1])
    match = "at least 2 objects for a chain of 3. It has 1: a chain of 2 at most; take `--chain_l"
    with pytest.raises(InputError, match=match):
        write_removals(tmp_path, "fewer", SETTINGS)


def test_write_removals_refuses_steps_larger_than_the_photo(tmp_path):
    write_crowd(tmp_path, [9, 9])
    with pytest.raises(InputError, match="at least 10 objects for a chain of 3. It has 9"):
        write_removals(tmp_path, "fewer", replace(SETTINGS, step=5))


@pytest.mark.parametrize(
    ("count", "step", "length", "cure"),
    [
        (9, 5, 3, "a chain of 2 at most; take `--chain_length 2` or `--step 4`."),
        (12, 4, 5, "a chain of 4 at most; take `--chain_length 4` or `--step 3`."),
        (3, 5, 3, "a chain of 1 at most; take `--step 1`."),
        (2, 5, 4, "a chain of 1 at most; take `--step 1 --chain_length 3`."),
        (3, 0, 6, "a chain of 4 at most; take `--chain_length 4`."),
        (0, 5, 3, "a chain of 1 at most; take it out."),
    ],
)
def test_remove_objects_names_a_cure_that_cures(tmp_path, count, step, length, cure):
    write_crowd(tmp_path, [count])
    points = np.array([[8 + 12 * (i // 5), 8.0 + 12 * (i % 5)] for i in range(count)])
    photo = SourcePhoto(tmp_path / "crowd" / "0.png", "0.png", points.reshape(-1, 2))
    settings = replace(SETTINGS, step=step, chain_length=length)
    (told,) = remove_objects(tmp_path / "a", settings, photo, 0)
    assert told["skipped"].endswith(f"It has {count}: {cure}")


def test_write_removals_skips_a_photo_that_shows_nothing_else(tmp_path, caplog):
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for number in range(3):
        mask = np.zeros((40, 50), np.uint8)
        mask[:, : 50 if number == 1 else 20] = 1
        Image.fromarray(np.full((40, 50, 3), 9, np.uint8)).save(tmp_path / f"photos/{number}.png")
        Image.fromarray(mask).save(tmp_path / f"masks/{number}.png")
    settings = RemoveSettings(
        source=str(tmp_path / "photos"), mask_dir=str(tmp_path / "masks"), chain_length=2
    )
    (folder,) = write_removals(tmp_path, "fewer", replace(settings, max_bad_fraction=0.5))
    assert "1.png` must show something besides the objects that leave" in caplog.text
    assert {line["source"] for line in read_lines(folder)} == {"0.png", "2.png"}
    assert len(list((folder / "images").iterdir())) == len(read_lines(folder)) == 8


def test_write_removals_gives_the_same_files_with_two_workers_and_after_a_stop(tmp_path):
    write_crowd(tmp_path, [7, 8])
    (whole,) = write_removals(tmp_path, "whole", SETTINGS)
    (torn,) = write_removals(tmp_path, "torn", SETTINGS)
    kept = sorted((torn / "images").iterdir())
    (torn / "annotations.json").unlink()
    kept[1].unlink()
    kept[0].write_bytes(b"kept")
    write_removals(tmp_path, "torn", SETTINGS, workers=2)
    assert kept[0].read_bytes() == b"kept"
    for path in sorted((whole / "images").iterdir())[1:]:
        assert path.read_bytes() == (torn / "images" / path.name).read_bytes()


def test_write_removals_lists_boxes_where_masks_tell_them(tmp_path):
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for number in "12":
        image = np.random.default_rng(0).integers(40, 60, (40, 50, 3)).astype(np.uint8)
        mask = np.zeros((40, 50), np.uint8)
        mask[5:15, 5:15], mask[20:30, 30:40], mask[20:30, 5:10] = 1, 2, 3
        image[mask > 0] = 200
        Image.fromarray(image).save(tmp_path / "photos" / f"{number}.png")
        Image.fromarray(mask).save(tmp_path / "masks" / f"{number}.png")
    settings = RemoveSettings(
        source=str(tmp_path / "photos"), mask_dir=str(tmp_path / "masks"), num_chains=1
    )
    (folder,) = write_removals(tmp_path, "fewer", settings)
    objects = json.loads((folder / "objects.json").read_text())
    assert len(objects["images"]) == 8 and len(objects["annotations"]) == 2 * (3 + 2 + 1)
    assert objects["annotations"][0]["bbox"] == [5, 5, 10, 10]


def test_write_removals_refuses_one_photo(tmp_path):
    write_crowd(tmp_path, [5])
    with pytest.raises(InputError, match="two photos at least.*0.png"):
        write_removals(tmp_path, "fewer", SETTINGS)


@pytest.mark.parametrize("removed", [(0.0, 0.5), (0.6, 0.5), (0.5, 1.1)])
def test_write_removals_refuses_shares(tmp_path, removed):
    with pytest.raises(InputError, match="`removed`.*two shares above 0"):
        write_removals(tmp_path, "fewer", replace(SETTINGS, removed=removed))


def test_remove_objects_hangs_on_the_name_alone(tmp_path):
    write_crowd(tmp_path, [9])
    image = tmp_path / "crowd" / "0.png"
    points = np.stack([np.full(9, 20.0), np.arange(9) * 7.0], axis=1)
    (tmp_path / "a" / "images").mkdir(parents=True)
    told = [
        remove_objects(tmp_path / "a", SETTINGS, SourcePhoto(image, name, points), number)
        for number, name in enumerate(("x.png", "x.png", "y.png"))
    ]
    removed = [[each["parameters"]["removed"] for each in group] for group in told]
    assert removed[0] == removed[1] != removed[2]
