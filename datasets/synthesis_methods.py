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

from collections.abc import Callable
from dataclasses import dataclass
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
    one_process: bool = False


METHODS = {
    "scenes": Method(
        "draw crowds, objects and shots from a seed", ScenesSettings, write_scenes, ""
    ),
    "crops": Method("cut nested crops out of photos", CropSettings, write_crops, "crops"),
    "remove": Method(
        "take known objects out of photos by inpainting",
        RemoveSettings,
        write_removals,
        "removed",
        exclusive=(("step", "removed"),),
    ),
    "paste": Method(
        "paste objects cut out of photos onto backgrounds", PasteSettings, write_pastes, "pasted"
    ),
    "diffusion": Method(
        "draw pictures, or repaint photos, with Stable Diffusion 3 (an optional extra)",
        DiffusionSettings,
        write_diffusions,
        "diffused",
        one_process=True,
    ),
}
