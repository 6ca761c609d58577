import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.model_layers import list_leaves, list_map_layers
from models.tapped_classifier import TappedClassifier

IMAGES = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
GAP = keras.layers.GlobalAveragePooling2D


def build_base():
    """An encoder with a gate that pools, as those of squeeze-and-excitation do."""
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="inner")(image)
    gate = keras.layers.Dense(4, activation="sigmoid")(GAP(keepdims=True, name="gate")(x))
    return keras.Model(image, keras.layers.Multiply(name="gated")([x, gate]), name="base")


def build_nested(activation="softmax"):
    base = build_base()
    head = [GAP(name="pool"), keras.layers.Dense(3, activation=activation)]
    return keras.Sequential([keras.Input((8, 8, 3)), base, *head]), base


def test_tapped_classifier_taps_what_goes_into_the_last_pooling():
    model, base = build_nested()
    found = TappedClassifier(model)(IMAGES)
    np.testing.assert_allclose(found.features, base(IMAGES), atol=1e-6)
    np.testing.assert_allclose(tf.nn.softmax(found.scores), model(IMAGES), atol=1e-6)


def test_tapped_classifier_reaches_a_named_layer_inside():
    model, base = build_nested()
    expected = keras.Model(base.input, base.get_layer("inner").output)(IMAGES)
    np.testing.assert_allclose(TappedClassifier(model, "inner")(IMAGES).features, expected)


def test_tapped_classifier_leaves_the_model_as_it_was():
    model, base = build_nested()
    before = model(IMAGES).numpy()
    TappedClassifier(model)(IMAGES)
    with pytest.raises(InputError):
        TappedClassifier(model, "pool")(IMAGES)
    np.testing.assert_array_equal(model(IMAGES), before)
    assert all("call" not in vars(leaf) for leaf in list_leaves(model))


def test_tapped_classifier_gives_gradients_from_the_features_on():
    model, _ = build_nested("linear")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        found = TappedClassifier(model)(IMAGES, tape)
        score = tf.reduce_sum(found.scores[:, 1])
    gradients = tape.gradient(score, found.features).numpy()
    kernel = model.layers[-1].kernel.numpy()[:, 1]
    np.testing.assert_allclose(gradients, np.broadcast_to(kernel / 64, gradients.shape), atol=1e-7)


@pytest.mark.parametrize("last", [keras.layers.Softmax, lambda: keras.layers.Activation("sigmoid")])
def test_tapped_classifier_leaves_out_a_last_layer_of_probabilities(last):
    layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, name="logits")]
    model = keras.Sequential([*layers, last()])
    logits = keras.Model(model.inputs[0], model.get_layer("logits").output)(IMAGES)
    np.testing.assert_allclose(TappedClassifier(model)(IMAGES).scores, logits, atol=1e-6)


def test_tapped_classifier_without_a_pooling_takes_the_last_map():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="a")(image)
    x = keras.layers.Conv2D(2, 6, name="b")(x)
    model = keras.Model(image, keras.layers.Reshape((2,))(x))
    assert TappedClassifier(model).find_layer()[0].name == "b"
    assert list_map_layers(model) == ["a", "b"]


def test_tapped_classifier_of_two_networks_wants_a_name():
    image = keras.Input((8, 8, 3))
    parts = [build_nested("linear")[0](image) for _ in range(2)]
    model = keras.Model(image, keras.layers.Concatenate()(parts))
    classifier = TappedClassifier(model)
    assert classifier.num_classes == 6
    with pytest.raises(InputError, match="`layer` must be named: 2 networks in .* score classes"):
        classifier(IMAGES)


def test_tapped_classifier_without_a_map_says_so():
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, keras.ops.mean(image, axis=(1, 2)))
    with pytest.raises(InputError, match="makes no map that can be seen"):
        TappedClassifier(model).find_layer()


@pytest.mark.parametrize(
    "outputs",
    [
        lambda x: {"count": x[:, 0, 0, 0]},
        lambda x: {"scores": x[:, 0, 0, 0]},
        lambda x: x,
        lambda x: [x[:, 0, 0], x[:, 0, 0]],
    ],
)
def test_tapped_classifier_refuses_models_without_scores_of_classes(outputs):
    image = keras.Input((8, 8, 3))
    with pytest.raises(InputError, match=r"return scores \(B, K\) of classes, alone or as one of"):
        TappedClassifier(keras.Model(image, outputs(image)))


def test_tapped_classifier_refuses_other_inputs():
    with pytest.raises(InputError, match=r"must take pictures \(B, H, W, 3\)"):
        TappedClassifier(keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)]))
    with pytest.raises(InputError, match="must take pictures"):
        TappedClassifier(keras.Sequential([keras.layers.Dense(2)]))
