import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.ranker import build_ranker


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (32, 64, 3), alpha=0.35)


def tiny_encoder():
    """Three features: each channel's mean after clipping, so that scores can be derived."""
    image = keras.Input((4, 6, 3), name="image")
    features = keras.layers.ReLU(max_value=1.0, name="clip")(image)
    return keras.Model(image, {"stride_32": features}, name="tiny")


def random_lists(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


def test_build_ranker_score_is_the_combination_of_pooled_features():
    ranker = build_ranker(tiny_encoder(), list_length=2)
    ranker.get_layer("combine").set_weights([np.array([[1.0], [2.0], [4.0]]), np.array([0.5])])
    images = np.zeros((1, 2, 4, 6, 3), np.float32)
    images[0, 0] = [0.1, 0.2, 0.3]
    images[0, 1] = [1.0, 0.0, 0.0]
    # 0.1 + 2 * 0.2 + 4 * 0.3 + 0.5 = 2.2 and 1 + 0.5 = 1.5
    np.testing.assert_allclose(ranker(images), [[2.2, 1.5]], rtol=1e-6)


@pytest.mark.parametrize("list_length, num_layers", [(2, 0), (3, 2)])
def test_build_ranker_shapes_and_sign(encoder, list_length, num_layers):
    ranker = build_ranker(encoder, list_length=list_length, num_layers=num_layers, num_neurons=8)
    scores = ranker(random_lists(4, list_length, 32, 64, 3))
    assert scores.shape == (4, list_length) and np.min(scores) >= 0
    assert tuple(ranker.output.shape) == (None, list_length)
    assert ranker.output_names == ["score"]


def test_build_ranker_is_siamese(encoder):
    ranker = build_ranker(encoder, list_length=3)
    lists = random_lists(2, 3, 32, 64, 3)
    turned = ranker(lists[:, [2, 0, 1]])
    np.testing.assert_allclose(turned, np.array(ranker(lists))[:, [2, 0, 1]], rtol=1e-5)


def test_build_ranker_batch_of_one(encoder):
    assert build_ranker(encoder)(random_lists(1, 2, 32, 64, 3)).shape == (1, 2)


def test_build_ranker_nan_stays_in_its_picture():
    lists = random_lists(1, 2, 4, 6, 3)
    lists[0, 1, 0, 0, 0] = np.nan
    scores = build_ranker(tiny_encoder())(lists).numpy()
    assert np.isnan(scores).tolist() == [[False, True]]


@pytest.mark.parametrize("num_layers", [0, 1, 3])
def test_build_ranker_every_layer_has_a_name_of_its_own(encoder, num_layers):
    names = [layer.name for layer in build_ranker(encoder, num_layers=num_layers).layers]
    hidden = [f"decoder_{i + 1}" for i in range(num_layers)]
    pooled = ["images", "fold_lists", "mobilenet_v2", "pool"]
    assert names == [*pooled, *hidden, "combine", "non_negative", "score"]


def test_build_ranker_keeps_its_encoder(encoder):
    assert build_ranker(encoder).get_layer(encoder.name) is encoder


@pytest.mark.parametrize("seed", range(20))
def test_build_ranker_starts_alive(seed):
    keras.utils.set_random_seed(seed)
    ranker = build_ranker(tiny_encoder(), initializer="glorot_uniform")
    kernel = ranker.get_layer("combine").kernel.numpy()
    assert kernel.min() >= 0 and kernel.max() > 0
    assert (ranker(np.ones((1, 2, 4, 6, 3), np.float32)).numpy() > 0).all()


def test_build_ranker_kernel_stays_non_negative_in_training():
    ranker = build_ranker(tiny_encoder())
    ranker.compile(keras.optimizers.SGD(10.0), loss="mse")
    lists = random_lists(8, 2, 4, 6, 3)
    ranker.fit(lists, np.zeros((8, 2)), epochs=3, verbose=0)  # Pushes every weight down.
    assert ranker.get_layer("combine").kernel.numpy().min() >= 0


def test_build_ranker_reloads_in_safe_mode(encoder, tmp_path):
    ranker = build_ranker(encoder, num_layers=1)
    ranker.save(tmp_path / "ranker.keras")
    loaded = keras.models.load_model(tmp_path / "ranker.keras", safe_mode=True)
    lists = random_lists(2, 2, 32, 64, 3)
    np.testing.assert_array_equal(loaded(lists), ranker(lists))


def test_build_ranker_hidden_layers_start_different():
    ranker = build_ranker(tiny_encoder(), num_layers=2, num_neurons=3)
    first, second = (ranker.get_layer(f"decoder_{i}").kernel.numpy() for i in (1, 2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "options, match",
    [
        ({"list_length": 1}, "`list_length` must be at least 2. Received 1"),
        ({"num_layers": -1}, "`num_layers` must be at least 0. Received -1"),
        ({"num_neurons": 0}, "`num_neurons` must be at least 1. Received 0"),
        ({"initializer": "glorot"}, "`initializations` must be the name .* Received 'glorot'"),
        ({"initializer": "Constant"}, "`initializations` must be the name .* Received 'Constant'"),
        ({"initializer": "STFT"}, "`initializations` must be the name .* Received 'STFT'"),
        ({"initializer": "Initializer"}, "`initializations` must be the name"),
        ({"initializer": "zeros"}, "`initializations` must not draw zeros only"),
    ],
)
def test_build_ranker_bad_arguments(options, match):
    with pytest.raises(InputError, match=match):
        build_ranker(tiny_encoder(), **options)
