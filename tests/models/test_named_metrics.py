import keras
import numpy as np

from models.named_metrics import NamedMetricsModel


def build(**names):
    x = keras.Input((1,))
    outputs = {"a": keras.layers.Dense(1)(x), "b": keras.layers.Dense(1)(x)}
    model = NamedMetricsModel(x, outputs, metric_names=names)
    model.compile("sgd", {"a": "mse"}, metrics={"a": ["mae"], "b": ["mae"]})
    return model


def test_metrics_have_their_names_in_training_validation_and_evaluation():
    model, ones = build(a_mae="mae"), np.ones((4, 1), np.float32)
    data = {"x": ones, "y": {"a": ones, "b": ones}}
    history = model.fit(**data, validation_data=tuple(data.values()), verbose=0).history
    assert set(history) == {"loss", "mae", "b_mae", "val_loss", "val_mae", "val_b_mae"}
    assert set(model.evaluate(**data, return_dict=True, verbose=0)) == {"loss", "mae", "b_mae"}


def test_without_names_keras_own_stay():
    ones = np.ones((1, 1), np.float32)
    result = build().evaluate(ones, {"a": ones, "b": ones}, return_dict=True, verbose=0)
    assert set(result) == {"loss", "a_mae", "b_mae"}
