"""Writes one made data set into its folder, so that a torn one is never taken for a whole one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.files import atomic_file, write_json
from datasets.scene_folder import ANNOTATIONS, FILES, PROVENANCE, open_folder
from datasets.scene_jobs import SceneSettings, run_jobs
from datasets.scene_listings import list_objects
from datasets.synthetic_sets import FIRST_INDEX, PICTURE_FOLDERS, check_settings, describe_run

Groups = list[list[dict]]  # what the jobs returned: the pictures of each item, described
_NUM_NAMED = 10
# The folder keeps what was written, for a run that allows more to be left out.
_OTHER_RUN = "With other photos or settings it is another run: give it with `--overwrite`."
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SetPlan:
    """What makes one data set.

    A job draws the pictures of one item: (item, its number) -> one description for each picture,
    {"image": name relative to the folder's parent, "height", "width"} and, as far as they are
    known, "points" (N, 2), "boxes" (N, 4) and "areas" (N,), or "count"; with "parameters" and
    "source" for `files.jsonl`. It is the same whatever was drawn before, and leaves files that
    exist alone, so a run goes on where it stopped. For an item that cannot be used it returns
    [{"skipped": why}].

    Attributes:
        folder: the data set's folder.
        provenance: plain JSON that says what makes the data; it differs where the files would.
        items: what the jobs draw from.
        job: see above; several processes need one that can be pickled.
        list_items: descriptions, a list for each item -> what `annotations.json` holds.
        parts: folders for the pictures.
        write_more: writes further listings: (folder, all descriptions).
        max_bad_fraction: share of the items that may be skipped.
        unit: what the items are, for messages.

    Example:
        >>> # see `datasets.crop_jobs`
    """

    folder: Path
    provenance: dict
    items: Sequence
    job: Callable[[Any, int], list[dict]]
    list_items: Callable[[Groups], Any]
    parts: tuple[str, ...] = ("images",)
    write_more: Callable[[Path, list[dict]], None] | None = field(default=None)
    max_bad_fraction: float = 0.0
    unit: str = "photos"


def write_planned(plan: SetPlan, *, workers: int = 1, overwrite: bool = False) -> Path:
    """Write one data set, `annotations.json` last, unless it lies there whole already.

    Args:
        plan: what makes it.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: the folder cannot be used, too many items were skipped, or all.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> # see `datasets.crop_jobs`
    """
    folder = plan.folder
    if open_folder(folder, plan.provenance, overwrite=overwrite):
        return folder
    for part in plan.parts:
        (folder / part).mkdir(exist_ok=True)
    groups = run_jobs(plan.job, plan.items, workers=workers, label=folder.name)
    try:
        groups = _leave_out_skipped(groups, plan)
        annotations = plan.list_items(groups)
    except InputError as error:
        if _remove_unused(plan):
            raise
        raise InputError(f"{error}\n{_OTHER_RUN}") from error
    pictures = [picture for group in groups for picture in group]
    _write_listings(folder, plan, pictures)
    for torn in (path for part in plan.parts for path in (folder / part).glob(".*.partial.*")):
        torn.unlink()  # of a process that was killed while it wrote
    write_json(annotations, folder / ANNOTATIONS)
    return folder


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
    """Write one data set of drawn scenes.

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
    folder, first = Path(data_dir) / name, FIRST_INDEX[name]
    parts = PICTURE_FOLDERS.get(name, ["images", "masks"] if settings.masks else ["images"])
    plan = SetPlan(
        folder,
        describe_run(name, num, settings),
        range(first, first + num),
        partial(_draw_scene, job, folder, settings),
        lambda groups: list_items(list_counts([each for group in groups for each in group])),
        tuple(parts),
        write_more,
    )
    return write_planned(plan, **options)


def list_counts(pictures: list[dict]) -> list[dict]:
    """List how many objects each picture shows.

    Args:
        pictures: descriptions, see `SetPlan`.

    Returns:
        {"image", "count"} of every picture whose objects are known.

    Example:
        >>> list_counts([{"image": "a.jpg", "points": []}, {"image": "b.jpg", "count": 3}])
        [{'image': 'a.jpg', 'count': 0}, {'image': 'b.jpg', 'count': 3}]
    """
    return [
        {"image": each["image"], "count": each["count"] if "count" in each else len(each["points"])}
        for each in pictures
        if each.get("count") is not None or "points" in each
    ]


def count_records(folder: Path) -> int:
    """Count the records of a whole data set.

    Of drawn scenes it is their number, as each may be listed in several ways; else what is listed.

    Args:
        folder: the data set's folder.

    Returns:
        Their number.

    Raises:
        OSError: a file is absent.

    Example:
        >>> # see `synthesize.py`
    """
    made = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
    if made.get("method") == "scenes":
        return made["num"]  # none is ever skipped
    listed = json.loads((folder / ANNOTATIONS).read_text(encoding="utf-8"))
    return len(listed) if isinstance(listed, list) else sum(map(len, listed.values()))


def _draw_scene(
    job: Callable, folder: Path, settings: SceneSettings, index: int, number: int
) -> list[dict]:
    """Draw one scene; its number is all that its pictures are made of."""
    pictures = job(folder, settings, index, number)
    return [{"parameters": {"scene": index}, "source": "drawn", **each} for each in pictures]


def tell_skipped(
    reasons: Sequence[str], num: int, *, max_bad_fraction: float, unit: str = "photos"
) -> None:
    """Tell in the log what is left out, unless that is too much.

    Args:
        reasons: why each of them cannot be used.
        num: how many there are, with those.
        max_bad_fraction: share of them that may be left out.
        unit: what they are, for messages.

    Raises:
        InputError: more cannot be used, or none is left.

    Example:
        >>> tell_skipped([], 2, max_bad_fraction=0)
    """
    more = len(reasons) - _NUM_NAMED
    told = [*reasons[:_NUM_NAMED], *([f"... and {more} more"] if more > 0 else [])]
    if len(reasons) > max_bad_fraction * num or len(reasons) == num:
        raise InputError(
            f"At most `--max_bad_fraction` {max_bad_fraction:g} of the {unit} may be left out, and "
            f"some must stay. {len(reasons)} of {num} cannot be used:\n  " + "\n  ".join(told)
        )
    for line in told:
        _logger.warning("Skipped: %s", line)


def _leave_out_skipped(groups: Groups, plan: SetPlan) -> Groups:
    """Leave out what no job could use, told in the log, unless that is too much."""
    reasons = [group[0]["skipped"] for group in groups if group and "skipped" in group[0]]
    most = plan.max_bad_fraction
    tell_skipped(reasons, len(groups), max_bad_fraction=most, unit=plan.unit)
    return [group for group in groups if not (group and "skipped" in group[0])]


def _remove_unused(plan: SetPlan) -> bool:
    """Remove a folder without pictures, so that the next run may have other settings."""
    parts = [plan.folder / part for part in plan.parts]
    if any(path for part in parts for path in part.iterdir()):
        return False
    for part in parts:
        part.rmdir()
    (plan.folder / PROVENANCE).unlink()
    with suppress(OSError):  # it holds what others put there
        plan.folder.rmdir()
    return True


def _write_listings(folder: Path, plan: SetPlan, pictures: list[dict]) -> None:
    """Write where each file comes from and, as far as they are known, its objects."""
    run = {key: plan.provenance.get(key) for key in ("method", "seed")}
    with atomic_file(folder / FILES) as temporary:
        lines = (
            json.dumps({"image": each["image"], **run, **_origin(each)}, ensure_ascii=False)
            for each in pictures
        )
        text = "".join(f"{line}\n" for line in lines)
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")  # as `write_json`
    if all("boxes" in each for each in pictures):
        write_json(list_objects(pictures), folder / "objects.json")
    counts = list_counts(pictures)
    if counts:
        write_json(counts, folder / "true_counts.json")
    if plan.write_more is not None:
        plan.write_more(folder, pictures)


def _origin(picture: dict) -> dict:
    return {"parameters": picture.get("parameters", {}), "source": picture.get("source", "")}
