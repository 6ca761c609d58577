import numpy as np
import pytest
from PIL import Image

from config.commands import run_main
from datasets.box_pipeline import AUGMENTED_DETAIL, BoxPictures, make_box_sample_loader
from datasets.boxes import read_boxes
from datasets.pipeline import make_sample_dataset
from datasets.scene_jobs import SceneSettings
from datasets.synthetic_files import OBJECTS, write_objects
from reporting.preview import build_parser, main

PAGE = Image.new("RGB", (1, 1))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    write_objects(folder, 12, SceneSettings(image_size=(48, 64)))
    return folder


def run(data_dir, *arguments):
    arguments = ["--data_dir", str(data_dir), "--image_size", "32", *map(str, arguments)]
    return run_main(main, build_parser(), arguments)


def inside(page, column):
    """What a cell of the first row shows, but for the frame: enlarged by 6, margins of 16."""
    left, top = 16 + column * (192 + 16), 16 + 34
    return page[top : top + 192 : 6, left : left + 192 : 6]


def test_preview_shows_the_samples_that_training_sees(data_dir, tmp_path):
    path = tmp_path / "made" / "page.png"
    assert run(data_dir, "--seed", 3, "--epoch", 2, "--num", 2, "--output", path) == 0
    records = read_boxes("coco", data_dir, OBJECTS).training
    pictures = BoxPictures(records, 32, max_pixels=10**6, detail=AUGMENTED_DETAIL)
    load = make_box_sample_loader(
        pictures, recipe="general", make_targets=lambda box, _: {"b": box}
    )
    epochs = make_sample_dataset(
        len(records), load, batch_size=2, steps_per_epoch=1, epochs=3, seed=3, first_step=2
    )
    ((images, _),) = epochs
    with Image.open(path) as page:
        shown = np.asarray(page.convert("RGB"))
    assert shown.shape[1] == 16 + 2 * (192 + 16)
    for column, image in enumerate(np.rint(images.numpy() * 255)):
        same = (inside(shown, column) == image).all(axis=-1)
        assert same.mean() > 0.8  # all but the box's frame


def test_preview_takes_more_samples_than_there_are(data_dir, tmp_path):
    path = tmp_path / "page.png"
    assert run(data_dir, "--num", 50, "--augment", "none", "--output", path) == 0
    with Image.open(path) as page:
        assert page.width == 16 + 3 * (192 + 16)  # 8 of 12 pictures train: 3 x 3


def test_preview_fills_in_what_is_published_for_the_head(data_dir, tmp_path):
    path = tmp_path / "page.png"
    given = ["--params_dir", "config", "--set", "head=grid", "--image_size", "null"]
    titles = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reporting.preview.lay_out", lambda *args: titles.append(args[2]) or PAGE)
        given += ["--class_source", "annotation", "--num", 1, "--output", path]
        assert run(data_dir, *given) == 0
    assert titles == ["published, 224 x 224 pixels, seed 0, epoch 0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--experiment", "training/points"], "`--experiment` must be training/localization"),
        (["--num", 0], "`--num` must be between 1 and 400"),
        (["--seed", -1], "`--seed` must be between 0"),
        (["--epoch", -1], "`--epoch` must be between 0"),
        (["--augment", "mild"], "`augment`"),
        (["--objects", "all"], "`objects`"),
        (["--dataset", "absent"], "`absent` must be a folder inside"),
        (["--params_dir", "absent"], "no such config file"),
    ],
)
def test_preview_names_bad_input_in_one_line(data_dir, tmp_path, capsys, arguments, message):
    assert run(data_dir, "--output", tmp_path / "page.png", *arguments) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed
    assert not (tmp_path / "page.png").exists()
