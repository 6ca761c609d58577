"""The published values of the four variants, in one table, and ours of the heads of our own."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from config.schema import LocalizationParams

# What learns a box in shares of the picture, and the weight of the class beside it.
RELATIVE_LOSS = {"class_name": "IoULoss", "config": {"kind": "giou", "distance": 2.0}, "weight": 1}
CLASS_WEIGHT = 1.0
# Options that some heads or schedules alone have; others leave them without effect.
_HEADS_OF = {
    "box_form": ("box", "box_class"),
    "mask_rounding": ("mask",),
    "start_at_mean_box": ("box", "box_class", "grid", "heatmap"),
}
_OF_PLATEAU = ("plateau_factor", "plateau_patience", "learning_rate_floor")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What a head is trained with where the configuration says null.

    Attributes: see `config.localization_params`. `loss` leaves the class out unless the variant
        learns it. `epochs` are 200 in all four.

    Example:
        >>> VARIANTS["mask"].batch_size
        8
    """

    image_size: int
    alpha: float
    batch_size: int
    optimizer: str
    learning_rate: float
    schedule: str = "plateau"
    plateau_factor: float
    plateau_patience: int
    learning_rate_floor: float
    patience: int
    loss: dict[str, dict[str, Any]]
    momentum: float | None = None
    learning_rate_decay: float = 0.0
    weight_decay: float = 0.0
    l2: float = 0.0
    augment: str = "none"
    mask_rounding: str = "published"
    with_classes: bool = False


def _loss(class_name: str, weight: float = 1.0, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config, "weight": weight}


_IMPROVED = {
    "mask": _loss("MaskLoss", axis="image"),
    "grid": _loss("GridLoss", reduction="sum_over_batch_size"),
}
_OURS = Variant(
    image_size=224,
    alpha=1.0,
    batch_size=16,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="cosine",
    plateau_factor=0.2,
    plateau_patience=10,
    learning_rate_floor=1e-7,
    patience=20,
    loss={"box": RELATIVE_LOSS},
    augment="general",
    mask_rounding="centres",
)
VARIANTS = {
    "box": Variant(
        image_size=96,
        alpha=1.0,
        batch_size=32,
        optimizer="adam",
        learning_rate=1e-3,
        plateau_factor=0.2,
        plateau_patience=10,
        learning_rate_floor=1e-7,
        patience=50,
        loss={"raw_box": _loss("MeanSquaredError")},
    ),
    "box_class": Variant(
        image_size=96,
        alpha=0.35,
        batch_size=32,
        optimizer="adam",
        learning_rate=1e-3,
        plateau_factor=0.2,
        plateau_patience=10,
        learning_rate_floor=1e-7,
        patience=50,
        loss={
            "raw_box": _loss("LogSquaredLoss"),
            "class_logits": _loss("PublishedFocalLoss"),
        },
        with_classes=True,
    ),
    "mask": Variant(
        image_size=224,
        alpha=1.0,
        batch_size=8,
        optimizer="adam",
        learning_rate=1e-4,
        plateau_factor=0.2,
        plateau_patience=5,
        learning_rate_floor=1e-6,
        patience=15,
        loss={"mask": _loss("MaskLoss", axis="pixel")},
    ),
    "grid": Variant(
        image_size=224,
        alpha=0.35,
        batch_size=32,
        optimizer="sgd",
        momentum=0.9,
        learning_rate=1e-4,
        learning_rate_decay=1e-4,
        plateau_factor=0.6,
        plateau_patience=5,
        learning_rate_floor=1e-6,
        patience=15,
        l2=5e-4 / 2,
        loss={"grid": _loss("GridLoss")},
        augment="published",
    ),
    # Ours; nothing of them is published.
    "heatmap": _OURS,
    "edges": _OURS,
}


def fill_published(params: LocalizationParams) -> LocalizationParams:
    """Put the published values of the head in the place of null.

    The loss is the published one where the head is used as published; its better form is for a box
    in shares of the picture (`RELATIVE_LOSS`), a mask drawn by "centres" (Dice of the whole
    picture) and a grid trained by another optimizer than the published one (mean over the batch, so
    that neither its step nor its weight beside the class grows with the batch). Momentum goes with
    the published optimizer, the decay of the learning rate with a schedule other than cosine, which
    falls by itself.

    Args:
        params: as the configuration says.

    Returns:
        The parameters; where no null is left of what `Variant` holds, unchanged.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> params = load_params(Path("config"), "training/localization", ["head=grid"])
        >>> fill_published(params).momentum
        0.9
    """
    variant = VARIANTS[params.head]
    published = {item.name: getattr(variant, item.name) for item in dataclasses.fields(variant)}
    if params.optimizer not in (None, variant.optimizer):
        published["momentum"] = None
    if (params.schedule or variant.schedule) == "cosine":
        published["learning_rate_decay"] = 0.0
    with_classes = published["with_classes"] if params.with_classes is None else params.with_classes
    improved = {
        "mask": (params.mask_rounding or variant.mask_rounding) != "published",
        "grid": params.optimizer not in (None, variant.optimizer),
    }
    published["loss"] = choose_loss(
        params.head,
        params.box_form,
        with_classes=with_classes,
        improved=improved.get(params.head, False),
    )
    missing = {name: value for name, value in published.items() if getattr(params, name) is None}
    return dataclasses.replace(params, **missing)


def list_unused(params: LocalizationParams, given: Collection[str]) -> list[str]:
    """List options that were given and have no effect.

    Args:
        params: resolved parameters.
        given: names of the options that the user wrote himself.

    Returns:
        A sentence for each of them.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> params = load_params(Path("config/demo"), "training/localization", ["box_form=exp"])
        >>> list_unused(fill_published(params), ["box_form"])
        ['`box_form` has no effect on the head edges; it is for box, box_class.']
    """
    told = [
        f"`{name}` has no effect on the head {params.head}; it is for {', '.join(heads)}."
        for name, heads in _HEADS_OF.items()
        if name in given and params.head not in heads
    ]
    if "dropout" in given and params.head in ("mask", "grid") and not params.with_classes:
        told.append(f"`dropout` has no effect on the head {params.head} without classes.")
    return told + [
        f"`{name}` has no effect with the schedule {params.schedule}; it is for plateau."
        for name in _OF_PLATEAU
        if name in given and params.schedule != "plateau"
    ]


def choose_loss(
    head: str, box_form: str, *, with_classes: bool, improved: bool = False
) -> dict[str, dict[str, Any]]:
    """Choose the losses of a head whose configuration names none.

    Args:
        head: a key of `VARIANTS`.
        box_form: "pixels", "sigmoid" or "exp"; heads box and box_class only.
        with_classes: whether the class is learnt too.
        improved: heads mask and grid only: Dice of the whole picture in the place of each pixel's,
            and the mean over the batch in the place of the sum.

    Returns:
        {output: {"class_name", "config", "weight"}}.

    Raises:
        KeyError: there is no such head.

    Example:
        >>> sorted(choose_loss("grid", "pixels", with_classes=True))
        ['class_logits', 'grid']
    """
    loss = dict(VARIANTS[head].loss)
    if improved:
        loss |= {name: better for name, better in _IMPROVED.items() if name in loss}
    if "raw_box" in loss and box_form != "pixels":
        del loss["raw_box"]
        loss["box"] = RELATIVE_LOSS
    class_loss = loss.pop("class_logits", None)
    if with_classes:
        weight = CLASS_WEIGHT if "box" in loss else 1.0
        usual = _loss("CategoricalCrossentropy", weight, from_logits=True)
        loss["class_logits"] = class_loss or usual
    return loss
