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


@pytest.mark.parametrize("method", METHODS)
def test_methods_name_options_and_choices_that_they_have(method):
    options = list_options(METHODS[method].settings)
    for name, (chooser, values) in METHODS[method].only_with.items():
        assert name in options and name != chooser
        assert set(values) < set(options[chooser][0].metadata["choices"]), name
    assert {name for pair in METHODS[method].exclusive for name in pair} <= set(options)


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("paste", "--mode chain --miscount", "`--miscount` goes with `--mode count`. Received it"),
        ("paste", "--mode chain --as_test", "`--as_test` goes with `--mode count`.*with chain;"),
        ("paste", "--chain_length 3", "`--chain_length` goes with `--mode chain`.*with count;"),
        ("paste", "--mode count --chain_length 3", "`--chain_length` goes with `--mode chain`"),
        ("paste", "--background ground --inpainting patches", "with `--background removed`"),
        ("paste", "--counts 3 --count_range 1 5", "`--counts` and `--count_range` exclude each"),
        ("paste", "--counts 3 --distribution uniform", "`--counts` and `--distribution` excl"),
        ("paste", "--background ground --backgrounds b", "`--background` and `--backgrounds` e"),
        ("paste", "--inpainting patches --backgrounds b", "`--inpainting` and `--backgrounds` e"),
        ("remove", "--inpainting patches --inpainting_radius 5", "`--inpainting telea | navier"),
        ("remove", "--source a --split val", "`--source` and `--split` exclude each other"),
        ("crops", "--source a --source_dir b", "`--source` and `--source_dir` exclude each"),
        ("diffusion", "--dataset a", "goes with `--task remove | add | triplet`.*with generate;"),
        ("diffusion", "--source a", "`--source` goes with `--task remove | add | triplet`"),
        ("diffusion", "--mask_dir a", "`--mask_dir` goes with `--task remove | add | triplet`"),
        ("diffusion", "--task generate --split val", "`--split` goes with `--task remove"),
        ("diffusion", "--num_photos 3", "`--num_photos` goes with `--task remove"),
        ("diffusion", "--num_chains 3", "`--num_chains` goes with `--task remove"),
        ("diffusion", "--strength 0.5", "`--strength` goes with `--task remove"),
        ("diffusion", "--removed 0.5 1", "`--removed` goes with `--task remove | triplet`"),
        ("diffusion", "--task add --removed 0.5 1", "`--removed` goes with .*with add;"),
        ("diffusion", "--task remove --added 0.5 1", "`--added` goes with `--task add | triplet`"),
        ("diffusion", "--task remove --num 9", "`--num` goes with `--task generate`"),
        ("diffusion", "--task remove --counts 9", "`--counts` goes with `--task generate`"),
        ("diffusion", "--task remove --prompts p", "`--prompts` goes with `--task generate`"),
        ("diffusion", "--task remove --negative_prompt p", "`--task generate | add | triplet`"),
        ("diffusion", "--prompts p --prompt_template t", "`--prompts` and `--prompt_template` e"),
    ],
)
def test_read_settings_refuses_options_that_would_do_nothing(method, given, message):
    with pytest.raises(InputError, match=message.replace("|", r"\|")):
        read_settings(parse(*given.split()), method)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("paste", "--mode chain --chain_length 3 --counts 1 2 3"),
        ("paste", "--miscount --as_test --background removed --inpainting patches"),
        ("paste", "--background ground --count_range 1 5 --distribution uniform"),
        ("remove", "--inpainting navier_stokes --inpainting_radius 5 --format f --split val"),
        ("diffusion", "--num 9 --counts 3 --prompts p --negative_prompt n"),
        ("diffusion", "--task triplet --removed 0.5 1 --added 0.5 1 --strength 0.5 --source s"),
        ("diffusion", "--task add --added 0.5 1 --added_prompt p --num_chains 2 --dataset d"),
    ],
)
def test_read_settings_takes_options_that_go_together(method, given):
    read_settings(parse(*given.split()), method)


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
