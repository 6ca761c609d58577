import csv
import json
import os

import keras
import numpy as np
import pytest
from PIL import Image

import predict
from models.counter import build_counter
from models.localizer import build_localizer, set_mean_box
from models.locator import build_locator
from models.point_counter import build_point_counter
from models.saliency_network import build_saliency_model
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
    assert "2 of 2 pictures predicted" in capsys.readouterr().out


def test_predict_takes_a_file_name_that_is_not_utf_8(model, photos, tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    try:
        Image.new("RGB", (20, 20), "white").save(photos / name)
    except OSError:
        pytest.skip("this file system holds names in UTF-8 alone")
    out = tmp_path / "out"
    assert run("--model", model.parent, "--input", photos, "--output", out) == 0
    assert b"\ncaf\xe9.png,12" in (out / "predictions.csv").read_bytes()
    content = json.loads((out / "predictions.json").read_text())
    assert content["predictions"][2]["image"] == name
    assert (out / "pictures" / f"{name}.png").exists()


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


@pytest.fixture(scope="module")
def points_run(tmp_path_factory):
    """A run whose model finds what is brighter than a threshold, in red or in green."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(3, 1)
    network = keras.Model(image, layer(image))
    # Logits 0, 20 red - 10, 20 green - 10: a class where its colour is bright.
    kernel = np.eye(3)[:, [2, 0, 1]] * [0, 20, 20]
    layer.set_weights([kernel[np.newaxis, np.newaxis], np.array([0, -10, -10])])
    folder = tmp_path_factory.mktemp("points")
    build_point_counter(network, min_area=2).save(folder / "points.keras")
    (folder / "points.json").write_text('{"class_names": ["red", "green"]}')
    return folder


@pytest.fixture
def discs(tmp_path):
    """Two red squares of 9 pixels, a green one of 4, a single red pixel; and nothing."""
    folder, pixels = tmp_path / "discs", np.zeros((70, 100, 3), np.uint8)
    folder.mkdir()
    pixels[2:5, 3:6, 0] = pixels[31:34, 63:66, 0] = pixels[60:62, 9:11, 1] = pixels[9, 9, 0] = 255
    Image.fromarray(pixels).save(folder / "a.png")
    Image.new("RGB", (1, 9)).save(folder / "b.png")
    return folder


@pytest.mark.parametrize("options", [(), ("--tile", 64, "--overlap", 16, "--batch_size", 2)])
def test_predict_finds_objects(points_run, discs, tmp_path, options, capsys):
    out = tmp_path / "out"
    assert run("--model", points_run, "--input", discs, "--output", out, *options) == 0
    first, second = read_rows(out)
    assert first == {
        **{"image": "a.png", "count": "3.0", "class_count_red": "2.0"},
        **{"class_count_green": "1.0", "error": ""},
    }
    assert second["count"] == "0.0"
    assert (out / "points.csv").read_text().splitlines()[1:] == [
        "a.png,3,4,red,9",
        "a.png,32,64,red,9",
        "a.png,60,9,green,4",
    ]
    content = json.loads((out / "points.coco.json").read_text())
    assert [item["bbox"] for item in content["annotations"]] == [
        [3, 2, 3, 3],
        [63, 31, 3, 3],
        [9, 60, 2, 2],
    ]
    with Image.open(out / "blobs" / "a.png.png") as labels:
        assert np.unique(np.asarray(labels), return_counts=True)[1].tolist() == [6978, 9, 9, 4]
    assert (out / "pictures" / "a.png.png").is_file() and (out / "blobs" / "b.png.png").is_file()
    assert "2 of 2 pictures predicted" in capsys.readouterr().out


def test_predict_overrides_what_the_model_says(points_run, discs, tmp_path):
    out, more = tmp_path / "out", ("--min_area", 1, "--no_pictures")
    arguments = ("--model", points_run, "--input", discs / "a.png", "--output", out)
    assert run(*arguments, *more) == 0 and read_rows(out)[0]["count"] == "4.0"
    # A bright pixel has p = e^10 / (e^10 + 1 + e^-10) = .99995.
    assert run(*arguments, *more, "--threshold", 0.9999) == 0
    assert read_rows(out)[0]["count"] == "4.0"
    assert run(*arguments, *more, "--threshold", 0.99999) == 0
    assert read_rows(out)[0]["count"] == "0.0"
    assert not (out / "pictures").exists()


def test_predict_parts_what_touches_at_a_higher_threshold(points_run, tmp_path):
    # Two peaks on a bridge. Red of 134 has the logit 20 x 134 / 255 - 10 = .51, so p = .62: above
    # .5 there is one blob, above .75 there are two.
    pixels = np.zeros((3, 9, 3), np.uint8)
    pixels[1, 1:8, 0], pixels[1, [2, 6], 0] = 134, 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    arguments = ("--model", points_run, "--input", tmp_path / "a.png", "--min_area", 1)
    for levels, count in ((1, "1.0"), (2, "2.0")):
        out = tmp_path / f"out_{levels}"
        assert run(*arguments, "--output", out, "--levels", levels) == 0
        assert read_rows(out)[0]["count"] == count
        assert len((out / "points.csv").read_text().splitlines()) == 1 + levels


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--levels", 0), "`--levels` must be at least 1 and at most 100. Received 0"),
        (("--threshold", 1), "`--threshold` must be at least 0 and below 1. Received 1.0"),
        (("--min_area", 0), "`--min_area` must be at least 1 pixel"),
        (("--tile", 100, "--overlap", 40), "`--tile` must be at least 32 pixels more"),
    ],
)
def test_predict_refuses_options_of_objects(options, message, points_run, discs, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("--model", points_run, "--input", discs, "--output", out, *options) == 2
    assert message in capsys.readouterr().err and not out.exists()


def test_predict_refuses_options_that_do_not_apply(model, photos, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ("--model", model, "--input", photos, "--output", out)
    assert run(*arguments, "--threshold", 0.5, "--tile", 512) == 2
    error = capsys.readouterr().err
    assert "`--tile`, `--threshold`: only models that find objects" in error and not out.exists()


def test_predict_leaves_nothing_when_no_object_picture_can_be_read(points_run, tmp_path, capsys):
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert run("--model", points_run, "--input", tmp_path / "b.jpg", "--output", out) == 2
    assert "b.jpg" in capsys.readouterr().err and not out.exists()


def test_predict_stopped_leaves_no_half_file(points_run, discs, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("reporting.label_maps._write_png", stop)
    out = tmp_path / "out"
    assert run("--model", points_run, "--input", discs, "--output", out) == 130
    assert not out.exists()


@pytest.fixture(scope="module")
def localization_run(tmp_path_factory):
    """A run whose model answers the lower right quarter of each picture, and the class dog."""
    image = keras.Input((32, 32, 3))
    conv = keras.layers.Conv2D(3, 3, strides=32, padding="same", activation="relu")
    encoder = keras.Model(image, {"stride_32": conv(image)}, name="small")
    localizer = build_localizer(encoder, head="box_class", num_classes=2)
    set_mean_box(localizer, [0.5, 0.5, 1, 1])
    layer = localizer.get_layer("head_class_logits")
    layer.set_weights([np.zeros((3, 2)), np.log([1, 3])])
    folder = tmp_path_factory.mktemp("localization")
    build_locator(localizer, class_names=("cat", "dog")).save(folder / "localizer.keras")
    return folder


def test_predict_finds_boxes_in_upright_pixels(localization_run, photos, tmp_path, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn: 40 x 20 stored, 20 x 40 shown
    Image.new("RGB", (40, 20), "white").save(photos / "c.jpg", exif=exif)
    (photos / "d.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert run("--model", localization_run, "--input", photos, "--output", out) == 1
    rows = read_rows(out)
    # a is 40 x 30, b 21 x 33, c 20 x 40 pixels.
    boxes = [[float(row[f"box_{side}"]) for side in ("x0", "y0", "x1", "y1")] for row in rows[:3]]
    np.testing.assert_allclose(boxes, [[20, 15, 40, 30], [10.5, 16.5, 21, 33], [10, 20, 20, 40]])
    assert [row["class"] for row in rows] == ["dog", "dog", "dog", ""]
    np.testing.assert_allclose(float(rows[0]["score"]), 0.75, rtol=1e-6)
    np.testing.assert_allclose(float(rows[0]["class_probability_cat"]), 0.25, rtol=1e-6)
    content = json.loads((out / "boxes.coco.json").read_text())
    assert [item["bbox"] for item in content["annotations"]][0] == [20, 15, 20, 15]
    assert [(item["height"], item["width"]) for item in content["images"]][2] == (40, 20)
    assert sorted(path.name for path in (out / "voc").iterdir()) == [
        "a, white.xml",
        "black.xml",
        "c.xml",
    ]
    assert len(list((out / "pictures").iterdir())) == 3
    assert "3 of 4 pictures predicted" in capsys.readouterr().out
    assert "points.csv" not in {path.name for path in out.iterdir()}


def test_predict_writes_masks_areas_and_coco(photos, tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8")
    label_map = keras.ops.cast(images[..., 0] > 127, "uint8")
    (tmp_path / "run").mkdir()
    keras.Model(images, {"label_map": label_map}).save(tmp_path / "run" / "segmenter.keras")
    (tmp_path / "run" / "masks.json").write_text('{"class_names": ["sheep"]}')
    out = tmp_path / "out"
    assert run("--model", tmp_path / "run", "--input", photos, "--output", out) == 0
    white, black = read_rows(out)
    assert (white["area_sheep"], white["share_sheep"]) == ("1200", "1.0")  # 40 x 30 pixels
    assert (black["area_background"], black["area_sheep"]) == ("693", "0")  # 21 x 33
    (item,) = json.loads((out / "masks.coco.json").read_text())["annotations"]
    assert item["bbox"] == [0, 0, 40, 30] and item["area"] == 1200
    assert item["segmentation"]["size"] == [30, 40]
    assert np.asarray(Image.open(out / "masks" / "a, white.png.png")).min() == 1
    assert len(list((out / "pictures").iterdir())) == 2 and (out / "areas.csv").is_file()


def test_predict_writes_saliency(photos, tmp_path):
    image = keras.Input((32, 32, 3))
    conv = keras.layers.Conv2D(2, 1, strides=8, kernel_initializer="zeros")
    network = keras.Model(image, conv(image))
    build_saliency_model(network).save(tmp_path / "saliency.keras")
    out = tmp_path / "out"
    assert run("--model", tmp_path, "--input", photos, "--output", out) == 0
    white, _ = read_rows(out)
    assert (white["peak"], white["salient_share"]) == ("0.5", "1.0")  # both logits are 0
    saliency = np.asarray(Image.open(out / "saliency" / "black.jpg.png"))
    assert saliency.shape == (33, 21) and set(saliency.ravel()) == {128}
    assert len(list((out / "pictures").iterdir())) == 2
