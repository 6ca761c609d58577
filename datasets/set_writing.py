"""Writes one drawn data set into its folder, so that a torn one is never taken for a whole one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from config.files import write_json
from datasets.scene_folder import ANNOTATIONS, open_folder
from datasets.scene_jobs import SceneSettings, run_jobs
from datasets.scene_listings import list_objects
from datasets.synthetic_sets import FIRST_INDEX, PICTURE_FOLDERS, check_settings, describe_run


def write_set(
    data_dir: Path,
    name: str,
    num: int,
    settings: SceneSettings,
    job: Callable,
    list_items: Callable,
    *,
    write_more: Callable[[Path, list[dict]], None] | None = None,
    **options,
) -> Path:
    """Write one data set, `annotations.json` last, unless it lies there whole already.

    Args:
        data_dir: folder that holds the data sets.
        name: one of the data sets.
        num: its records.
        settings: what they have in common.
        job: draws one: (folder, settings, index, number) -> descriptions of its pictures.
        list_items: {"image", "count"} of every picture -> what `annotations.json` holds.
        write_more: writes further listings: (folder, descriptions).
        **options: `workers` and `overwrite`.

    Returns:
        The folder.

    Raises:
        InputError: `num` is out of range, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> # see `datasets.synthetic_files`
    """
    check_settings(data_dir, {name: num}, settings, overwrite=options["overwrite"])
    folder, provenance = Path(data_dir) / name, describe_run(name, num, settings)
    if open_folder(folder, provenance, overwrite=options["overwrite"]):
        return folder
    for part in PICTURE_FOLDERS.get(name, ["images", "masks"] if settings.masks else ["images"]):
        (folder / part).mkdir(exist_ok=True)
    first = FIRST_INDEX[name]
    groups = run_jobs(
        partial(job, folder, settings),
        range(first, first + num),
        workers=options["workers"],
        label=name,
    )
    pictures = [picture for group in groups for picture in group]
    write_json(list_objects(pictures), folder / "objects.json")
    counts = [{"image": p["image"], "count": len(p["points"])} for p in pictures]
    write_json(counts, folder / "true_counts.json")
    if write_more is not None:
        write_more(folder, pictures)
    write_json(list_items(counts), folder / ANNOTATIONS)
    return folder
