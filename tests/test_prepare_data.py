import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import prepare_data
from training.command_line import run_command

SCRIPT = Path(prepare_data.__file__)


@pytest.fixture
def data_dir(tmp_path):
    """Write five pictures of noise with a box each."""
    generator = np.random.default_rng(0)
    rows = []
    for i in range(5):
        noise = Image.fromarray(generator.integers(0, 256, (6, 8, 3), np.uint8))
        (tmp_path / "zoo").mkdir(exist_ok=True)
        noise.resize((80, 60)).save(tmp_path / "zoo" / f"{i}.png")
        rows.append(f"{i}.png,60,80,10,20,50,60,cat,0\n")
    (tmp_path / "zoo" / "boxes.csv").write_text("".join(rows))
    return tmp_path


def run(data_dir, *arguments):
    arguments = ["--check", "--dataset", "zoo", "--data_dir", str(data_dir), *arguments]
    if "--format" not in arguments:
        arguments += ["--format", "boxes"]
    return run_command(prepare_data.main, prepare_data.build_parser(), arguments)


def test_prepare_data_finds_nothing_wrong_with_sound_data(data_dir, capsys):
    assert run(data_dir) == 0
    printed = capsys.readouterr().out
    assert "zoo (boxes): 5 pictures" in printed and printed.endswith("no problems\n")


def test_prepare_data_tells_of_problems_by_its_status(data_dir, capsys, tmp_path):
    (data_dir / "zoo" / "3.png").unlink()
    assert run(data_dir, "--json", str(tmp_path / "found.json")) == 1
    assert "missing pictures: 1" in capsys.readouterr().out
    content = json.loads((tmp_path / "found.json").read_text())
    assert content["findings"][0]["kind"] == "missing" and not content["clean"]


def test_prepare_data_checks_tags_and_their_label_maps(data_dir, capsys):
    names = "".join(f"{i}.png,cat\n" for i in range(5))
    (data_dir / "zoo" / "tags.csv").write_text(f"image,tags\n{names}")
    (data_dir / "zoo" / "truth").mkdir()
    for i, size in enumerate([(80, 60), (79, 60)]):
        Image.new("L", size).save(data_dir / "zoo" / "truth" / f"{i}.png")
    assert run(data_dir, "--format", "tags") == 0
    assert "5 pictures, 0 with a label map, no splits" in capsys.readouterr().out
    assert run(data_dir, "--format", "tags", "--masks", "truth") == 1
    printed = capsys.readouterr().out
    assert "2 with a label map" in printed and "label maps that cannot be used: 1" in printed
    assert "\n  class  pictures\n  cat           5\n" in printed


def test_prepare_data_takes_classes_from_file_names_and_counts_objects(data_dir, capsys):
    rows = []
    for i in range(5):
        (data_dir / "zoo" / f"{i}.png").rename(data_dir / "zoo" / f"Grey_Cat_{i}.png")
        rows.append(f"Grey_Cat_{i}.png,60,80,10,20,50,60,cat,0\n")
    (data_dir / "zoo" / "boxes.csv").write_text("".join([*rows, rows[0]]))
    assert run(data_dir, "--class_source", "file_name") == 0
    printed = capsys.readouterr().out
    assert "  grey_cat         5        6" in printed and "4 with exactly one object" in printed
    assert "pictures with several objects: 1\n" in printed
    assert "Grey_Cat_0.png`: 2" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--class_source", "file_name"], "must be called `<class>_<rest>`"),
        (["--class_source", "file_name", "--format", "points"], "needs a format with boxes"),
        (["--format", "boxs"], "the nearest is boxes"),
        (["--format", "points", "--masks", "own"], "`masks` needs a format with tags"),
        (["--masks", "absent"], "`masks` must be own, none, or a folder inside `zoo`"),
        (["--format", "voc"], "must hold a folder `Annotations`"),
        (["--max_pixels", "0"], "`--max_pixels` must be at least 1"),
        (["--workers", "0"], "`--workers` must be at least 1"),
        (["--json", "/absent/a.json"], "`--json` must lie in a folder that exists"),
    ],
)
def test_prepare_data_that_cannot_run_says_so_in_one_line(data_dir, capsys, arguments, message):
    assert run(data_dir, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_prepare_data_runs_as_a_script(data_dir):
    arguments = ["--check", "--format", "boxes", "--dataset", "zoo", "--data_dir", str(data_dir)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "no problems" in done.stdout, done.stderr
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, timeout=120)
    assert done.returncode == 2


def convert(data_dir, *arguments):
    arguments = ["--format", "shots", "--data_dir", str(data_dir), *arguments]
    return run_command(prepare_data.main, prepare_data.build_parser(), arguments)


def test_prepare_data_writes_shots_in_other_layouts(tmp_path, capsys):
    for name in ("train/cat/1", "test/cat/2"):
        (tmp_path / "zoo" / name).mkdir(parents=True)
        Image.new("RGB", (8, 6)).save(tmp_path / "zoo" / name / "1.jpg")
        (tmp_path / "zoo" / name / "boxes.csv").write_text("frame,xmin,ymin,xmax,ymax\n1,1,2,3,4\n")
    output = ["--dataset", "zoo", "--output"]
    assert convert(tmp_path, "--convert", "wsol", *output, str(tmp_path / "folds")) == 0
    assert "2 shots of 1 classes" in capsys.readouterr().out
    boxes = (tmp_path / "folds" / "test" / "localization.txt").read_text()
    assert boxes == "zoo/test/cat/2/1.jpg,1,2,3,4\n"
    assert convert(tmp_path, "--convert", "shots", *output, str(tmp_path / "out")) == 0
    assert (tmp_path / "out" / "train" / "cat" / "zoo_train_cat_1" / "1.jpg").is_file()


def test_prepare_data_needs_a_folder_to_write(tmp_path, capsys):
    assert convert(tmp_path, "--convert", "wsol", "--dataset", "zoo") == 2
    assert "`--output` must name the folder" in capsys.readouterr().err
