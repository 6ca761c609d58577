"""Draws counted pictures, or repaints photos into ranked chains, with a diffusion model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.chain_listings import list_chains
from datasets.diffusion_settings import DiffusionSettings, check_diffusion
from datasets.known_objects import KnownObjects, read_object_photos, read_objects
from datasets.photo_sets import describe_photo_run
from datasets.prompts import choose_prompts
from datasets.repainting import Changes, Fill, draw_changes, repaint
from datasets.scene_folder import write_picture
from datasets.set_writing import SetPlan, write_planned
from datasets.source_photos import SourcePhoto, require_two
from datasets.stable_diffusion import Painter, open_stable_diffusion

DIFFUSION_VERSION = 1  # of what a seed draws, but for the model
_COUNTED, _CHANGES, _FILLS = 41, 42, 43  # keys of streams
# Pictures of a chain, the fullest first.
_PLACES = {
    "remove": ("source", "removed"),
    "add": ("added", "source"),
    "triplet": ("added", "source", "removed"),
}
_MASK_VALUES = {"decoys": 1, "removed": 2, "added": 3}  # of the files in `masks/`


def write_diffusions(
    data_dir: Path,
    name: str,
    settings: DiffusionSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
    open_painter: Callable[[DiffusionSettings], Painter] = open_stable_diffusion,
) -> list[Path]:
    """Write counted pictures from prompts, or chains of repainted photos.

    Args:
        data_dir: folder that holds the data sets.
        name: of the data set.
        settings: what its pictures have in common.
        workers: not used; one model draws all pictures in this process.
        overwrite: replace another run's data.
        open_painter: finds the model.

    Returns:
        The folder, in a list.

    Raises:
        InputError: a setting is out of range, the model is missing, too few photos can be used, or
            the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> write_diffusions(Path("data"), "drawn", DiffusionSettings(image_size=(500, 500)))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `image_size` (`--image_size`) must be multiples of 16 pixels for \
