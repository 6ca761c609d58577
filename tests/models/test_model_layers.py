import keras
import pytest

from config.errors import InputError
from models.cam_decoder import Frozen
from models.model_layers import find_pooling, list_leaves, list_map_layers
from models.poolings import MaxPooling


def build_part(name):
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 1, name=f"{name}_conv")(image)
    return keras.Model(image, keras.layers.GlobalAveragePooling2D(name=f"{name}_pool")(x))


def test_list_leaves_looks_into_models_and_wrappers():
    model = keras.Sequential([keras.Input((4, 4, 3)), Frozen(build_part("a"))])
    names = [leaf.name for leaf in list_leaves(model)]
    assert names[-2:] == ["a_conv", "a_pool"] and list_leaves(keras.Sequential()) == []


def test_list_leaves_names_a_shared_layer_once():
    shared = keras.layers.Dense(2, name="shared")
    image = keras.Input((2,))
    model = keras.Model(image, shared(shared(image)))
    assert [leaf.name for leaf in list_leaves(model)].count("shared") == 1


def test_list_map_layers_leaves_out_inputs_and_vectors():
    assert list_map_layers(build_part("a")) == ["a_conv"]


def test_find_pooling_takes_the_models_own_before_those_inside():
    image = keras.Input((4, 4, 2))
    inner = keras.layers.Conv2D(3, 1)(image)
    inside = keras.layers.GlobalAveragePooling2D(keepdims=True, name="gate")(inner)
    part = keras.Model(image, keras.layers.Multiply()([inner, inside]))
    assert find_pooling(part).name == "gate"
    whole = keras.Model(image, MaxPooling(2, name="head")(part(image)))
    assert find_pooling(whole).name == "head"


def test_find_pooling_of_several_models_is_an_error_and_of_none_is_none():
    image = keras.Input((4, 4, 3))
    both = keras.layers.Add()([build_part("a")(image), build_part("b")(image)])
    with pytest.raises(InputError, match="2 networks in .* score classes"):
        find_pooling(keras.Model(image, both))
    assert find_pooling(keras.Sequential([keras.layers.ReLU()])) is None
