import csv
import json

import keras
import numpy as np
import pytest
from PIL import Image

import predict
from models.counter import build_counter
from training.command_line import run_command


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    image = keras.Input((16, 16, 3))
    features = keras.layers.Conv2D(2, 1, kernel_initializer="ones")(image)
    path = tmp_path_factory.mktemp("run") / "counter.keras"
    encoder = keras.Model(image, {"stride_32": features})
    # On white each of 2 features is 3, so that a patch counts 0.5 x 3 + 0.5 x 3 = 3.
    build_counter(encoder, 2, weights=np.array([0.5, 0.5])).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (40, 30), "white").save(folder / "a, white.png")
    Image.new("RGB", (21, 33), "black").save(folder / "black.jpg")
    return folder


def run(*arguments):
    argv = [str(argument) for argument in arguments]
    return run_command(predict.main, predict.build_parser(), argv)


def read_rows(folder):
    with (folder / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_predict_writes_table_json_and_pictures(model, photos, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("--model", model.parent, "--input", photos, "--output", out) == 0
    white, black = read_rows(out)
    assert white["image"] == "a, white.png" and white["error"] == ""
    np.testing.assert_allclose([float(white["count"]), float(white["patch_count_3"])], [12, 3])
    assert float(black["count"]) == 0
    content = json.loads((out / "predictions.json").read_text())
    assert [len(item["patch_counts"]) for item in content["predictions"]] == [4, 4]
    pictures = sorted(path.name for path in (out / "pictures").iterdir())
    assert pictures == ["a, white.png.png", "black.jpg.png"]
    assert "2 of 2 pictures counted" in capsys.readouterr().out


def test_predict_names_a_bad_picture_and_does_the_rest(model, photos, tmp_path, caplog):
    (photos / "b.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert run("--model", model, "--input", f"{photos}/*", "--output", out, "--no_pictures") == 1
    rows = read_rows(out)
    assert [bool(row["error"]) for row in rows] == [False, True, False]
    assert "b.jpg" in rows[1]["error"] and "b.jpg" in caplog.text
    assert not (out / "pictures").exists()


def test_predict_writes_nothing_when_every_picture_failed(model, tmp_path, capsys):
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert run("--model", model, "--input", tmp_path / "b.jpg", "--output", out) == 2
    assert "b.jpg" in capsys.readouterr().err and not out.exists()


def test_predict_reads_a_rotated_photo_upright(model, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn: 40 x 20 stored, 20 x 40 shown
    Image.new("RGB", (40, 20), "white").save(tmp_path / "a.jpg", exif=exif)
    out = tmp_path / "out"
    assert run("--model", model, "--input", tmp_path / "a.jpg", "--output", out) == 0
    with Image.open(out / "pictures" / "a.jpg.png") as picture:
        assert picture.height > picture.width


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--model": "missing"}, "`--model` must be a run folder with counter.keras"),
        ({"--input": "missing"}, "a path that matches no file"),
        ({"--output": "a_file/out"}, "Output folder"),
        ({"--batch_size": 0}, "`--batch_size` and `--max_pixels` must be at least 1"),
    ],
)
def test_predict_says_what_cannot_be_used(changes, message, model, photos, tmp_path, capsys):
    (tmp_path / "a_file").write_text("")
    if "--output" in changes:
        changes = {"--output": tmp_path / changes["--output"]}
    given = {"--model": model, "--input": photos, "--output": tmp_path / "out", **changes}
    assert run(*(part for pair in given.items() for part in pair)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_predict_names_a_picture_smaller_than_the_grid(model, photos, tmp_path):
    Image.new("RGB", (1, 9)).save(photos / "c.png")
    out = tmp_path / "out"
    assert run("--model", model, "--input", photos, "--output", out, "--batch_size", 4) == 1
    error = read_rows(out)[2]["error"]
    assert "refused the picture: `num_patches` must be at most the picture's rows" in error
