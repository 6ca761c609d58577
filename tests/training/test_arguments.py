import argparse

from training.arguments import add_common_arguments, add_override


def test_add_override_is_another_way_to_set():
    parser = argparse.ArgumentParser()
    add_common_arguments(parser, stage="training")
    add_override(parser, "N", "patches a side")
    given = parser.parse_args(["--set", "N=3", "--N", "2", "--set", "bin_width=5"])
    assert given.overrides == ["N=3", "N=2", "bin_width=5"]
    assert parser.parse_args([]).overrides == []
