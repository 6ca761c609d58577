import argparse
import dataclasses

import pytest

from config.errors import InputError
from config.options import list_options
from datasets.synthesis_arguments import (
    add_method_options,
    read_settings,
    refuse_method_options,
    write_method,
)
from datasets.synthesis_methods import METHODS


def parse(*arguments):
    parser = argparse.ArgumentParser()
    add_method_options(parser)
    return vars(parser.parse_args(arguments))


def test_methods_agree_on_the_type_of_an_option():
    hints = {}
    for row in METHODS.values():
        for name, (_, hint) in list_options(row.settings).items():
            assert hints.setdefault(name, hint) == hint, name


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_settings_that_need_no_option(method):
    settings = read_settings(parse(), method)
    assert dataclasses.is_dataclass(settings) and settings == METHODS[method].settings()


def test_read_settings_takes_a_shared_option_for_its_method():
    values = parse("--image_size", "48", "64")
    assert read_settings(values, "crops").image_size == (48, 64)
    assert read_settings(values, "scenes").image_size == (48, 64)


def test_read_settings_names_the_methods_that_an_option_goes_with():
    with pytest.raises(InputError, match="`--num_test` goes with `--method scenes`. Received it w"):
        read_settings(parse("--num_test", "0"), "crops")


def test_read_settings_refuses_options_that_exclude_each_other():
    given = ("--step", "2", "--removed", "0.3", "0.5")
    with pytest.raises(InputError, match="`--step` and `--removed` exclude each other.*leave one"):
        read_settings(parse(*given), "remove")
    assert read_settings(parse("--step", "0", *given[2:]), "remove").removed == (0.3, 0.5)
    assert read_settings(parse("--step", "2"), "remove").step == 2


def test_add_method_options_tells_the_defaults_of_all_methods(capsys):
    with pytest.raises(SystemExit):
        parse("--help")
    told = " ".join(capsys.readouterr().out.split())
    assert "192 256 (scenes), 384 512 (crops" in told


def test_refuse_method_options_takes_none_given():
    refuse_method_options(parse(), "--check")
    with pytest.raises(InputError, match="`--masks` goes with `--method`"):
        refuse_method_options(parse("--masks"), "--check")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 0}, "`workers` .* must be at least 1"),
        ({"method": "diffusion", "workers": 2}, "`--workers` .* in one process. Received 2; leave"),
        ({"name": "a/b"}, "`--name` must be a folder's name"),
        ({"name": ""}, "`--name` must be a folder's name"),
        ({"name": ".."}, "`--name` must be a folder's name"),
        ({"method": "scenes", "name": "a"}, "`--name` must be left out"),
    ],
)
def test_write_method_refuses(tmp_path, changes, message):
    values = {"method": "crops", "data_dir": str(tmp_path), "name": None}
    values |= {"workers": 1, "overwrite": False, **parse(), **changes}
    with pytest.raises(InputError, match=message):
        write_method(values)
