"""Pastes objects of photos onto backgrounds at chosen counts, as data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from config.errors import InputError
from datasets.chain_listings import keep_side, list_chains, split_sources
from datasets.known_objects import read_object_photos
from datasets.paste_layout import (
    PasteSettings,
    check_layout,
    draw_counts,
    draw_objects,
    place_objects,
)
from datasets.paste_sources import read_background, read_source
from datasets.photo_sets import describe_photo_run, keep_usable
from datasets.scene_folder import write_picture
from datasets.scene_listings import list_noisy, list_test
from datasets.set_writing import SetPlan, list_counts, write_planned
from datasets.source_photos import SourcePhoto, read_source_photos
from ops.cut_outs import CutOut
from ops.pasting import Pasted, paste

Sources = tuple[Sequence[SourcePhoto], Sequence[SourcePhoto]]  # photos, and backgrounds

PASTING_VERSION = 1  # of what a seed draws
_PASTES = 34  # key of the stream that draws pictures
_ENOUGH_CUT_OUTS, _MOST_PHOTOS = 12, 16  # for one picture


def write_pastes(
    data_dir: Path,
    name: str,
    settings: PasteSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> list[Path]:
    """Write pictures, or chains of them, with a known number of pasted objects.

    Photos that cannot be used are named and left out before anything is drawn.

    Args:
        data_dir: folder that holds the data sets.
        name: of the data set.
        settings: what its pictures have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder, in a list.

    Raises:
        InputError: too many photos or backgrounds cannot be used, a setting is out of range, too
            many pictures cannot hold their objects, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> image = Image.new("RGB", (64, 48))
        >>> image.paste((200, 200, 90), (10, 10, 18, 20))
        >>> image.save(data_dir / "a.png")
        >>> _ = (data_dir / "points.csv").write_text("image,row,column\\na.png,15,14\\n")
        >>> settings = PasteSettings(format="points", dataset=".", num=3, counts=(5,))
        >>> folder = write_pastes(data_dir, "pasted", settings)[0]
        >>> len(list((folder / "images").iterdir()))
        3
    """
    check_layout(settings)
    folder = Path(data_dir) / name
    photos, backgrounds = read_object_photos(folder, settings), []
    if settings.backgrounds:
        named = {"data_dir": folder.parent, "source": settings.backgrounds}
        backgrounds = read_source_photos(**named, outside=folder)
    photos = keep_usable(photos, settings, read_source, workers=workers)
    backgrounds = keep_usable(backgrounds, settings, read_background, workers=workers)
    made = describe_photo_run("paste", settings, photos + backgrounds)
    made["pasting_version"] = PASTING_VERSION
    if settings.mode == "chain":
        made["split_by"] = _tell_split(photos, backgrounds)
    sources, sides = _part_sources(settings, photos, backgrounds)
    plan = SetPlan(
        folder,
        made,
        list(enumerate(sides)),
        partial(paste_objects, folder, settings, sources),
        partial(_list_pictures, settings),
        max_bad_fraction=settings.max_bad_fraction,
        unit="pictures" if settings.mode == "count" else "chains",
    )
    return [write_planned(plan, workers=workers, overwrite=overwrite)]


def paste_objects(
    folder: Path,
    settings: PasteSettings,
    sources: Mapping[str, Sources],
    item: tuple[int, str],
    number: int,
) -> list[dict]:
    """Write one picture or chain, as far as it is not there yet, and describe it.

    What is drawn depends on the seed and the index alone. The pictures of a chain differ only in
    which objects are there; it is made of the photos and backgrounds of one side, those that train
    or those that validate.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the pictures have in common.
        sources: side -> the photos whose objects are pasted, for one picture as many, in random
            order, as it takes to have 12 objects to choose from, up to 16; and those to paste
            onto, () for the place of the first of the former.
        item: the index, which the draw hangs on; and the side, "train" or "val", or "" where photos
            do not decide it.
        number: the start of the pictures' names.

    Returns:
        {"image", "height", "width", "points", "boxes", "areas", "chain", "parameters", "source"} of
        each picture, the fullest first, with the "side" of a chain where photos decide it; or why
        it is skipped. A count is that of the objects placed, which "parameters" compares with the
        number wanted.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> photo = SourcePhoto(Path("a.jpg"), "a.jpg", points=np.zeros((1, 2)))
        >>> paste_objects(Path("pasted"), PasteSettings(), {"": ([photo], [])}, (0, ""), 0)
        [{'skipped': '`a.jpg` must be a picture file. There is no such file.'}]
    """
    index, side = item
    photos, backgrounds = sources[side]
    rng = np.random.default_rng([settings.seed, index, _PASTES])
    counts = draw_counts(settings, rng)
    place = backgrounds[rng.integers(len(backgrounds))] if backgrounds else None
    chosen = [photos[i] for i in rng.permutation(len(photos))[:_MOST_PHOTOS]]
    try:
        scene = _lay_out(settings, chosen, place, counts[0], rng)
        fitted = _fit_counts(counts, scene)
    except InputError as error:
        return [{"skipped": str(error)}]
    ages = rng.permutation(len(scene.objects))
    pictures = []
    for step, count in enumerate(fitted):
        kept = np.flatnonzero(ages < count)  # in their order, the farthest first
        some = [scene.objects[i] for i in kept]
        pasted = paste(scene.ground, some, scene.points[kept], blending=settings.blending)
        tail = f"_{step:02d}" if settings.mode == "chain" else ""
        path = folder / "images" / f"{number:06d}{tail}.jpg"
        if not path.exists():
            write_picture(path, pasted.image)
        origin = {
            "chain": index,
            "place": step,
            "wanted": counts[step],
            "objects_from": scene.names,
            "least_visible": round(float(pasted.visible.min(initial=1)), 3),
        }
        told = {"parameters": origin, "source": scene.place}
        told |= {"side": side} if side else {}
        pictures.append(_describe(path, pasted) | told)
    return pictures


def _tell_split(*lists: Sequence[SourcePhoto]) -> list[str]:
    """Name what is parted into what trains and what validates: a single photo cannot be."""
    names = zip(("photos", "backgrounds"), lists, strict=True)
    return [name for name, photos in names if len(photos) > 1] or ["chains"]


def _part_sources(
    settings: PasteSettings, photos: list[SourcePhoto], backgrounds: list[SourcePhoto]
) -> tuple[dict[str, Sources], list[str]]:
    """Return the photos of each side, and the side of each item; "" where none is decided."""
    if settings.mode == "count" or _tell_split(photos, backgrounds) == ["chains"]:
        return {"": (photos, backgrounds)}, [""] * settings.num
    lists = (photos, backgrounds)
    parted = {
        side: tuple(keep_side(each, side, seed=settings.seed) for each in lists)
        for side in ("train", "val")
    }
    return parted, split_sources(settings.num, seed=settings.seed)


class _Scene(NamedTuple):
    """A ground without objects, and those placed on it, the farthest first."""

    ground: np.ndarray  # (H, W, 3) uint8
    objects: list[CutOut]
    points: np.ndarray  # (N, 2)
    names: list[str]  # of the photos that the objects come from
    place: str  # name of the photo that the ground comes from


def _lay_out(settings, photos, place, count, rng) -> _Scene:
    """Place objects of photos on one of them, or on the photo `place`."""
    cut_outs, names = _read_cut_outs(photos, settings)
    if place is not None:
        ground = read_background(place, settings)
    else:
        place = photos[0]
        mirrored = not settings.no_flip
        ground = read_source(place, settings).draw_background(rng, mirrored=mirrored)
    size = ground.shape[:2]
    objects, rows = draw_objects(cut_outs, count, size, settings, rng)
    objects, points = place_objects(objects, rows, size, settings, rng)
    return _Scene(ground, objects, points, names, place.name)


def _read_cut_outs(
    photos: Sequence[SourcePhoto], settings: PasteSettings
) -> tuple[list[CutOut], list[str]]:
    """Return enough objects of the first of the photos, and the names of those."""
    cut_outs: list[CutOut] = []
    names: list[str] = []
    for photo in photos:
        cut_outs += read_source(photo, settings).cut_outs
        names.append(photo.name)
        if len(cut_outs) >= _ENOUGH_CUT_OUTS:
            break
    if not cut_outs:
        raise InputError(
            f"`{photos[0].image}` must show an object that can be cut out. Neither it nor "
            f"{len(photos) - 1} more photos do; give masks, or another `--object_radius`."
        )
    return cut_outs, names


def _fit_counts(counts: list[int], scene: _Scene) -> list[int]:
    """Return counts that fall from the number of objects that found a place."""
    fitted = [len(scene.objects)]
    for count in counts[1:]:
        fitted.append(min(count, fitted[-1] - 1))
    if fitted[-1] < 0:
        raise InputError(
            f"`{scene.place}` must have room for {counts[0]} objects. It has for {fitted[0]}, too "
            f"few for a chain of {len(counts)}; lower `--scales` or `--min_visible`."
        )
    return fitted


def _describe(path: Path, pasted: Pasted) -> dict[str, Any]:
    areas = np.bincount(pasted.label_map.ravel(), minlength=len(pasted.points) + 1)[1:]
    return {
        "image": path.relative_to(path.parent.parent.parent).as_posix(),
        "height": pasted.image.shape[0],
        "width": pasted.image.shape[1],
        "points": pasted.points.round(2).tolist(),
        "boxes": pasted.boxes.tolist(),
        "areas": areas.tolist(),
        "chain": 0,
    }


def _list_pictures(settings: PasteSettings, groups: list[list[dict]]) -> Any:
    """List chains, or counted pictures in the form that is asked for."""
    if settings.mode == "chain":
        return list_chains(groups, kind="paste", seed=settings.seed)
    counts = list_counts([picture for group in groups for picture in group])
    if settings.miscount:
        counts = list_noisy(settings.seed, counts)
    return list_test(counts) if settings.as_test else counts
