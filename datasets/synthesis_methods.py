"""The methods of `synthesize.py`: one row each, in a plain dict.

A new method is one row of `METHODS`: what it does in a line, the frozen dataclass of its options
(fields by `config.options.option`; one that starts from photos derives from
`datasets.source_photos.PhotoSettings`), its writer, and the name of its data set's folder. The
command line, its help and the refusal of options that belong to other methods follow from the
dataclass. A writer is called as

    write(data_dir, name, settings, workers=..., overwrite=...)

and returns the folders that it wrote, best by `datasets.set_writing.write_planned`, which gives it
provenance, resuming, the progress bar and the listings (see `datasets.crop_jobs`). Chains are
listed by `datasets.chain_listings.list_chains`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datasets.crop_jobs import CropSettings, write_crops
from datasets.diffusion_jobs import write_diffusions
from datasets.diffusion_settings import DiffusionSettings
from datasets.paste_jobs import write_pastes
from datasets.paste_layout import PasteSettings
from datasets.removals import RemoveSettings
from datasets.remove_jobs import write_removals
from datasets.scene_sets import ScenesSettings, write_scenes


@dataclass(frozen=True)
class Method:
    """One way to make a data set.

    Attributes:
        meaning: what it does, one line of the help.
        settings: frozen dataclass of its options.
        write: see the module.
        name: of its data set's folder; "" where it writes several under names of their own.
        exclusive: pairs of options of which one at most may be given.
        only_with: option -> (another, its values with which alone the former does something).
        one_process: whether it works in this process alone, whatever the machine has.

    Example:
        >>> METHODS["crops"].name
        'crops'
    """

    meaning: str
    settings: type
    write: Callable[..., list[Path]]
    name: str
    exclusive: tuple[tuple[str, str], ...] = ()
    only_with: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    one_process: bool = False


_OF_PHOTOS = (("source", "split"), ("source", "source_dir"))  # a folder has no splits
# What the tasks of `--method diffusion` use; other options are for all.
_TASKS_OF = {
    ("generate",): ("num", "counts", "prompts", "prompt_template"),
    ("generate", "add", "triplet"): ("negative_prompt",),
    ("remove", "triplet"): ("removed",),
    ("add", "triplet"): ("added", "added_size", "added_prompt"),
    ("remove", "add", "triplet"): (
        *("source", "format", "dataset", "source_dir", "split", "max_pixels", "max_bad_fraction"),
        *("num_photos", "mask_dir", "mask_values", "object_radius"),
        *("num_chains", "strength", "decoys", "margin", "shape"),
    ),
}

METHODS = {
    "scenes": Method(
        "draw crowds, objects and shots from a seed", ScenesSettings, write_scenes, ""
    ),
    "crops": Method(
        "cut nested crops out of photos", CropSettings, write_crops, "crops", exclusive=_OF_PHOTOS
    ),
    "remove": Method(
        "take known objects out of photos by inpainting",
        RemoveSettings,
        write_removals,
        "removed",
        exclusive=(("step", "removed"), *_OF_PHOTOS),
        only_with={"inpainting_radius": ("inpainting", ("telea", "navier_stokes"))},
    ),
    "paste": Method(
        "paste objects cut out of photos onto backgrounds",
        PasteSettings,
        write_pastes,
        "pasted",
        exclusive=(
            ("counts", "count_range"),
            ("counts", "distribution"),
            ("background", "backgrounds"),
            ("inpainting", "backgrounds"),
            *_OF_PHOTOS,
        ),
        only_with={
            "miscount": ("mode", ("count",)),
            "as_test": ("mode", ("count",)),
            "chain_length": ("mode", ("chain",)),
            "inpainting": ("background", ("removed",)),
        },
    ),
    "diffusion": Method(
        "draw pictures, or repaint photos, with Stable Diffusion 3 (an optional extra)",
        DiffusionSettings,
        write_diffusions,
        "diffused",
        exclusive=(("prompts", "prompt_template"), ("prompts", "empty_prompt"), *_OF_PHOTOS),
        only_with={name: ("task", tasks) for tasks, names in _TASKS_OF.items() for name in names},
        one_process=True,
    ),
}
