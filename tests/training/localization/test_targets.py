import keras
import numpy as np
import pytest

from config.errors import InputError
from models.localizer import build_localizer
from training.localization.targets import make_target_maker

BOX = np.array([0.25, 0.5, 0.75, 1.0])


@pytest.fixture(scope="module")
def encoder():
    x = image = keras.Input((64, 64, 3))
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


def draw(encoder, name, head, **options):
    localizer = build_localizer(encoder, head=head, **options)
    target = make_target_maker(localizer, [name])(BOX, 2)[name]
    assert target.dtype == np.float32 and target.shape == localizer.output[name].shape[1:]
    return target


def test_boxes_are_fractions_or_pixels_of_the_input(encoder):
    assert draw(encoder, "box", "box").tolist() == BOX.tolist()
    assert draw(encoder, "raw_box", "box").tolist() == [16, 32, 32, 32]


def test_classes_are_one_hot_from_one(encoder):
    assert draw(encoder, "class_logits", "edges", num_classes=3).tolist() == [0, 1, 0]


def test_masks_follow_the_rounding_of_the_model(encoder):
    # 8 cells: "centres" fills columns 2 to 5 and rows 4 to 7; "published" rint(7 * .25) = 2 up to
    # rint(5.25) = 5 and rint(3.5) = 4 up to 7.
    centres = draw(encoder, "mask", "mask", mask_rounding="centres")[..., 0]
    assert centres.sum() == 16 and centres[4:, 2:6].all()
    published = draw(encoder, "mask", "mask", mask_rounding="published")[..., 0]
    assert published.sum() == 9 and published[4:7, 2:5].all()


def test_grids_and_heat_maps_have_the_size_of_the_output(encoder):
    grid = draw(encoder, "grid", "grid")  # 2 x 2 cells; the centre (.5, .75) is in cell (1, 1)
    assert grid[1, 1].tolist() == [0.5, 0.5, 0.5, 0.0, 1.0]
    # 4 x 4 cells; the centre is the corner of four, half a cell from the middle of each: d^2 = .5
    heat = draw(encoder, "heat", "heatmap")[..., 0]
    assert heat[2:, 1:3] == pytest.approx(np.exp(-0.5 / 2)) and heat[:2].max() < 0.3


def test_an_output_that_is_not_there_is_named(encoder):
    localizer = build_localizer(encoder, head="edges")
    with pytest.raises(InputError, match="on outputs of this localizer: box. Received `mask`"):
        make_target_maker(localizer, ["mask"])
