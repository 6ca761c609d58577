from pathlib import Path

import pytest

from config.loader import load_params
from config.localization_variants import VARIANTS, choose_loss, fill_published, list_unused
from losses.localization import build_localization_losses

CONFIG = Path(__file__).resolve().parents[2] / "config"


def fill(*overrides, folder=CONFIG):
    return fill_published(load_params(folder, "training/localization", overrides))


@pytest.mark.parametrize(
    ("head", "published"),
    [
        ("box", (96, 1.0, 32, "adam", 1e-3, 0.2, 10, 1e-7, 50, "none")),
        ("box_class", (96, 0.35, 32, "adam", 1e-3, 0.2, 10, 1e-7, 50, "none")),
        ("mask", (224, 1.0, 8, "adam", 1e-4, 0.2, 5, 1e-6, 15, "none")),
        ("grid", (224, 0.35, 32, "sgd", 1e-4, 0.6, 5, 1e-6, 15, "published")),
    ],
)
def test_variants_hold_the_published_values(head, published):
    params = fill(f"head={head}")
    names = ("image_size", "alpha", "batch_size", "optimizer", "learning_rate", "plateau_factor")
    names += ("plateau_patience", "learning_rate_floor", "patience", "augment")
    assert tuple(getattr(params, name) for name in names) == published
    assert (params.schedule, params.epochs, params.mask_rounding) == ("plateau", 200, "published")
    assert (params.unfreeze, params.weight_decay, params.start_at_mean_box) == ("none", 0, False)


def test_the_grid_variant_alone_decays_and_is_regularised():
    grid, others = fill("head=grid"), [fill(f"head={head}") for head in ("box", "mask")]
    assert (grid.momentum, grid.learning_rate_decay, grid.l2) == (0.9, 1e-4, 2.5e-4)
    for params in others:
        assert (params.momentum, params.learning_rate_decay, params.l2) == (None, 0, 0)


def test_fill_published_keeps_what_is_given():
    params = fill("head=mask", "batch_size=5", "augment=general", "l2=0.5", "with_classes=true")
    assert (params.batch_size, params.augment, params.l2) == (5, "general", 0.5)
    assert set(params.loss) == {"mask", "class_logits"}


def test_momentum_goes_with_its_optimizer_and_decay_with_its_schedule():
    assert fill("head=grid", "optimizer=adam").momentum is None
    assert fill("head=grid", "schedule=cosine").learning_rate_decay == 0


def test_choose_loss_of_a_box_depends_on_its_form():
    assert set(choose_loss("box", "pixels", with_classes=False)) == {"raw_box"}
    relative = choose_loss("box", "exp", with_classes=False)
    assert relative["box"]["config"] == {"kind": "giou", "distance": 2.0}
    both = choose_loss("box_class", "sigmoid", with_classes=True)
    assert both["class_logits"]["class_name"] == "PublishedFocalLoss" and set(both) == {
        "box",
        "class_logits",
    }


@pytest.mark.parametrize("folder", [CONFIG / "demo", CONFIG / "pretrained"])
def test_the_better_forms_are_the_default_but_for_the_published_configuration(folder):
    better = {
        "mask": {"class_name": "MaskLoss", "config": {"axis": "image"}, "weight": 1.0},
        "grid": {
            "class_name": "GridLoss",
            "config": {"reduction": "sum_over_batch_size"},
            "weight": 1.0,
        },
    }
    for head, loss in better.items():
        assert fill(f"head={head}", folder=folder).loss[head] == loss
        assert fill(f"head={head}").loss == VARIANTS[head].loss
    assert VARIANTS["mask"].loss["mask"]["config"] == {"axis": "pixel"}
    assert VARIANTS["grid"].loss["grid"]["config"] == {}  # its own: the sum


def test_list_unused_names_what_was_given_in_vain():
    given = ["mask_rounding", "box_form", "dropout", "plateau_patience", "head"]
    grid = fill("head=grid", "schedule=cosine", "with_classes=false")
    names = [text.split("`")[1] for text in list_unused(grid, given)]
    assert names == ["box_form", "mask_rounding", "dropout", "plateau_patience"]
    assert list_unused(fill("head=mask", "with_classes=true"), ["mask_rounding", "dropout"]) == []
    assert list_unused(grid, []) == list_unused(fill("head=box"), given[1:]) == []


def test_choose_loss_leaves_the_table_as_it_is():
    choose_loss("box_class", "exp", with_classes=False)
    assert set(VARIANTS["box_class"].loss) == {"raw_box", "class_logits"}


@pytest.mark.parametrize("with_classes", [False, True])
@pytest.mark.parametrize("head", VARIANTS)
def test_every_loss_can_be_built(head, with_classes):
    for form in ("pixels", "sigmoid"):
        spec = choose_loss(head, form, with_classes=with_classes)
        losses, weights = build_localization_losses(spec)
        assert set(losses) == set(weights) == set(spec)