Stable Diffusion 3. Received 500 500.
    """
    check_diffusion(settings)
    folder, photos = Path(data_dir) / name, []
    if settings.task == "generate":
        prompts = choose_prompts(
            path=settings.prompts,
            template=settings.prompt_template,
            counts=settings.counts,
            empty=settings.empty_prompt,
        )
        painter = open_painter(settings)
        items, listed = range(settings.num), _list_asked
        job = partial(draw_counted, folder, settings, painter, prompts)
    else:
        items = photos = read_object_photos(folder, settings)
        require_two(photos)
        prompts, painter = {}, open_painter(settings)
        listed = partial(list_chains, kind=f"diffusion_{settings.task}", seed=settings.seed)
        job = partial(repaint_photo, folder, settings, painter)
    made = describe_photo_run("diffusion", settings, photos)
    del made["download"]  # it decides how files come, not which
    made |= {"prompts": {str(count): list(texts) for count, texts in prompts.items()}}
    made |= {"diffusion_version": DIFFUSION_VERSION, **painter.identity}
    parts = ("images",)
    if settings.task != "generate":
        del made["num"]  # of pictures to generate
        parts = ("images", "masks")
    most = settings.max_bad_fraction
    plan = SetPlan(folder, made, items, job, listed, parts, max_bad_fraction=most)
    return [write_planned(plan, overwrite=overwrite)]


def draw_counted(
    folder: Path,
    settings: DiffusionSettings,
    painter: Painter,
    prompts: dict[int, tuple[str, ...]],
    index: int,
    number: int,
) -> list[dict]:
    """Draw one picture, unless it is there, and describe it.

    The counts take turns, and so do the prompts of each. Nobody knows how many people are truly
    seen, so that no true count is told.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the pictures have in common.
        painter: draws it.
        prompts: count -> its prompts.
        index: what the draw hangs on, beside the seed.
        number: the picture's name.

    Returns:
        {"image", "height", "width", "parameters", "source"} of the picture; the number asked for is
        "asked" of the parameters.

    Raises:
        InputError: the model cannot be loaded.
        OSError: the file system refuses.

    Example:
        >>> # see `write_diffusions`
    """
    turn, place = divmod(index, len(prompts))
    count = list(prompts)[place]
    prompt = prompts[count][turn % len(prompts[count])]
    negative = settings.negative_prompt if count else settings.empty_negative_prompt
    fill = Fill(prompt, negative, _draw_seed(settings.seed, index, _COUNTED))
    path = folder / "images" / f"{number:06d}.jpg"
    if not path.exists():
        write_picture(path, painter.draw(fill.prompt, fill.negative_prompt, fill.seed))
    told = {"task": settings.task, "asked": count, **asdict(fill), **_tell(settings, painter)}
    return [_describe(path, painter.size, told, painter.identity["preset"])]


def repaint_photo(
    folder: Path, settings: DiffusionSettings, painter: Painter, photo: SourcePhoto, number: int
) -> list[dict]:
    """Write the chains of one photo that are not there yet, and describe their pictures.

    What changes depends on the seed and the photo's name alone. All pictures of a chain have the
    same empty places repainted, and differ in where people are removed or added.

    Args:
        folder: the data set's folder, with `images/` and `masks/` in it.
        settings: what the chains have in common.
        painter: repaints.
        photo: the photo and its objects.
        number: its number, the start of its pictures' names.

    Returns:
        {"image", "height", "width", "chain", "parameters", "source"} of each picture, the fullest
        of each chain first, or why the photo is skipped.

    Raises:
        InputError: the model cannot be loaded.
        OSError: the file system refuses.

    Example:
        >>> # see `write_diffusions`
    """
    try:
        objects = read_objects(photo, settings, shape=settings.shape)
        if not objects.count:
            raise InputError(
                f"`{photo.image}` must have an object to remove, or to take the size of those "
                "added from. It has none; take it out."
            )
    except InputError as error:
        return [{"skipped": str(error)}]
    pictures = []
    for chain in range(settings.num_chains):
        key = (settings.seed, photo.key, chain)
        changes = draw_changes(objects, settings, np.random.default_rng([*key, _CHANGES]))
        fills = _make_fills(settings, key)
        steps = {
            folder / "images" / f"{number:06d}_{chain:02d}_{place:02d}.jpg": step
            for place, step in enumerate(_PLACES[settings.task])
        }
        _write_chain(steps, objects, changes, fills, painter)
        for path, step in steps.items():
            told = {"task": settings.task, "chain": chain, "objects": objects.count}
            told |= _tell_step(path, step, changes, fills) | _tell(settings, painter)
            picture = _describe(path, objects.image.shape[:2], told, photo.name)
            pictures.append(picture | {"chain": chain})
    return pictures


def _list_asked(groups: list[list[dict]]) -> list[dict]:
    return [
        {"image": each["image"], "count": each["parameters"]["asked"]}
        for group in groups
        for each in group
    ]


def _draw_seed(*key: int) -> int:
    """Draw a seed that KerasHub takes, from 0 to 2^31 - 1."""
    return int(np.random.SeedSequence(key).generate_state(1)[0] >> 1)


def _make_fills(settings: DiffusionSettings, key: tuple[int, ...]) -> dict[str, Fill]:
    empty = (settings.empty_prompt, settings.empty_negative_prompt)
    texts = {"decoys": empty, "removed": empty}
    texts["added"] = (settings.added_prompt, settings.negative_prompt)
    return {
        kind: Fill(*texts[kind], _draw_seed(*key, _FILLS, value))
        for kind, value in _MASK_VALUES.items()
    }


def _write_chain(
    steps: dict[Path, str],
    objects: KnownObjects,
    changes: Changes,
    fills: dict[str, Fill],
    painter: Painter,
) -> None:
    """Write the pictures of a chain and their masks, as far as they are not there."""
    files = [path for picture in steps for path in (_mask_path(picture), picture)]
    if all(path.exists() for path in files):
        return
    kept = objects.labels > 0
    base = repaint(painter, objects.image, changes.decoys, fills["decoys"], kept=kept)
    for path, step in steps.items():
        mask = np.zeros(kept.shape, np.uint8)
        for kind in _list_kinds(step, changes):
            mask[getattr(changes, kind)] = _MASK_VALUES[kind]
        if not _mask_path(path).exists():
            write_picture(_mask_path(path), mask)
        if path.exists():
            continue
        changed = base
        if step != "source":
            changed = repaint(painter, base, getattr(changes, step), fills[step], kept=kept)
        write_picture(path, changed)


def _list_kinds(step: str, changes: Changes) -> list[str]:
    kinds = ["decoys"] if changes.decoys.any() else []
    return kinds + [kind for kind in ("removed", "added") if kind == step]


def _mask_path(path: Path) -> Path:
    return path.parent.parent / "masks" / f"{path.stem}.png"


def _tell_step(path: Path, step: str, changes: Changes, fills: dict[str, Fill]) -> dict[str, Any]:
    return {
        "shows": step,
        "removed": changes.gone.tolist() if step == "removed" else [],
        "added": changes.num_added if step == "added" else 0,
        "mask": _name_file(_mask_path(path)),
        "fills": [
            {"kind": kind, "mask_value": _MASK_VALUES[kind], **asdict(fills[kind])}
            for kind in _list_kinds(step, changes)
        ],
    }


def _tell(settings: DiffusionSettings, painter: Painter) -> dict[str, Any]:
    told = {"steps": settings.steps, "guidance": settings.guidance}
    if settings.task != "generate":
        told["strength"] = settings.strength
    return told | painter.identity


def _describe(path: Path, size: tuple[int, int], told: dict, source: str) -> dict[str, Any]:
    return {
        "image": _name_file(path),
        "height": size[0],
        "width": size[1],
        "parameters": told,
        "source": source,
    }


def _name_file(path: Path) -> str:
    return path.relative_to(path.parent.parent.parent).as_posix()
