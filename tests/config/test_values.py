import dataclasses
from typing import Literal

import pytest

from config.errors import InputError
from config.shared_params import param
from config.values import check_value, describe_field, require_known


@dataclasses.dataclass(frozen=True)
class Params:
    rate: float = param("step size", unit="px", minimum=0, maximum=2)
    size: tuple[int, int] = param("height and width")
    names: tuple[str, ...] | None = param("of classes")
    kind: Literal["fast", 8] = param("of run")
    class_map: dict | None = param("labels of tags")


FIELDS = {field.name: field for field in dataclasses.fields(Params)}


@pytest.mark.parametrize(
    ("name", "hint", "value", "expected"),
    [
        ("rate", float, 1, 1.0),
        ("rate", float, 0, 0.0),
        ("size", tuple[int, int], [3, 4], (3, 4)),
        ("names", tuple[str, ...] | None, [], ()),
        ("names", tuple[str, ...] | None, None, None),
        ("names", tuple[str, ...] | None, "cat, dog", ("cat", "dog")),
        ("names", tuple[str, ...] | None, "commonest:10", ("commonest:10",)),
        ("kind", Literal["fast", 8], 8, 8),
        ("class_map", dict | None, "cat=tabby", {"cat": ["tabby"]}),
        ("class_map", dict | None, "cat=a b, dog=c,cat=d", {"cat": ["a b", "d"], "dog": ["c"]}),
    ],
)
def test_check_value_returns_the_declared_type(name, hint, value, expected):
    found = check_value(FIELDS[name], hint, value, "here")
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "hint", "value", "message"),
    [
        (
            "rate",
            float,
            2.5,
            r"here: `rate` \(step size, in px\) must be between 0 and 2. Rec.* 2.5",
        ),
        ("rate", float, float("nan"), "`rate` .* must be a number. Received nan"),
        ("rate", float, True, "`rate` .* must be a number. Received True"),
        (
            "class_map",
            dict | None,
            "cat",
            "`class_map` .* must be an object or null. Received 'cat'",
        ),
        ("class_map", dict | None, "cat=,", "`class_map` .* must be an object or null"),
        ("size", tuple[int, int], [3], r"`size` .* must be a list of 2 numbers. Received \[3\]"),
        ("kind", Literal["fast", 8], 8.0, '`kind` .* must be "fast" or 8. Received 8.0'),
        (
            "names",
            tuple[Literal[4, 8, 16], ...],
            [3],
            r"must be a list of 4, 8 or 16. Received \[3\]",
        ),
        ("names", tuple[Literal["a"], ...] | None, 3, '`names` .* must be a list of "a" or null'),
        ("names", tuple[float, ...] | None, "x" * 300, r"or null. Received 'x{59}\.\.\."),
    ],
)
def test_check_value_says_what_is_required(name, hint, value, message):
    with pytest.raises(InputError, match=message):
        check_value(FIELDS[name], hint, value, "here")


def test_check_value_bounds_whole_numbers_as_tensors_do():
    field = dataclasses.field(metadata={**FIELDS["size"].metadata})
    field.name = "step"
    assert check_value(field, int, 2**63 - 1, "here") == 2**63 - 1
    with pytest.raises(InputError, match=f"`step` .* must be at most {2**63 - 1}. Received"):
        check_value(field, int, 2**63, "here")


def test_require_known_names_the_nearest():
    require_known("rate", FIELDS, "key")
    with pytest.raises(InputError, match="^here: unknown key `rates`; the nearest .* `rate`.$"):
        require_known("rates", FIELDS, "key", where="here: ")


def test_describe_field_with_and_without_a_unit():
    assert describe_field(FIELDS["rate"]) == "step size, in px"
    assert describe_field(FIELDS["size"]) == "height and width"
