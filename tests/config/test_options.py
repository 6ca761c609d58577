import argparse
from dataclasses import dataclass
from typing import Literal

import pytest

from config.errors import InputError
from config.options import add_option, list_options, make_settings, option, show_default


@dataclass(frozen=True)
class Crops:
    num: int = option(4, "crops, 100 % of them", minimum=1)
    share: float | None = option(None, "share")
    size: tuple[int, int] = option((3, 4), "size", unit="pixels")
    names: tuple[str, ...] = option((), "names")
    masks: bool = option(False, "write masks")
    kind: Literal["a", "b"] = option("a", "kind")
    split: str = option("train", "split", choices=("train", "val"))


def parse(*arguments):
    parser = argparse.ArgumentParser()
    for field, hint in list_options(Crops).values():
        add_option(parser, field, hint)
    return vars(parser.parse_args(arguments))


def test_add_option_leaves_out_what_is_not_given():
    assert set(parse().values()) == {None}
    assert make_settings(Crops, parse(), where="here") == Crops()


def test_add_option_reads_every_kind_of_value():
    line = "--num 2 --share 0.5 --size 5 6 --names x y --masks --kind b --split val"
    made = make_settings(Crops, parse(*line.split()), where="here")
    assert made == Crops(2, 0.5, (5, 6), ("x", "y"), True, "b", "val")


def test_add_option_tells_meaning_unit_and_default(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "size, in pixels (default: 3 4)" in text and "100 % of them (default: 4)" in text


@pytest.mark.parametrize("line", ["--kind c", "--split test", "--num x", "--size 1"])
def test_add_option_refuses_other_values(line):
    with pytest.raises(SystemExit):
        parse(*line.split())


def test_make_settings_checks_bounds():
    with pytest.raises(InputError, match="here: `num` .* must be at least 1. Received 0"):
        make_settings(Crops, {"num": 0}, where="here")


def test_show_default_shows_nothing_for_none_and_false():
    fields = list_options(Crops)
    shown = [show_default(fields[name][0]) for name in ("share", "masks", "names", "num")]
    assert shown == ["", "", "", "4"]
