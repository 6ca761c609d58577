import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from datasets.chain_listings import split_sources
from datasets.images import read_image
from datasets.paste_jobs import write_pastes
from datasets.paste_layout import PasteSettings
from datasets.scene_listings import miscount
from datasets.set_writing import count_records

SETTINGS = PasteSettings(
    format="dots", dataset="cells", background="ground", num=6, counts=(3, 8, 15), min_visible=0.5
)


@pytest.fixture
def cells(tmp_path):
    """Write one dotted picture of 80 x 100 pixels with 12 soft bright cells of radius 4."""
    rows, columns = np.indices((80, 100))
    image, dots = np.full((80, 100), 30.0), np.zeros((80, 100), np.uint8)
    for i in range(12):
        row, column = 12 + 24 * (i // 4), 14 + 24 * (i % 4)
        image += 180 / (1 + np.exp(2 * (np.hypot(rows - row, columns - column) - 4)))
        dots[row, column] = 255
    (tmp_path / "cells").mkdir()
    noisy = image + np.random.default_rng(0).normal(0, 2, image.shape)
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(tmp_path / "cells" / "1cell.png")
    Image.fromarray(dots).save(tmp_path / "cells" / "1dots.png")
    return tmp_path


def read_json(path):
    return json.loads(path.read_text())


def read_lines(folder):
    return [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]


def test_write_pastes_of_one_dotted_picture_counts_exactly(cells):
    (folder,) = write_pastes(cells, "pasted", replace(SETTINGS, min_visible=1.0))
    listed = read_json(folder / "annotations.json")
    assert {item["count"] for item in listed} <= {3, 8, 15} and len(listed) == 6
    objects = read_json(folder / "objects.json")["annotations"]
    assert len(objects) == sum(item["count"] for item in listed)
    for number, item in enumerate(listed[:3], start=1):
        light = read_image(cells / item["image"])[..., 0].astype(int) > 110
        for each in objects:
            if each["image_id"] == number:
                left, top, width, height = map(int, each["bbox"])
                assert light[top : top + height, left : left + width].mean() > 0.4


def test_write_pastes_says_where_each_file_comes_from(cells):
    (folder,) = write_pastes(cells, "pasted", SETTINGS)
    for number, line in enumerate(read_lines(folder)):
        assert (line["method"], line["seed"], line["source"]) == ("paste", 0, "cells/1cell.png")
        parameters = line["parameters"]
        assert parameters["objects_from"] == ["cells/1cell.png"] and parameters["chain"] == number
        assert parameters["wanted"] in (3, 8, 15) and parameters["least_visible"] >= 0.5


def test_write_pastes_lists_jittered_counts_beside_the_true_ones(cells):
    (folder,) = write_pastes(cells, "pasted", replace(SETTINGS, miscount=True, seed=4))
    true = read_json(folder / "true_counts.json")
    listed = read_json(folder / "annotations.json")
    expected = [miscount(item["count"], 4, i) for i, item in enumerate(true)]
    assert [item["count"] for item in listed] == expected
    assert expected != [item["count"] for item in true]


def test_write_pastes_lists_a_test_split(cells):
    write_pastes(cells, "pasted", replace(SETTINGS, as_test=True))
    records = read_counted_annotations(cells, "pasted", "test")
    assert len(records) == 6 and {record.count for record in records} <= {3, 8, 15}


def test_write_pastes_writes_chains_that_differ_by_objects_only(cells):
    settings = replace(SETTINGS, mode="chain", chain_length=3, num=3, min_visible=1.0)
    (folder,) = write_pastes(cells, "chains", settings)
    records = [
        record
        for split in ("train", "val")
        for record in read_ranked_annotations(cells, "chains", split)
    ]
    assert len(records) == 3 and all(record.kind == "paste" for record in records)
    counts = {
        cells / each["image"]: each["count"] for each in read_json(folder / "true_counts.json")
    }
    assert [[counts[image] for image in record.images] for record in records] == [[15, 8, 3]] * 3
    fullest, middle, _ = (read_image(image).astype(int) for image in records[0].images)
    gone = fullest - middle
    assert gone.max() > 100 and gone.min() > -30  # light leaves, none comes; JPEG rings a little


def read_origins(folder):
    """Return {side: (photos that objects come from, photos pasted onto)}."""
    sides = read_json(folder / "annotations.json")
    of = {name: side for side in sides for each in sides[side] for name in each["images"]}
    found = {side: (set(), set()) for side in sides}
    for line in read_lines(folder):
        found[of[line["image"]]][0].update(line["parameters"]["objects_from"])
        found[of[line["image"]]][1].add(line["source"])
    return found


@pytest.mark.parametrize("onto", ["", "grounds"])
def test_write_pastes_holds_photos_out_with_all_that_is_made_of_them(cells, onto):
    for i in (2, 3):
        for kind in ("cell", "dots"):
            shutil.copy(cells / "cells" / f"1{kind}.png", cells / "cells" / f"{i}{kind}.png")
    (cells / "grounds").mkdir()
    for i in range(4):
        Image.new("RGB", (100, 80), "navy").save(cells / "grounds" / f"{i}.png")
    settings = replace(SETTINGS, mode="chain", chain_length=3, num=20)
    settings = replace(settings, backgrounds=str(cells / onto) if onto else "")
    (folder,) = write_pastes(cells, "chains", settings)
    sides = read_json(folder / "annotations.json")
    assert (len(sides["train"]), len(sides["val"])) == (17, 3)
    origins = read_origins(folder)
    for train, val in zip(origins["train"], origins["val"], strict=True):
        assert train and val and train.isdisjoint(val)
    split_by = read_json(folder / "provenance.json")["split_by"]
    assert split_by == (["photos", "backgrounds"] if onto else ["photos"])


def test_write_pastes_of_one_photo_parts_its_chains(cells):
    settings = replace(SETTINGS, mode="chain", chain_length=3)
    (folder,) = write_pastes(cells, "chains", settings)
    assert read_origins(folder)["val"][0] == {"cells/1cell.png"}
    assert read_json(folder / "provenance.json")["split_by"] == ["chains"]
    (counted,) = write_pastes(cells, "counted", SETTINGS)
    assert "split_by" not in read_json(counted / "provenance.json")


def test_write_pastes_onto_other_photos(cells):
    (cells / "grounds").mkdir()
    for i, colour in enumerate(("navy", "black")):
        Image.new("RGB", (70, 60), colour).save(cells / "grounds" / f"{i}.png")
    settings = replace(SETTINGS, backgrounds=str(cells / "grounds"), blending="feather")
    (folder,) = write_pastes(cells, "pasted", settings)
    lines = read_lines(folder)
    assert {line["source"] for line in lines} == {"0.png", "1.png"}
    assert {read_image(cells / line["image"]).shape for line in lines} == {(60, 70, 3)}


def test_write_pastes_takes_no_picture_of_its_own_for_a_background(cells):
    grounds = cells / "grounds"
    grounds.mkdir()
    for i in range(2):
        Image.new("RGB", (70, 60), "navy").save(grounds / f"{i}.png")
    settings = replace(SETTINGS, backgrounds=str(grounds), source_dir=str(cells))
    (folder,) = write_pastes(grounds, "pasted", settings)
    (folder / "annotations.json").unlink()
    write_pastes(grounds, "pasted", settings)  # goes on, as nothing that it is made of changed
    assert {line["source"] for line in read_lines(folder)} == {"0.png", "1.png"}


@pytest.mark.parametrize("blending", ["alpha", "poisson"])
def test_write_pastes_onto_its_own_place_without_objects(cells, blending):
    settings = replace(SETTINGS, background="removed", counts=(0, 4), blending=blending)
    (folder,) = write_pastes(cells, "pasted", settings)
    for item in read_json(folder / "annotations.json"):
        brightest = read_image(cells / item["image"]).max()
        assert brightest > 120 if item["count"] else brightest < 90


def test_write_pastes_gives_the_same_files_with_two_workers_and_after_a_stop(cells):
    (whole,) = write_pastes(cells, "whole", SETTINGS)
    (torn,) = write_pastes(cells, "torn", SETTINGS)
    (torn / "annotations.json").unlink()
    (torn / "images" / "000003.jpg").unlink()
    (torn / "images" / "000001.jpg").write_bytes(b"kept")
    write_pastes(cells, "torn", SETTINGS, workers=2)
    assert (torn / "images" / "000001.jpg").read_bytes() == b"kept"
    for number in (0, 2, 3, 4, 5):
        name = f"images/{number:06d}.jpg"
        assert (whole / name).read_bytes() == (torn / name).read_bytes()


def test_write_pastes_counts_what_was_written(cells):
    # Of 2, 20 and 900 cells the last do not fit 80 x 100 pixels.
    settings = replace(SETTINGS, counts=(2, 20, 900), num=9, max_bad_fraction=0.9)
    (folder,) = write_pastes(cells, "pasted", settings)
    written = len(list((folder / "images").iterdir()))
    assert 0 < written < 9 and count_records(folder) == written


def test_write_pastes_refuses_backgrounds_smaller_than_cut_outs(cells):
    (cells / "grounds").mkdir()
    Image.new("RGB", (70, 6)).save(cells / "grounds" / "low.png")
    settings = replace(SETTINGS, backgrounds=str(cells / "grounds"))
    with pytest.raises(InputError, match=r"larger than the objects.*its background 6 x 70"):
        write_pastes(cells, "pasted", settings)


def test_write_pastes_refuses_counts_that_do_not_fit(cells):
    with pytest.raises(InputError, match=r"Counts must fit the picture. 900 objects"):
        write_pastes(cells, "pasted", replace(SETTINGS, counts=(900,)))


def test_write_pastes_refuses_photos_without_a_known_object(cells):
    settings = replace(SETTINGS, format="", dataset="", source=str(cells / "cells"))
    with pytest.raises(InputError, match="points, boxes or masks"):
        write_pastes(cells, "pasted", settings)


def test_write_pastes_refuses_photos_in_which_nothing_stands_out(cells):
    Image.new("RGB", (100, 80)).save(cells / "cells" / "1cell.png")
    with pytest.raises(InputError, match="must show an object that can be cut out"):
        write_pastes(cells, "pasted", SETTINGS)


@pytest.fixture
def many_cells(cells):
    """Write ten dotted pictures of three cells, 8 of them to train, the first damaged."""
    dots = np.asarray(Image.open(cells / "cells" / "1dots.png")).copy()
    dots[np.flatnonzero(dots.any(axis=1))[1:]] = 0
    dots[:, np.flatnonzero(dots.any(axis=0))[3:]] = 0
    Image.fromarray(dots).save(cells / "cells" / "1dots.png")
    for number in range(2, 11):
        for kind in ("cell", "dots"):
            shutil.copy(cells / "cells" / f"1{kind}.png", cells / "cells" / f"{number}{kind}.png")
    (cells / "cells" / "1cell.png").write_bytes(b"no picture")
    return cells


@pytest.mark.parametrize("mode", ["count", "chain"])
def test_write_pastes_names_a_damaged_photo_once_and_draws_from_the_rest(many_cells, caplog, mode):
    settings = replace(SETTINGS, counts=(0, 1, 2), mode=mode, chain_length=2, num=20)
    settings = replace(settings, max_bad_fraction=1 / 8)
    (folder,) = write_pastes(many_cells, "pasted", settings)
    assert [record.getMessage().count("1cell.png") for record in caplog.records] == [1]
    assert count_records(folder) == 20
    used = {name for line in read_lines(folder) for name in line["parameters"]["objects_from"]}
    assert len(used) == 7 and "cells/1cell.png" not in used


def test_write_pastes_refuses_too_many_damaged_photos_before_it_draws(many_cells):
    (many_cells / "cells" / "5cell.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="of the photos .* 2 of 8 cannot be used") as caught:
        write_pastes(many_cells, "pasted", replace(SETTINGS, num=30, max_bad_fraction=1 / 8))
    assert str(caught.value).count("1cell.png") == str(caught.value).count("5cell.png") == 1
    assert not (many_cells / "pasted").exists()


@pytest.mark.parametrize(("num_sound", "refused"), [(9, False), (8, True)])
def test_write_pastes_counts_damaged_backgrounds(cells, caplog, num_sound, refused):
    (cells / "grounds").mkdir()
    for number in range(10):
        Image.new("RGB", (100, 80), "navy").save(cells / "grounds" / f"{number}.png")
    for number in range(num_sound, 10):
        (cells / "grounds" / f"{number}.png").write_bytes(b"no picture")
    settings = replace(SETTINGS, backgrounds=str(cells / "grounds"))
    if refused:
        with pytest.raises(InputError, match="2 of 10 cannot be used"):
            write_pastes(cells, "pasted", settings)
        return
    assert count_records(write_pastes(cells, "pasted", settings)[0]) == 6
    assert caplog.text.count("9.png") == 1


def test_write_pastes_splits_once_for_all_chains(cells, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "datasets.paste_jobs.split_sources",
        lambda num, *, seed: asked.append(num) or split_sources(num, seed=seed),
    )
    for kind in ("cell", "dots"):
        shutil.copy(cells / "cells" / f"1{kind}.png", cells / "cells" / f"2{kind}.png")
    write_pastes(cells, "chains", replace(SETTINGS, mode="chain", chain_length=3, num=9))
    assert asked == [9]
