import json

import pytest

import synthesize
from datasets.annotations import read_counted_annotations, read_ranked_annotations
from training.command_line import run_command


def run(*arguments):
    arguments = [str(each) for each in (*arguments, "--workers", 1)]
    return run_command(synthesize.main, synthesize.build_parser(), arguments)


def test_synthesize_takes_discs_out_of_photos(tmp_path, disc_data, capsys):
    arguments = ["--method", "remove", "--data_dir", tmp_path, "--source_dir", disc_data]
    arguments += ["--format", "dots", "--dataset", "discs", "--chain_length", 3, "--num_chains", 1]
    # Of the 8 training pictures, with 0 to 3 discs, 3 have none and 2 a single one.
    assert run(*arguments, "--max_bad_fraction", 0.7, "--contact_sheet") == 0
    records = [
        record
        for split in ("train", "val")
        for record in read_ranked_annotations(tmp_path, "removed", split)
    ]
    assert len(records) >= 3 and {len(record.images) for record in records} == {3}
    capsys.readouterr()
    assert run("--check", tmp_path / "removed") == 0
    assert "100.0 %" in capsys.readouterr().out


def test_synthesize_pastes_the_discs_of_one_photo(tmp_path, disc_data):
    arguments = ["--method", "paste", "--data_dir", tmp_path, "--source_dir", disc_data]
    arguments += ["--format", "dots", "--dataset", "discs", "--num_photos", 1, "--seed", 1]
    arguments += ["--object_radius", 5, "--num", 4, "--counts", 1, 5, "--background", "ground"]
    assert run(*arguments, "--contact_sheet") == 0
    listed = json.loads((tmp_path / "pasted" / "annotations.json").read_text())
    assert len(listed) == 4 and {item["count"] for item in listed} <= {1, 5}
    assert (tmp_path / "pasted" / "contact_sheet.png").is_file()


def test_synthesize_pastes_a_test_split_that_is_read(tmp_path, disc_data):
    arguments = ["--method", "paste", "--data_dir", tmp_path, "--source_dir", disc_data]
    arguments += ["--format", "dots", "--dataset", "discs", "--num", 2, "--count_range", 2, 6]
    assert run(*arguments, "--as_test", "--name", "held_out") == 0
    assert len(read_counted_annotations(tmp_path, "held_out", "test")) == 2


@pytest.mark.parametrize("method", ["remove", "paste"])
def test_synthesize_refuses_photos_without_objects_in_one_line(tmp_path, disc_data, capsys, method):
    source = disc_data / "discs"
    assert run("--method", method, "--data_dir", tmp_path, "--source", source) == 2
    error = capsys.readouterr().err
    assert "points, boxes or masks" in error and error.count("\n") == 1
    assert not any(tmp_path.iterdir())
