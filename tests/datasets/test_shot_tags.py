import pytest

from config.errors import InputError
from datasets.named_shots import NamedShot
from datasets.shot_tags import choose_shot_classes, name_tags

SHOTS = [NamedShot(f"davis/{name}", (), name) for name in ("dog", "drift-a", "drift-b", "libby")]


def test_the_first_pattern_that_matches_counts():
    patterns = {"drift-b": "van", "drift-*": "car", "davis/l*": "dog"}
    assert [shot.tag for shot in name_tags(SHOTS, patterns, "davis")] == [
        "dog",
        "car",
        "van",
        "dog",
    ]
    assert [shot.tag for shot in name_tags(SHOTS, None, "davis")][-1] == "libby"


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"lib": "dog"}, "None is called lib; the nearest is libby"),
        ({"Libby": "dog"}, "None is called Libby"),
        ({"libby": ""}, "must give libby a name"),
        ({"libby": 3}, "must give libby a name as its tag. Received 3"),
    ],
)
def test_a_pattern_without_a_shot_and_a_tag_without_a_name_are_refused(patterns, message):
    with pytest.raises(InputError, match=message):
        name_tags(SHOTS, patterns, "davis")


def test_classes_keep_their_order():
    assert choose_shot_classes(SHOTS, ["libby", "dog"], "davis") == ("libby", "dog")
    assert choose_shot_classes(SHOTS, None, "davis") == ("dog", "drift-a", "drift-b", "libby")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["doog"], "Received doog; the nearest is dog"),
        ([], "must be a list of names"),
        (["dog", "dog"], "each once"),
        ("dog", "must be a list of names"),
    ],
)
def test_classes_that_no_shot_has_are_refused(classes, message):
    with pytest.raises(InputError, match=message):
        choose_shot_classes(SHOTS, classes, "davis")
