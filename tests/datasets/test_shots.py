import logging
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError, MissingSplit
from datasets.records import ShotRecord
from datasets.shots import ShotChoices, read_shots

WHOLE = ShotChoices(test_fraction=0, validation_fraction=0)


def write_shots(folder, names, num_frames=2):
    """Write shots of noise, no two of which look alike."""
    for name in names:
        (folder / name).mkdir(parents=True)
        generator = np.random.default_rng(zlib.crc32(name.encode()))
        for number in range(num_frames):
            pixels = generator.integers(0, 256, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def names_of(shots):
    return [shot.name for shot in shots]


def test_read_shots_draws_whole_shots_by_tag(tmp_path):
    write_shots(tmp_path, [f"{tag}/{i}" for tag in ("cat", "rat") for i in range(5)])
    splits = read_shots("shots", tmp_path, ".", ShotChoices(validation_fraction=0.25))
    assert splits.class_names == ("cat", "rat") and not splits.transductive
    # Of 10 two are tested, one of each tag; of 8 two are validated, likewise.
    for shots, num in ((splits.training, 3), (splits.validation, 1), (splits.test, 1)):
        assert sorted(shot.tag for shot in shots) == [1] * num + [2] * num
        assert shots == sorted(shots)
    again = read_shots("shots", tmp_path, ".", ShotChoices(validation_fraction=0.25))
    assert names_of(again.test) == names_of(splits.test)


def test_read_shots_without_a_split_tests_what_it_learns(tmp_path):
    write_shots(tmp_path, ["cat/0", "cat/1", "rat/0"])
    splits = read_shots("shots", tmp_path, ".", WHOLE)
    assert splits.transductive and splits.validation == []
    assert splits.test == splits.training and splits.test is not splits.training
    told = read_shots("shots", tmp_path, ".", ShotChoices(test_fraction=0.4, validation_fraction=0))
    assert not told.transductive and len(told.test) == 1


def test_read_shots_keeps_told_splits(tmp_path):
    write_shots(tmp_path, ["train/cat/0", "train/cat/1", "val/cat/0", "test/cat/0"])
    splits = read_shots("shots", tmp_path, ".", WHOLE)
    assert names_of(splits.validation) == ["val/cat/0"]
    assert names_of(splits.test) == ["test/cat/0"] and not splits.transductive


def test_read_shots_of_validating_shots_without_test_is_not_transductive(tmp_path):
    write_shots(tmp_path, ["train/cat/0", "val/cat/0"])
    splits = read_shots("shots", tmp_path, ".", WHOLE)
    assert splits.test == [] and not splits.transductive


def test_read_shots_names_and_drops_shots_without_frames(tmp_path, caplog):
    write_shots(tmp_path, ["cat/0", "cat/1"])
    (tmp_path / "cat" / "empty").mkdir()
    with caplog.at_level(logging.WARNING):
        splits = read_shots("shots", tmp_path, ".", WHOLE)
    assert names_of(splits.training) == ["cat/0", "cat/1"]
    assert "Left out the shot cat/empty: no frames" in caplog.text


def test_read_shots_needs_a_shot_with_frames(tmp_path):
    (tmp_path / "cat" / "empty").mkdir(parents=True)
    with pytest.raises(InputError, match="None of its 1 shots has any"):
        read_shots("shots", tmp_path, ".")


def test_read_shots_keeps_a_shot_of_one_frame(tmp_path):
    write_shots(tmp_path, ["cat/0"], num_frames=1)
    splits = read_shots("shots", tmp_path, ".", WHOLE)
    assert len(splits.training[0].frames) == 1


def test_read_shots_joins_data_sets_and_keeps_chosen_tags(tmp_path):
    write_shots(tmp_path, ["zoo/cat/0", "zoo/rat/0", "farm/cow/0"])
    options = {"test_fraction": 0, "validation_fraction": 0}
    splits = read_shots(
        "shots", tmp_path, "zoo+farm", ShotChoices(classes=["rat", "cow"], **options)
    )
    found = [(shot.name, shot.tag, shot.class_name) for shot in splits.training]
    assert found == [("farm/cow/0", 2, "cow"), ("zoo/rat/0", 1, "rat")]


def test_read_shots_tags_sequences_by_patterns(tmp_path):
    for name in ("libby", "dog", "goat"):
        write_shots(tmp_path, [f"d/JPEGImages/480p/{name}"])
    options = {"test_fraction": 0, "validation_fraction": 0}
    splits = read_shots("davis", tmp_path, "d", ShotChoices(shot_tags={"libby": "dog"}, **options))
    assert splits.class_names == ("dog", "goat")
    assert [shot.class_name for shot in splits.training] == ["dog", "goat", "dog"]


def test_read_shots_refuses_two_shots_of_one_name(tmp_path):
    write_shots(tmp_path, ["zoo/cat/0"])
    with pytest.raises(InputError, match="2 are called zoo/cat/0"):
        read_shots("shots", tmp_path, "zoo+zoo")


@pytest.mark.parametrize(
    ("format", "options", "message"),
    [
        ("shot", {}, "`--format` must be one of .* the nearest is shots"),
        ("shots", {"classes": ["catt"]}, "the nearest is cat"),
        ("shots", {"shot_tags": {"x": "cat"}}, "None is called x"),
        ("shots", {"test_fraction": 1.0}, "`test_fraction` must be at least 0 and below 1"),
    ],
)
def test_read_shots_refuses_what_is_unknown(tmp_path, format, options, message):
    write_shots(tmp_path, ["cat/0", "cat/1"])
    with pytest.raises(InputError, match=message):
        read_shots(format, tmp_path, ".", ShotChoices(**options))


def test_read_shots_of_testing_shots_only_is_refused(tmp_path):
    write_shots(tmp_path, ["test/cat/0"])
    (tmp_path / "train").mkdir()
    with pytest.raises(MissingSplit, match="must have pictures of the split train"):
        read_shots("shots", tmp_path, ".")


def test_records_are_ordered_by_name_alone():
    first = ShotRecord("a", (Path("z"),), 2, ("x", "y"), boxes=(np.zeros((1, 4)),))
    second = ShotRecord("b", (Path("a"),), 1, ("x", "y"))
    assert sorted([second, first]) == [first, second] and first.class_name == "y"
