import csv

import keras
import numpy as np
import pytest
from PIL import Image

import predict
from training.command_line import run_command


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A classifier of any size whose three scores are the means of red, green and blue."""
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(3, 1, use_bias=False, name="colours")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(3, use_bias=False)(x))
    model.set_weights([np.eye(3)[np.newaxis, np.newaxis], np.eye(3)])
    path = tmp_path_factory.mktemp("any") / "mine.keras"
    model.save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    folder, pixels = tmp_path / "photos", np.zeros((20, 30, 3), np.uint8)
    folder.mkdir()
    pixels[5:10, 10:20, 1] = 255
    Image.fromarray(pixels).save(folder / "green.png")
    Image.new("RGB", (9, 7), "black").save(folder / "black.png")
    return folder


def run(*arguments):
    argv = [str(argument) for argument in arguments]
    return run_command(predict.main, predict.build_parser(), argv)


@pytest.mark.parametrize("method", ["layer_cam", "cam", "grad_cam_plus_plus"])
def test_predict_draws_class_activation_maps(classifier, photos, tmp_path, method, capsys):
    out = tmp_path / "out"
    options = ("--cam", method, "--cam_pixels", "unit", "--batch_size", 2)
    assert run("--model", classifier, "--input", photos, "--output", out, *options) == 0
    with (out / "predictions.csv").open() as file:
        black, green = csv.DictReader(file)
    # 50 of 600 pixels are green: 1 / 12 of the mean, and half of the maximum or more
    assert (green["class"], green["image"]) == ("1", "green.png")
    np.testing.assert_allclose(
        [float(green["score"]), float(green["cam_share"])], 1 / 12, rtol=1e-5
    )
    assert float(black["cam_share"]) == 0
    cam = np.asarray(Image.open(out / "cams" / "green.png.png"))
    expected = np.zeros((20, 30))
    expected[5:10, 10:20] = 255
    np.testing.assert_array_equal(cam, expected)
    assert len(list((out / "pictures").iterdir())) == 2
    assert "2 of 2 pictures predicted" in capsys.readouterr().out


def test_predict_draws_a_class_by_its_column(classifier, photos, tmp_path):
    out = tmp_path / "out"
    options = ("--cam", "cam", "--cam_pixels", "unit", "--cam_class", 0, "--no_pictures")
    assert run("--model", classifier, "--input", photos, "--output", out, *options) == 0
    assert not np.asarray(Image.open(out / "cams" / "green.png.png")).any()
    assert not (out / "pictures").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cam", "layer_cam"), "`--cam_pixels` must tell what"),
        (("--cam_layer", "a", "--cam_size", 9), "`--cam_layer`, `--cam_size`: only with `--cam"),
        (("--cam", "cam", "--cam_size", 0), "`--cam_size` must be at least 1 pixel"),
        (("--cam", "cam", "--levels", 3), "`--levels`: only models that find objects take it"),
        (("--cam", "cam", "--cam_pixels", "unit", "--cam_class", 7), "Received 7; near are"),
        (
            ("--cam", "layer_cam", "--cam_pixels", "unit", "--cam_layer", "color"),
            "Received 'color', of which there are 0; near are colours",
        ),
    ],
)
def test_predict_says_which_option_of_maps_is_wrong(
    classifier, photos, tmp_path, options, message, capsys
):
    out = tmp_path / "out"
    assert run("--model", classifier, "--input", photos, "--output", out, *options) == 2
    assert message in capsys.readouterr().err and not out.exists()


def test_predict_opens_no_lambda(photos, tmp_path, capsys):
    image = keras.Input((8, 8, 3))
    x = keras.layers.Lambda(lambda images: images * 2)(image)
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    model.save(tmp_path / "bad.keras")
    arguments = ("--model", tmp_path / "bad.keras", "--input", photos, "--output", tmp_path / "out")
    assert run(*arguments, "--cam", "layer_cam", "--cam_pixels", "unit") == 2
    assert "bad.keras must be a model saved by Keras" in capsys.readouterr().err
