import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from datasets.check_synthetic import NoTrueCounts, check_synthetic
from datasets.contact_sheets import write_contact_sheet
from datasets.diffusion_jobs import repaint_photo, write_diffusions
from datasets.diffusion_settings import DiffusionSettings
from datasets.images import read_image
from datasets.set_writing import count_records
from datasets.source_photos import SourcePhoto

DRAW = DiffusionSettings(image_size=(32, 48), num=5, counts=(3, 0))
CHAINS = DiffusionSettings(
    task="triplet", format="points", dataset="crowd", image_size=(64, 80), object_radius=4.0,
    margin=2,
)  # fmt: skip


class Stub:
    """Paints one grey for each prompt, keeps what it was told, and stops after `most` calls."""

    cell = 8

    def __init__(self, settings, most=1000):
        self.size, self.told, self.most = settings.image_size, [], most
        self.identity = {"preset": "stub", "weights": "0123456789abcdef"}

    def _grey(self, *told):
        if len(self.told) == self.most:
            raise KeyboardInterrupt
        self.told.append(told)
        return np.full((*self.size, 3), 100 + len(told[0]), np.uint8)

    def draw(self, prompt, negative_prompt, seed):
        return self._grey(prompt, negative_prompt, seed)

    def repaint(self, image, mask, prompt, negative_prompt, seed):
        assert image.shape[:2] == mask.shape == tuple(self.size) and mask.any()
        return self._grey(prompt, negative_prompt, seed)


def run(tmp_path, settings, *, name="made", most=1000, **options):
    stubs = []

    def open_stub(settings):
        stubs.append(Stub(settings, most))
        return stubs[0]

    (folder,) = write_diffusions(tmp_path, name, settings, open_painter=open_stub, **options)
    return folder, stubs[0]


def read_lines(folder):
    return [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]


