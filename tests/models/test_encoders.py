import urllib.error

import keras
import numpy as np
import pytest

from config.errors import InputError
from config.schema import ENCODER_NAMES
from models.encoders import ENCODERS, build_encoder, find_deepest, set_batch_norm


def small(**options):
    return build_encoder("mobilenet_v2", (64, 96, 3), **{"alpha": 0.35, **options})


def random_images(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


@pytest.fixture(scope="module")
def encoder():
    return small()


@pytest.fixture(scope="module")
def weight_files(encoder, tmp_path_factory):
    """The files an encoder may come from: Keras 3 weights, Keras 3 model, published legacy HDF5."""
    folder = tmp_path_factory.mktemp("weights")
    encoder.save_weights(folder / "encoder.weights.h5")
    encoder.save(folder / "encoder.keras")
    write_legacy(encoder, folder / "no_top.h5")
    return folder


def write_legacy(model, path):
    """Write the layout of Keras' published files: a group per layer, names in attributes."""
    import h5py

    layers = [layer for layer in model.layers if layer.name not in ("clip", "to_255", "preprocess")]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.0"
        for layer in layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0" for weight in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = weight.numpy()


def test_table_has_every_name_of_the_schema():
    assert tuple(ENCODERS) == ENCODER_NAMES


@pytest.mark.parametrize(
    "model_name, channels",
    [
        ("mobilenet_v2", [144, 192, 576, 1280]),
        ("resnet50", [256, 512, 1024, 2048]),
        ("resnet50_v2", [256, 512, 1024, 2048]),
        ("vgg16", [256, 512, 512, 512]),
    ],
)
def test_build_encoder_maps_have_the_strides_they_name(model_name, channels):
    outputs = build_encoder(model_name, (64, 96, 3)).output
    for stride, depth in zip((4, 8, 16, 32), channels, strict=True):
        expected = (None, 64 // stride, 96 // stride, depth)
        assert tuple(outputs[f"stride_{stride}"].shape) == expected


@pytest.mark.parametrize("model_name", ENCODER_NAMES)
def test_build_encoder_equals_keras_applications_with_its_own_preprocess(model_name):
    modules = {
        "mobilenet_v2": keras.applications.mobilenet_v2,
        "resnet50": keras.applications.resnet50,
        "resnet50_v2": keras.applications.resnet_v2,
        "vgg16": keras.applications.vgg16,
    }
    encoder = build_encoder(model_name, (32, 64, 3))
    network = ENCODERS[model_name].builder(weights=None, include_top=False, input_shape=(32, 64, 3))
    network.set_weights(encoder.get_weights())
    images = random_images(2, 32, 64, 3)
    expected = network(modules[model_name].preprocess_input(images * 255))
    result = encoder(images)
    np.testing.assert_allclose(result["stride_32"], expected, rtol=1e-3, atol=1e-5)
    assert all(np.min(feature_map) >= 0 for feature_map in result.values())


def test_build_encoder_is_flat_and_keeps_keras_layer_names(encoder):
    assert encoder.get_layer("block_13_expand_relu").output is not None
    assert not any(isinstance(layer, keras.Model) for layer in encoder.layers)
    assert encoder.input.name == "image" and encoder.name == "mobilenet_v2"


def test_build_encoder_clips_to_the_unit_range(encoder):
    images = random_images(1, 64, 96, 3) * 3 - 1
    expected = encoder(np.clip(images, 0, 1))["stride_32"]
    np.testing.assert_array_equal(encoder(images)["stride_32"], expected)


def test_build_encoder_nan_stays_visible(encoder):
    images = np.full((1, 64, 96, 3), np.nan, np.float32)
    assert np.isnan(encoder(images)["stride_32"]).all()


def test_build_encoder_takes_sizes_that_do_not_divide():
    outputs = build_encoder("resnet50", (50, 71, 3)).output
    # Rounded up at each halving: 50 -> 25 -> 13 -> 7 -> 4 -> 2, 71 -> 36 -> 18 -> 9 -> 5 -> 3.
    assert tuple(outputs["stride_32"].shape) == (None, 2, 3, 2048)


@pytest.mark.parametrize("model_name", ["mobilenet_v2", "vgg16"])
def test_encoder_saved_as_keras_reloads_in_safe_mode(model_name, tmp_path):
    encoder = build_encoder(model_name, (32, 32, 3))
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.models.load_model(tmp_path / "encoder.keras", safe_mode=True)
    images = random_images(1, 32, 32, 3)
    np.testing.assert_array_equal(loaded(images)["stride_16"], encoder(images)["stride_16"])


@pytest.mark.parametrize("name", ["encoder.weights.h5", "encoder.keras", "no_top.h5"])
def test_weights_of_a_file_fit_any_input_size(encoder, weight_files, name):
    loaded = build_encoder(
        "mobilenet_v2", (96, 160, 3), alpha=0.35, weights=str(weight_files / name)
    )
    for mine, theirs in zip(loaded.get_weights(), encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ["encoder.weights.h5", "encoder.keras", "no_top.h5"])
@pytest.mark.parametrize(
    "model_name, alpha", [("mobilenet_v2", 0.5), ("resnet50", 1.0), ("vgg16", 1.0)]
)
def test_weights_of_another_network_are_an_error(weight_files, name, model_name, alpha):
    match = f"{name}' does not hold the weights of {model_name}"
    with pytest.raises(InputError, match=match):
        build_encoder(model_name, (32, 32, 3), alpha=alpha, weights=str(weight_files / name))


def test_weights_of_another_alpha_name_the_alpha(weight_files):
    message = "with `alpha` 0.5 .* another `alpha`. It is as wide as mobilenet_v2 with `alpha` 0.35"
    for name in ("no_top.h5", "encoder.weights.h5"):
        with pytest.raises(InputError, match=message):
            small(alpha=0.5, weights=str(weight_files / name))


@pytest.mark.parametrize("name", ["text.h5", "text.weights.h5", "text.keras", "text.txt"])
def test_weights_that_are_no_weights_file_are_an_error(tmp_path, name):
    (tmp_path / name).write_text("not weights")
    with pytest.raises(InputError, match=f"{name}' does not hold the weights"):
        small(weights=str(tmp_path / name))


def test_weights_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="absent.h5', which is not a file"):
        small(weights=str(tmp_path / "absent.h5"))


OFFLINE = [
    Exception("URL fetch failure on https://x: 403 -- Forbidden"),
    urllib.error.URLError("no route"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", OFFLINE)
def test_weights_imagenet_offline_names_both_other_choices(monkeypatch, tmp_path, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(InputError, match="could not be downloaded .* null .* or the path"):
        small(weights="imagenet")


def test_weights_imagenet_takes_what_keras_downloads(monkeypatch, encoder, weight_files):
    downloaded = str(weight_files / "no_top.h5")
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *a, **k: downloaded)
    loaded = small(weights="imagenet")
    np.testing.assert_array_equal(loaded.get_weights()[0], encoder.get_weights()[0])


def test_weights_imagenet_other_failures_are_not_hidden(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("a defect")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        small(weights="imagenet")


def test_weights_imagenet_of_unpublished_alpha():
    with pytest.raises(InputError, match=r"`alpha` must be one of \(0.35, 0.5, .* Received 0.6"):
        small(weights="imagenet", alpha=0.6)


def test_model_name_unknown_names_the_nearest():
    with pytest.raises(InputError, match="Received 'resnet_50'; the nearest is 'resnet50'"):
        build_encoder("resnet_50", (64, 64, 3))


def test_alpha_belongs_to_mobilenet():
    with pytest.raises(InputError, match="`alpha` must be 1 for vgg16"):
        build_encoder("vgg16", (64, 64, 3), alpha=0.5)


@pytest.mark.parametrize("alpha", [0, -1.0])
def test_alpha_must_be_positive(alpha):
    with pytest.raises(InputError, match="`alpha` must be positive"):
        small(alpha=alpha)


@pytest.mark.parametrize("input_shape", [(31, 64, 3), (64, 64, 1), (64, 64)])
def test_input_shape_must_be_rgb_of_32_pixels(input_shape):
    with pytest.raises(InputError, match="`input_shape` must be"):
        build_encoder("mobilenet_v2", input_shape)


def test_set_batch_norm_frozen_ignores_the_batch():
    encoder = small()
    set_batch_norm(encoder, "frozen")
    images = random_images(2, 64, 96, 3)
    before = encoder.get_weights()
    training = encoder(images, training=True)["stride_32"]
    np.testing.assert_array_equal(training, encoder(images, training=False)["stride_32"])
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not any("bn_Conv1" in weight.path for weight in encoder.trainable_weights)


def test_set_batch_norm_train_moves_statistics_by_one_minus_momentum():
    encoder = small()
    set_batch_norm(encoder, "frozen")
    set_batch_norm(encoder, "train", 0.9)
    layer = encoder.get_layer("bn_Conv1")
    images = random_images(2, 64, 96, 3)
    features = keras.Model(encoder.input, layer.input)(images).numpy()
    encoder(images, training=True)
    # The moving mean starts at 0: 0.9 * 0 + (1 - 0.9) * mean of the batch.
    expected = 0.1 * features.mean(axis=(0, 1, 2))
    np.testing.assert_allclose(layer.moving_mean, expected, rtol=1e-3, atol=1e-6)


def test_set_batch_norm_survives_saving(tmp_path):
    encoder = small()
    set_batch_norm(encoder, "frozen")
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.models.load_model(tmp_path / "encoder.keras")
    assert not loaded.get_layer("bn_Conv1").trainable


def test_set_batch_norm_without_any_does_nothing():
    encoder = build_encoder("vgg16", (32, 32, 3))
    set_batch_norm(encoder, "frozen")
    assert all(layer.trainable for layer in encoder.layers)


def test_set_batch_norm_unknown_mode(encoder):
    with pytest.raises(InputError, match="`batch_norm` must be .* Received 'eval'"):
        set_batch_norm(encoder, "eval")


@pytest.mark.parametrize("stride", [4, 8, 16])
def test_build_encoder_ends_at_the_deepest_stride(stride):
    whole = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)
    part = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35, deepest_stride=stride)
    # 64 / stride cells along an axis, and fewer layers than the whole network.
    assert part.output[f"stride_{stride}"].shape[1:3] == (64 // stride, 64 // stride)
    assert find_deepest(part) == f"stride_{stride}" and find_deepest(whole) == "stride_32"
    assert len(part.layers) < len(whole.layers)


def test_build_encoder_refuses_another_deepest_stride():
    with pytest.raises(InputError, match="4, 8, 16 or 32"):
        build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35, deepest_stride=2)


def test_find_deepest_refuses_a_model_without_maps():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)], name="dense")
    with pytest.raises(InputError, match="named dense"):
        find_deepest(model)
