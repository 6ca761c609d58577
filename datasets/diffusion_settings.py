"""Options of pictures that a diffusion model draws or repaints."""

from __future__ import annotations

from dataclasses import dataclass

from config.errors import InputError
from config.options import option
from datasets.known_objects import ObjectSettings
from datasets.prompts import check_template
from ops.object_regions import SHAPES

TASKS = ("generate", "remove", "add", "triplet")
PATCH = 16  # pixels a side that Stable Diffusion 3 takes for one token
_LONGEST = 1000  # characters of a prompt


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings(ObjectSettings):
    """`--method diffusion`: pictures by Stable Diffusion 3.

    Attributes: see each field's `meaning`.
    """

    task: str = option(
        "generate",
        "draw counted pictures from prompts; or repaint photos of known objects, as chains of "
        "source > removed, added > source, or added > source > removed",
        choices=TASKS,
    )
    preset: str = option(
        "stable_diffusion_3_medium", "KerasHub's name of the weights, or a folder that holds them"
    )
    download: bool = option(False, "let KerasHub fetch the preset where it is not on this machine")
    precision: str = option(
        "bfloat16", "arithmetic and weights", choices=("bfloat16", "float16", "float32")
    )
    image_size: tuple[int, int] = option(
        (512, 512),
        "height, width of the pictures; of photos the most, multiples of 16",
        unit="pixels",
        minimum=16,
        maximum=3072,
    )
    num: int = option(200, "pictures to generate", minimum=1, maximum=1_000_000)
    counts: tuple[int, ...] = option(
        (), "numbers of people asked for", minimum=0, maximum=1_000_000
    )
    prompts: str = option("", "JSON file of counts and their prompts, instead of the template")
    prompt_template: str = option("a photo of {count} people", "prompt of each count")
    empty_prompt: str = option(
        "an empty place with nobody there", "prompt where nobody shall be seen"
    )
    added_prompt: str = option("people standing there", "prompt where people are added")
    negative_prompt: str = option("", "what shall not be seen where people are wanted")
    empty_negative_prompt: str = option(
        "people, person, crowd", "what shall not be seen where nobody is wanted"
    )
    steps: int = option(28, "steps from noise to picture", minimum=1, maximum=1000)
    guidance: float = option(
        7.0, "how closely the prompt is followed; 1 for no guidance", minimum=1, maximum=100
    )
    strength: float = option(
        1.0,
        "share of the steps that repaint a mask; 1 forgets what was there",
        minimum=0.01,
        maximum=1,
    )
    num_chains: int = option(1, "chains made of each photo", minimum=1, maximum=10_000)
    removed: tuple[float, float] = option(
        (0.35, 1.0), "least and most share of the objects that a chain's last picture lacks"
    )
    added: tuple[float, float] = option(
        (0.35, 1.0), "least and most number of places with people added, as a share of the objects"
    )
    added_size: float = option(
        2.0, "size of such a place, in sizes of the objects", minimum=0.5, maximum=20
    )
    decoys: float = option(
        0.5,
        "empty places repainted in all pictures of a chain, per object that changes, so that "
        "traces of painting alone do not tell the order",
        minimum=0,
        maximum=10,
    )
    margin: int = option(8, "rim around an object that is repainted too", minimum=0, maximum=100)
    shape: str = option(
        "disc", "what a dot stands for: a disc, or a person below the head", choices=SHAPES
    )


def check_diffusion(settings: DiffusionSettings) -> None:
    """Refuse settings that no picture can be made with.

    Args:
        settings: what the pictures have in common.

    Raises:
        InputError: a size is no multiple of 16, or a share or a prompt is out of range.

    Example:
        >>> check_diffusion(DiffusionSettings())
    """
    if any(side % PATCH for side in settings.image_size):
        raise InputError(
            f"`image_size` (`--image_size`) must be multiples of {PATCH} pixels for Stable "
            f"Diffusion 3. Received {settings.image_size[0]} {settings.image_size[1]}."
        )
    _check_prompts(settings)
    for name, highest in (("removed", 1.0), ("added", 100.0)):
        least, most = getattr(settings, name)
        if not 0 < least <= most <= highest:
            raise InputError(
                f"`{name}` (`--{name}`) must be two shares above 0 and at most {highest:g}, the "
                f"lower first. Received {least} {most}."
            )


def _check_prompts(settings: DiffusionSettings) -> None:
    if not settings.prompts:
        check_template(settings.prompt_template)
    for name in ("empty_prompt", "added_prompt", "negative_prompt", "empty_negative_prompt"):
        text = getattr(settings, name)
        may_be_empty = name.endswith("negative_prompt")
        if len(text) > _LONGEST or not (text.strip() or may_be_empty):
            raise InputError(
                f"`{name}` (`--{name}`) must be text of {0 if may_be_empty else 1} to {_LONGEST} "
                f"characters. Received {text[:80]!r}."
            )
