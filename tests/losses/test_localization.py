import keras
import numpy as np
import pytest

from config.errors import InputError
from losses.localization import ENTROPIES, LOCALIZATION_LOSSES, build_localization_losses


def build(entry, output="box"):
    return build_localization_losses({output: entry})[0][output]


@pytest.mark.parametrize("name", LOCALIZATION_LOSSES)
def test_build_localization_losses_knows_every_name(name):
    config = {"from_logits": True} if name in ENTROPIES else {}
    loss = build({"class_name": name, "config": config, "weight": 1})
    assert type(loss) is LOCALIZATION_LOSSES[name]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert copy.get_config() == loss.get_config()


def test_build_localization_losses_of_the_variant_with_classes():
    losses, weights = build_localization_losses(
        {
            "raw_box": {"class_name": "LogSquaredLoss", "config": {}, "weight": 1.0},
            "class_logits": {
                "class_name": "PublishedFocalLoss",
                "config": {"alpha": 0.9, "gamma": 2.0},
                "weight": 3,
            },
        }
    )
    assert list(losses) == ["raw_box", "class_logits"]
    assert weights == {"raw_box": 1.0, "class_logits": 3.0}
    assert losses["class_logits"].alpha == 0.9
    # Differences of 1: log 2 = .693147.
    assert float(losses["raw_box"](np.zeros((2, 4)), np.ones((2, 4)))) == pytest.approx(0.693147)


def test_build_localization_losses_passes_arguments():
    assert build({"class_name": "SmoothL1Loss", "config": {"beta": 0.1}}).beta == 0.1
    assert build({"class_name": "MaskLoss", "config": {"axis": "pixel"}}).axis == "pixel"
    weights = [0.2, 0.3, 0.5]
    assert (
        build({"class_name": "CategoricalFocalLoss", "config": {"alpha": weights}}).alpha == weights
    )
    assert build({"class_name": "GridLoss", "config": {"reduction": "sum"}}).reduction == "sum"


def test_build_localization_losses_fill_in_config_and_weight():
    losses, weights = build_localization_losses({"box": {"class_name": "MeanSquaredError"}})
    assert type(losses["box"]) is keras.losses.MeanSquaredError and weights == {"box": 1.0}


def test_build_localization_losses_compile_a_model():
    image = keras.Input((3,))
    outputs = {"box": keras.layers.Dense(4, activation="sigmoid", name="box")(image)}
    outputs["class_logits"] = keras.layers.Dense(2, name="class_logits")(image)
    losses, weights = build_localization_losses(
        {
            "box": {"class_name": "IoULoss", "config": {"kind": "giou"}, "weight": 2.0},
            "class_logits": {
                "class_name": "CategoricalCrossentropy",
                "config": {"from_logits": True, "label_smoothing": 0.1},
            },
        }
    )
    model = keras.Model(image, outputs)
    model.compile("sgd", loss=losses, loss_weights=weights)
    true = {"box": np.array([[0.0, 0.0, 1.0, 1.0]]), "class_logits": np.array([[1.0, 0.0]])}
    assert np.isfinite(model.train_on_batch(np.ones((1, 3)), true)).all()


@pytest.mark.parametrize("name", ENTROPIES)
def test_build_localization_losses_cross_entropy_says_whether_it_takes_logits(name):
    with pytest.raises(InputError, match=f"'class_logits', {name}, must say .* a logit"):
        build({"class_name": name, "config": {"label_smoothing": 0.1}}, "class_logits")


@pytest.mark.parametrize("spec", [{}, None, "IoULoss", [{"class_name": "IoULoss"}]])
def test_build_localization_losses_need_an_output(spec):
    with pytest.raises(InputError, match="`loss` must be {output name: .* at least one output"):
        build_localization_losses(spec)


@pytest.mark.parametrize(
    "entry, match",
    [
        ("IoULoss", "`loss` of 'box' must be {\"class_name\": name"),
        ({"class_name": "IoULoss", "module": "os"}, "`loss` of 'box' must be {"),
        ({"class_name": "IoULoss", "config": [1]}, "`loss` of 'box' must be {"),
        ({"class_name": "IoULos"}, "Received 'IoULos'; the nearest is 'IoULoss'"),
        ({"class_name": "mean_squared_error"}, "the nearest is 'MeanSquaredError'"),
        ({"class_name": ["IoULoss"]}, "must name one of LogSquaredLoss"),
        ({"config": {}}, "Received None"),
        ({"class_name": "IoULoss", "config": {"kind": "eiou"}}, "`kind` must be one of"),
        ({"class_name": "IoULoss", "config": {"kind": ["iou"]}}, "IoULoss does not take"),
        ({"class_name": "IoULoss", "config": {"beta": 1}}, "IoULoss does not take"),
        ({"class_name": "SmoothL1Loss", "config": {"beta": 0}}, "`beta` must be positive"),
        ({"class_name": "SmoothL1Loss", "config": {"beta": "1"}}, "SmoothL1Loss does not take"),
        ({"class_name": "MaskLoss", "config": {"axis": -1}}, "`axis` must be one of"),
        ({"class_name": "PublishedFocalLoss", "config": {"alpha": 2}}, "`alpha` must be in"),
        ({"class_name": "SigmoidFocalLoss", "config": {"gamma": None}}, "does not take"),
        ({"class_name": "Huber", "config": {"delta": "a"}}, "Huber does not take"),
        ({"class_name": "GridLoss", "config": {"reduction": "total"}}, "GridLoss does not take"),
        ({"class_name": "IoULoss", "weight": 0}, "must have a positive number as weight"),
        ({"class_name": "IoULoss", "weight": -1.0}, "leave the output out"),
        ({"class_name": "IoULoss", "weight": "1"}, "Received '1'"),
        ({"class_name": "IoULoss", "weight": True}, "Received True"),
        ({"class_name": "IoULoss", "weight": float("nan")}, "Received nan"),
        ({"class_name": "IoULoss", "weight": float("inf")}, "Received inf"),
    ],
)
def test_build_localization_losses_bad_entries(entry, match):
    with pytest.raises(InputError, match=match):
        build(entry)
