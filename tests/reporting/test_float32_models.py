import keras
import numpy as np
import pytest

from models.cam_decoder import Frozen
from models.model_layers import list_leaves
from reporting.float32_models import to_float32

POLICIES = ("mixed_float16", "mixed_bfloat16")
IMAGES = np.random.default_rng(0).random((2, 6, 5, 3)).astype(np.float32)


@pytest.fixture(params=POLICIES)
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


def build_plain():
    image = keras.Input((6, 5, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(keras.layers.Rescaling(2.0)(image))
    return keras.Model(image, {"a": keras.layers.BatchNormalization(name="norm")(x)})


def build_with_operations():
    image = keras.Input((6, 5, 3), dtype="uint8")
    x = keras.ops.cast(image, "float32")[:, 1:] / 3  # GetItem and others are no layers
    x = keras.layers.Conv2D(4, 3, name="conv")(x)
    return keras.Model(image, {"a": x[..., :2], "rows": keras.ops.cast(x[..., 0], "int32")})


def build_nested():
    inner = build_plain()
    image = keras.Input((6, 5, 3))
    first, second = inner(image)["a"], inner(image + 1)["a"]  # shared
    return keras.Model(image, {"a": keras.layers.Dense(2, name="last")(first - second)})


def build_wrapped():
    image = keras.Input((6, 5, 3))
    x = Frozen(build_plain(), name="frozen")(image)["a"]
    x = keras.layers.TimeDistributed(keras.layers.Dense(3, name="each"), name="rows")(x)
    return keras.Model(image, {"a": keras.layers.Dense(2, name="last")(x)})


BUILDERS = (build_plain, build_with_operations, build_nested, build_wrapped)


@pytest.mark.parametrize("build", BUILDERS)
def test_to_float32_is_the_network_that_float32_builds(policy, build):
    keras.utils.set_random_seed(0)
    model = build()
    copy = to_float32(model)  # as at the end of a training, with the policy still set
    keras.config.set_dtype_policy("float32")
    twin = build()
    twin.set_weights(model.get_weights())
    images = (255 * IMAGES).astype(np.uint8) if build is build_with_operations else IMAGES
    found, expected = copy.predict(images, verbose=0), twin.predict(images, verbose=0)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5)
    assert np.ptp(expected["a"]) > 0.1
    assert "16" not in "".join(leaf.compute_dtype for leaf in leaves_of(copy))
    assert "16" in "".join(leaf.compute_dtype for leaf in leaves_of(model))


def leaves_of(model):
    leaves = [each for each in list_leaves(model) if isinstance(each, keras.layers.Layer)]
    return [each for each in leaves if not isinstance(each, keras.layers.InputLayer)]


def test_to_float32_sees_steps_without_weights(policy):
    image = keras.Input((6, 5, 3))
    x = keras.layers.Rescaling(1 / 3, name="scale")(image)
    model = keras.Model(image, keras.layers.Dense(2, dtype="float32")(x))
    assert to_float32(model).get_layer("scale").compute_dtype == "float32"


def test_to_float32_gives_a_float32_model_itself(policy):
    image = keras.Input((6, 5, 3))
    model = keras.Model(image, keras.layers.Dense(2, dtype="float32")(image)[..., 0])
    assert to_float32(model) is model
