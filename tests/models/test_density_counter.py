import keras
import numpy as np
import pytest

from config.errors import InputError
from models.density_counter import CellWeights, build_density_counter
from ops.count_calibration import calibrate_counts
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model

# Of a cell's mean red r and green g: none below g = .1, dense from r = .5 on; counts 10 r.
KERNEL = np.array([[0.0, 0.0, 80.0], [-100.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
WEIGHTS = CellWeights(np.array([10.0, 0, 0]), KERNEL, np.array([10.0, 0.0, -40.0]))


def tiny_encoder():
    image = keras.Input((4, 4, 3), name="image")
    features = keras.layers.ReLU(max_value=1.0, name="clip")(image)
    return keras.Model(image, {"stride_32": features}, name="tiny")


def build(num_patches=1, max_depth=2, **options):
    return build_density_counter(
        tiny_encoder(), WEIGHTS, num_patches=num_patches, max_depth=max_depth, **options
    )


@pytest.fixture(scope="module")
def counter():
    calibration = calibrate_counts(
        [0, 2, 4, 9], [1.0, 2.0, 6.0, 5.0], interval=0.8, calibrated_on="drawn scenes"
    )
    return build(calibration=calibration)


def paint(red, green=255):
    """A picture of 16 x 16: `red` (4, 4) in 0..255, each value a block of 4 x 4 pixels."""
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 0] = np.repeat(np.repeat(np.array(red, np.uint8), 4, axis=0), 4, axis=1)
    image[..., 1] = green
    return image[None]


def test_dense_cells_are_cut_up_to_the_depth(counter):
    # All red: the whole is cut, its 4 parts are, and the 16 of the last depth count 10 each.
    outputs = counter(paint(np.full((4, 4), 255)))
    assert outputs["cells"][0, :, 1].numpy().tolist() == [3.0] * 5 + [4.0] * 16
    np.testing.assert_allclose(outputs["count"], [160], rtol=1e-5)
    np.testing.assert_allclose(outputs["patch_counts"], [[160]], rtol=1e-5)


def test_only_dense_cells_are_cut(counter):
    red = np.zeros((4, 4))
    red[:2, 2:] = 255  # Upper right: the mean of all is 1 / 4, so the whole is sparse: 2.5.
    outputs = counter(paint(red))
    np.testing.assert_allclose(outputs["count"], [2.5], rtol=1e-5)
    red[2:, :] = 255  # Now 3 / 4: cut; upper left, without red, is sparse and counts 0.
    outputs = counter(paint(red))
    states = outputs["cells"][0, :, 1].numpy()
    assert states[:5].tolist() == [3, 2, 3, 3, 3]
    assert (states[5:].reshape(4, 4) == np.where(red > 0, 4, 0)).all()
    np.testing.assert_allclose(outputs["count"], [120], rtol=1e-5)
    assert (outputs["cell_probabilities"].numpy()[0].sum(axis=-1) > 0.99).sum() == 5 + 12


def test_none_cells_count_nothing(counter):
    outputs = counter(paint(np.full((4, 4), 100), green=0))  # .39 red would be 3.9 objects
    assert outputs["cells"][0, 0].numpy().tolist() == [0, 1]
    assert outputs["count"].numpy().tolist() == outputs["count_low"].numpy().tolist() == [0]


def test_coarse_cells_add_their_parts_up():
    red = np.zeros((4, 4))
    red[2:, :2] = 255  # Lower left of 2 x 2 is cut once: 4 parts of 10.
    outputs = build(num_patches=2, max_depth=1)(paint(red))
    np.testing.assert_allclose(outputs["patch_counts"], [[0, 0, 40, 0]], atol=1e-4)
    assert outputs["cells"].shape == (1, 4 + 16, 2)


def test_pictures_of_a_batch_are_read_alone(counter):
    red = np.random.default_rng(0).integers(0, 2, (3, 4, 4)) * 255
    batch = np.concatenate([paint(each) for each in red])
    together = counter.predict(batch, verbose=0)
    for i in range(3):
        for name, value in counter(batch[i : i + 1]).items():
            np.testing.assert_allclose(together[name][i : i + 1], value, rtol=1e-5, atol=1e-5)


def test_depth_0_never_cuts_again():
    outputs = build(max_depth=0)(paint(np.full((4, 4), 255)))
    assert outputs["cells"].numpy().tolist() == [[[pytest.approx(10), 4]]]


def test_a_counter_is_saved_and_exported(counter, tmp_path):
    counter.save(tmp_path / "counter.keras")
    loaded = load_keras_model(tmp_path / "counter.keras")
    images = np.random.default_rng(1).integers(0, 256, (2, 9, 21, 3), np.uint8)
    for name, value in counter(images).items():
        np.testing.assert_array_equal(loaded(images)[name], value)
    assert export_saved_model(loaded, tmp_path / "saved_model", max_pixels=10**5).is_dir()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"counts": np.ones(2)}, "`weights` must have the shapes"),
        ({"counts": -np.ones(3)}, "`weights` must be finite, those of the count not negative"),
        ({"class_bias": np.full(3, np.nan)}, "`weights` must be finite"),
    ],
)
def test_bad_weights_are_refused(change, match):
    with pytest.raises(InputError, match=match):
        build_density_counter(
            tiny_encoder(), WEIGHTS._replace(**change), num_patches=1, max_depth=1
        )


@pytest.mark.parametrize("numbers", [(0, 1), (1, -1)])
def test_bad_numbers_are_refused(numbers):
    with pytest.raises(InputError, match="`N` must be at least 1 and `max_depth` at least 0"):
        build(*numbers)
