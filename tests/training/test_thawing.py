import keras
import pytest

from config.errors import InputError
from training.thawing import count_thawed, thaw_layers


@pytest.mark.parametrize("text", ["some", "last:0", "last:6", "last:-1", "last:", "last:1.5", ""])
def test_count_thawed_names_what_it_cannot_understand(text):
    with pytest.raises(InputError, match="none, all, or last:N with N from 1 to the 5 layers"):
        count_thawed(text, 5)


def test_count_thawed_counts():
    assert [count_thawed(text, 5) for text in ("none", "all", "last:5")] == [0, 5, 5]


def test_thaw_layers_leaves_batch_normalisation_and_layers_without_weights_out():
    model = keras.Sequential(
        [
            keras.layers.Dense(2),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2),
            keras.layers.ReLU(),
        ]
    )
    model.build((None, 2))
    options = {"momentum": 0.75}
    # Frozen batch normalisation cannot learn, so it is not one of the last two.
    assert thaw_layers(model.layers, "last:2", batch_norm="frozen", **options) == 2
    assert [bool(layer.trainable_weights) for layer in model.layers] == [True, False, True, False]
    assert thaw_layers(model.layers, "last:2", batch_norm="train", **options) == 2
    assert model.layers[1].momentum == 0.75 and model.layers[1].trainable
