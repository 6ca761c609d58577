from dataclasses import replace

import pytest

from config.errors import InputError
from datasets.diffusion_settings import TASKS, DiffusionSettings, check_diffusion
from datasets.synthesis_arguments import read_settings

SETTINGS = DiffusionSettings()


@pytest.mark.parametrize("task", TASKS)
def test_check_diffusion_takes_the_defaults(task):
    check_diffusion(replace(SETTINGS, task=task))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"image_size": (512, 500)}, "multiples of 16 pixels.*Received 512 500"),
        ({"removed": (0.5, 1.5)}, "`removed`.*at most 1, the lower first. Received 0.5 1.5"),
        ({"added": (0.5, 0.4)}, "`added`.*the lower first"),
        ({"prompt_template": "people"}, "`--prompt_template` must be text"),
        ({"empty_prompt": " "}, "`empty_prompt`.*1 to 1000"),
        ({"negative_prompt": "x" * 1001}, "`negative_prompt`.*0 to 1000"),
    ],
)
def test_check_diffusion_refuses(changes, match):
    with pytest.raises(InputError, match=match):
        check_diffusion(replace(SETTINGS, **changes))


@pytest.mark.parametrize(
    ("name", "value"), [("counts", [5, -1]), ("steps", 0), ("guidance", 0.5), ("strength", 0.0)]
)
def test_options_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=f"--method diffusion: `{name}`"):
        read_settings({name: value}, "diffusion")
