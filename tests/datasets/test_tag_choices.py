import logging
from pathlib import Path

import pytest

from config.errors import InputError
from datasets.tag_choices import choose_classes, find_rarest, keep_tagged
from datasets.tagged_pictures import TaggedPicture


def tag(*tags):
    return [TaggedPicture(Path(f"{i}.jpg"), tuple(names)) for i, names in enumerate(tags)]


# Of 6 pictures: skin in 6, hair in 3 (half), hat in 2, bag in 2, tie in 1.
CLOTHES = tag(
    ("hair", "hat", "skin"),
    ("hair", "hat", "skin"),
    ("bag", "hair", "skin"),
    ("bag", "skin"),
    ("skin", "tie"),
    ("skin",),
)


def test_choose_classes_sorts_all_or_keeps_an_order():
    assert choose_classes(CLOTHES, None, "c") == ("bag", "hair", "hat", "skin", "tie")
    assert choose_classes(CLOTHES, ["tie", "bag"], "c") == ("tie", "bag")


@pytest.mark.parametrize("form", ["commonest:2", ["commonest:2"], ("commonest:2",)])
def test_choose_classes_takes_the_commonest_below_half(form):
    assert choose_classes(CLOTHES, form, "c") == ("bag", "hat")


@pytest.mark.parametrize("num", [0, 4])
def test_choose_classes_refuses_another_number_of_the_commonest(num):
    with pytest.raises(InputError, match=f"commonest:{num} must ask for 1 to 3 classes"):
        choose_classes(CLOTHES, f"commonest:{num}", "c")


@pytest.mark.parametrize("classes", [[], ["hat", "hat"], "hat", "commonest:x"])
def test_choose_classes_refuses_what_is_no_list(classes):
    with pytest.raises(InputError, match="`classes` must be a list of names"):
        choose_classes(CLOTHES, classes, "c")


def test_choose_classes_names_the_nearest_of_an_unknown_one():
    with pytest.raises(InputError, match="Received hats; the nearest is hat"):
        choose_classes(CLOTHES, ["hats"], "c")


@pytest.mark.parametrize("pictures", [[], tag(())])
def test_choose_classes_needs_a_tag(pictures):
    with pytest.raises(InputError, match="`c` must have pictures with tags"):
        choose_classes(pictures, None, "c")


def test_keep_tagged_drops_tags_and_pictures(caplog):
    with caplog.at_level(logging.INFO):
        kept = keep_tagged(CLOTHES, ["hat", "tie"], "c")
    assert [(each.image.stem, each.names) for each in kept] == [
        ("0", ("hat",)),
        ("1", ("hat",)),
        ("4", ("tie",)),
    ]
    assert "Left out 3 of 6 pictures of c" in caplog.text
    with pytest.raises(InputError, match="No picture has one"):
        keep_tagged(CLOTHES, ["shoe"], "c")


def test_find_rarest_ranks_by_count_and_name():
    ranks = find_rarest(CLOTHES)
    assert sorted(ranks, key=ranks.get) == ["tie", "bag", "hat", "hair", "skin"]
