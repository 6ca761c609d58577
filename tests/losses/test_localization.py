import keras
import numpy as np
import pytest

from config.errors import InputError
from losses.localization import (
    ENTROPIES,
    FROM_LOGITS,
    LOCALIZATION_LOSSES,
    OUTPUT_LOSSES,
    build_localization_losses,
    check_output_losses,
)

SHAPES = {
    "raw_box": (None, 4),
    "box": (None, 4),
    "score": (None,),
    "mask": (None, 4, 6, 1),
    "grid": (None, 2, 3, 5),
    "heat": (None, 2, 3, 1),
    "class_logits": (None, 3),
}
# What each head gives, beside `score`.
HEADS = {
    "raw_box": ("raw_box", "box"),
    "box": ("box",),
    "mask": ("mask", "box"),
    "grid": ("grid", "box"),
    "heat": ("heat", "box"),
    "class_logits": ("class_logits", "box"),
}


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


def check(spec, outputs):
    losses, _ = build_localization_losses(spec)
    check_output_losses(losses, {name: SHAPES[name] for name in (*outputs, "score")})


@pytest.mark.parametrize(
    ("output", "name"),
    [(output, name) for output in OUTPUT_LOSSES for name in OUTPUT_LOSSES[output]],
)
def test_check_output_losses_lets_every_loss_of_the_table_pass(output, name):
    config = {"from_logits": FROM_LOGITS[output]} if name in ENTROPIES else {}
    spec = {output: {"class_name": name, "config": config}}
    if output in ("heat", "class_logits"):  # which alone do not train the box
        spec["box"] = {"class_name": "IoULoss"}
    check(spec, HEADS[output])


@pytest.mark.parametrize(
    ("output", "name", "config", "message"),
    [
        ("box", "MaskLoss", {}, "`loss` of 'box' must be one of IoULoss, .* Received MaskLoss"),
        ("raw_box", "IoULoss", {}, "`loss` of 'raw_box' must be one of SmoothL1Loss"),
        ("mask", "GridLoss", {}, "`loss` of 'mask' must be one of MaskLoss"),
        ("grid", "MeanSquaredError", {}, "`loss` of 'grid' must be one of GridLoss"),
        ("heat", "MaskLoss", {}, "`loss` of 'heat' must be one of"),
        ("class_logits", "Huber", {}, "`loss` of 'class_logits' must be one of"),
        ("grid", "GridLoss", {"from_logits": True}, "`from_logits` false: .* probabilities"),
        ("mask", "BinaryCrossentropy", {"from_logits": False}, "`from_logits` true: .* logits"),
        ("class_logits", "CategoricalFocalLoss", {"alpha": [0.5, 0.5]}, r"of shape \(1, 3\)"),
        ("box", "IoULoss", {"reduction": "none"}, "must give one number a batch"),
    ],
)
def test_check_output_losses_names_a_loss_on_the_wrong_output(output, name, config, message):
    with pytest.raises(InputError, match=message):
        check({output: {"class_name": name, "config": config}}, HEADS[output])


@pytest.mark.parametrize(
    ("learning", "outputs", "message"),
    [
        (["box"], "mask", "'box' must be left out for the head mask"),
        (["box"], "grid", "must be on `grid`, without which the box is not learnt"),
        (["heat"], "heat", "must be on `box`, without which the box is not learnt"),
        (["class_logits"], "class_logits", "must be on `box`, without which the box"),
        (["box"], "class_logits", "must be on `class_logits` too"),
        (["grid"], "box", "outputs of this localizer: box. Received `grid`; null"),
        (["score"], "box", "outputs of this localizer: box. Received `score`; null"),
    ],
)
def test_check_output_losses_wants_all_of_it_to_learn(learning, outputs, message):
    names = {"box": "IoULoss", "grid": "GridLoss", "class_logits": "PublishedFocalLoss"}
    names |= {"heat": "SigmoidFocalLoss", "score": "MeanSquaredError"}
    with pytest.raises(InputError, match=message):
        check({name: {"class_name": names[name]} for name in learning}, HEADS[outputs])