@pytest.fixture
def crowd(tmp_path):
    """Write three black photos of 48 x 64 pixels, two of them with 6 dots."""
    (tmp_path / "crowd").mkdir()
    rows = ["image,row,column"]
    for number, count in enumerate((6, 6, 0)):
        pixels = np.zeros((48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "crowd" / f"{number}.png")
        rows += [f"{number}.png,{12 + 20 * (i // 3)},{12 + 18 * (i % 3)}" for i in range(count)]
    (tmp_path / "crowd" / "points.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_generate_lists_the_counts_asked_for(tmp_path):
    folder, stub = run(tmp_path, DRAW)
    records = read_counted_annotations(tmp_path, "made", "train")
    assert [record.count for record in records] == [0, 3, 0, 3, 0]
    assert read_image(folder / "images" / "000001.jpg").shape == (32, 48, 3)
    assert [told[0] for told in stub.told[:2]] == [DRAW.empty_prompt, "a photo of 3 people"]
    assert [told[1] for told in stub.told[:2]] == [DRAW.empty_negative_prompt, ""]
    assert not (folder / "true_counts.json").exists() and not (folder / "masks").exists()
    with pytest.raises(NoTrueCounts):
        check_synthetic(folder)


def test_generate_tells_where_each_file_comes_from(tmp_path):
    folder, stub = run(tmp_path, replace(DRAW, seed=4, negative_prompt="blur"))
    line = read_lines(folder)[1]
    assert line["image"] == "made/images/000001.jpg" and line["method"] == "diffusion"
    assert line["seed"] == 4 and line["source"] == "stub"
    own = line["parameters"]
    assert (own["prompt"], own["negative_prompt"], own["seed"]) == stub.told[1]
    assert own["asked"] == 3 and own["steps"] == 28 and own["guidance"] == 7.0
    assert own["preset"] == "stub" and own["weights"] == "0123456789abcdef"
    made = json.loads((folder / "provenance.json").read_text())
    assert made["prompts"]["3"] == ["a photo of 3 people"] and made["weights"] == own["weights"]
    assert len({told[2] for told in stub.told}) == 5  # each picture has a seed of its own


def test_generate_takes_turns_with_the_prompts_of_a_file(tmp_path):
    (tmp_path / "prompts.json").write_text('{"2": ["two", "a pair"], "7": "seven"}')
    settings = replace(DRAW, counts=(), prompts=str(tmp_path / "prompts.json"))
    _, stub = run(tmp_path, settings)
    assert [told[0] for told in stub.told] == ["two", "seven", "a pair", "seven", "two"]
    (tmp_path / "prompts.json").write_text('{"2": ["two", "twins"], "7": "seven"}')
    with pytest.raises(InputError, match="must hold data of the same run.*prompts"):
        run(tmp_path, settings)


def test_a_file_with_a_count_below_zero_leaves_nothing_behind(tmp_path):
    (tmp_path / "prompts.json").write_text('{"-2": "two"}')
    with pytest.raises(InputError, match="whole numbers from 0.*`-2`"):
        run(tmp_path, replace(DRAW, counts=(), prompts=str(tmp_path / "prompts.json")))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("task", ["generate", "triplet"])
def test_a_stopped_run_goes_on_and_makes_the_same_files(crowd, task):
    settings = DRAW if task == "generate" else CHAINS
    whole, first = run(crowd, settings, name="whole")
    with pytest.raises(KeyboardInterrupt):
        run(crowd, settings, name="torn", most=len(first.told) - 1)
    folder, second = run(crowd, settings, name="torn", workers=2)
    assert 1 <= len(second.told) < len(first.told)
    for part in ("images", "masks") if task == "triplet" else ("images",):
        made = sorted(path.name for path in (whole / part).iterdir())
        assert made == sorted(path.name for path in (folder / part).iterdir())
        for name in made:
            assert (whole / part / name).read_bytes() == (folder / part / name).read_bytes()
    _, third = run(crowd, settings, name="torn")
    assert third.told == []


def test_triplets_can_be_read_as_chains_and_seen(crowd):
    folder, _ = run(crowd, replace(CHAINS, num_chains=2))
    train = read_ranked_annotations(crowd, "made", "train")
    val = read_ranked_annotations(crowd, "made", "val")
    assert len(train) == len(val) == 2
    for record in train + val:
        assert record.kind == "diffusion_triplet" and len(record.images) == 3
    assert not (folder / "true_counts.json").exists()
    assert write_contact_sheet(crowd, "made").is_file() and count_records(folder) == 4


def test_triplets_differ_by_their_masks(crowd):
    folder, stub = run(crowd, CHAINS)
    added, source, removed = (each["parameters"] for each in read_lines(folder)[:3])
    assert [added["shows"], source["shows"], removed["shows"]] == ["added", "source", "removed"]
    assert added["added"] >= 2 and source["added"] == removed["added"] == 0
    assert len(removed["removed"]) >= 2 and source["removed"] == added["removed"] == []
    kinds = [[fill["kind"] for fill in own["fills"]] for own in (added, source, removed)]
    assert kinds == [["decoys", "added"], ["decoys"], ["decoys", "removed"]]
    prompts = [own["fills"][-1]["prompt"] for own in (added, source, removed)]
    assert prompts == [CHAINS.added_prompt, CHAINS.empty_prompt, CHAINS.empty_prompt]
    told = [tuple(own["fills"][-1][key] for key in ("prompt", "negative_prompt", "seed"))
            for own in (source, added, removed)]  # fmt: skip
    assert stub.told[:3] == told and source["strength"] == 1.0
    masks = [np.array(Image.open(crowd / own["mask"])) for own in (added, source, removed)]
    assert [set(np.unique(mask)) for mask in masks] == [{0, 1, 3}, {0, 1}, {0, 1, 2}]
    # The photo is black; all that is painted is at least 100.
    stem = folder / "images" / "000000_00"
    pictures = [read_image(stem.with_name(f"000000_00_0{i}.jpg")) for i in range(3)]
    for picture, mask in zip(pictures, masks, strict=True):
        assert picture[mask > 0].min() > 80
        assert (picture.max(axis=-1) > 80).sum() < 3 * (mask > 0).sum()


def test_remove_takes_the_objects_that_it_names(crowd):
    settings = replace(CHAINS, task="remove", removed=(0.5, 0.5), decoys=0.0)
    folder, _ = run(crowd, settings)
    item = json.loads((folder / "annotations.json").read_text())["train"][0]
    assert set(item) == {"source_image", "target_image", "info"}
    source, removed = (each["parameters"] for each in read_lines(folder)[:2])
    assert source["fills"] == [] and source["objects"] == 6 and len(removed["removed"]) == 3
    mask = np.array(Image.open(crowd / removed["mask"])) > 0
    points = [(12 + 20 * (i // 3), 12 + 18 * (i % 3)) for i in range(6)]
    hit = [i for i, (row, column) in enumerate(points) if mask[row, column]]
    assert hit == removed["removed"]
    assert read_image(folder / "images" / "000000_00_00.jpg").max() < 10  # untouched


def test_a_photo_without_objects_is_named_and_skipped(crowd):
    photo = SourcePhoto(crowd / "crowd" / "2.png", "2.png", points=np.zeros((0, 2)))
    (told,) = repaint_photo(crowd / "made", CHAINS, Stub(CHAINS), photo, 0)
    assert "2.png` must have an object to remove" in told["skipped"]
    absent = SourcePhoto(crowd / "9.png", "9.png", points=np.ones((1, 2)))
    (told,) = repaint_photo(crowd / "made", CHAINS, Stub(CHAINS), absent, 0)
    assert "no such file" in told["skipped"]


def test_one_photo_is_refused(crowd):
    with pytest.raises(InputError, match="two photos at least"):
        run(crowd, replace(CHAINS, num_photos=1))


def test_masks_from_a_folder_are_taken(tmp_path):
    for part in ("photos", "masks"):
        (tmp_path / part).mkdir()
    for name in ("a.png", "b.png"):
        mask = np.zeros((40, 50), np.uint8)
        mask[5:15, 5:15], mask[20:30, 30:40] = 1, 2
        Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "photos" / name)
        Image.fromarray(mask).save(tmp_path / "masks" / name)
    settings = DiffusionSettings(
        task="remove", source=str(tmp_path / "photos"), mask_dir=str(tmp_path / "masks"),
        image_size=(48, 64), removed=(1.0, 1.0), decoys=0.0, margin=0,
    )  # fmt: skip
    folder, _ = run(tmp_path, settings)
    found = np.array(Image.open(folder / "masks" / "000000_00_01.png")) > 0
    np.testing.assert_array_equal(found, mask > 0)
