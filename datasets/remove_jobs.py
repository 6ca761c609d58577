"""Takes known objects out of photos by inpainting: chains of decreasing counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.chain_listings import list_chains
from datasets.known_objects import KnownObjects, read_object_photos, read_objects
from datasets.photo_sets import describe_photo_run
from datasets.removals import RemoveSettings, draw_chain, draw_steps, leaves_nothing
from datasets.scene_folder import write_picture
from datasets.set_writing import SetPlan, write_planned
from datasets.source_photos import SourcePhoto, require_two

REMOVAL_VERSION = 1  # of what a seed draws
_REMOVED, _DECOYS = 32, 33  # keys of the streams that pick objects, and empty places


def write_removals(
    data_dir: Path,
    name: str,
    settings: RemoveSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> list[Path]:
    """Write chains of photos from which more and more objects are gone.

    A photo with too few objects for a chain is named and skipped.

    Args:
        data_dir: folder that holds the data sets.
        name: of the data set.
        settings: what its chains have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder, in a list.

    Raises:
        InputError: too few photos can be used, a setting is out of range, or the folder cannot be
            used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for number in "12":
        ...     Image.new("RGB", (64, 48)).save(data_dir / f"{number}.png")
        >>> rows = [f"{i}.png,{10 * j},30\\n" for i in (1, 2) for j in (1, 2, 3)]
        >>> _ = (data_dir / "points.csv").write_text("image,row,column\\n" + "".join(rows))
        >>> settings = RemoveSettings(format="points", dataset=".", num_chains=1)
        >>> folder = write_removals(data_dir, "fewer", settings)[0]
        >>> len(list((folder / "images").iterdir()))
        8
    """
    least, most = settings.removed
    if not 0 < least <= most <= 1:
        raise InputError(
            "`removed` (`--removed`) must be two shares above 0 and at most 1, the lower first. "
            f"Received {least} {most}."
        )
    folder = Path(data_dir) / name
    photos = read_object_photos(folder, settings)
    require_two(photos)
    plan = SetPlan(
        folder,
        describe_photo_run("remove", settings, photos) | {"removal_version": REMOVAL_VERSION},
        photos,
        partial(remove_objects, folder, settings),
        partial(list_chains, kind="remove", seed=settings.seed),
        max_bad_fraction=settings.max_bad_fraction,
    )
    return [write_planned(plan, workers=workers, overwrite=overwrite)]


def remove_objects(
    folder: Path, settings: RemoveSettings, photo: SourcePhoto, number: int
) -> list[dict]:
    """Write the chains of one photo that are not there yet, and describe their pictures.

    What is drawn depends on the seed and the photo's name alone. Each picture is filled from the
    one before, so two neighbours in a chain differ only where objects left.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the chains have in common.
        photo: the photo and its objects.
        number: its number, the start of its pictures' names.

    Returns:
        {"image", "height", "width", "points", "chain", "parameters", "source"} of each picture, and
        "boxes" and "areas" where not only dots are known, the fullest of each chain first; or why
        the photo is skipped.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> photo = SourcePhoto(Path("a.jpg"), "a.jpg", points=np.zeros((1, 2)))
        >>> remove_objects(Path("fewer"), RemoveSettings(), photo, 0)
        [{'skipped': '`a.jpg` must be a picture file. There is no such file.'}]
    """
    try:
        objects = read_objects(photo, settings, shape=settings.shape)
        _check_count(objects.count, settings, photo)
        chains = [
            _draw_steps(objects, settings, photo, chain) for chain in range(settings.num_chains)
        ]
    except InputError as error:
        return [{"skipped": str(error)}]
    pictures = []
    for chain, steps in enumerate(chains):
        described = [
            _describe(folder, settings, photo, objects, (number, chain, place), gone)
            for place, gone in enumerate(steps)
        ]
        paths = [folder.parent / each["image"] for each in described]
        if not all(path.exists() for path in paths):
            rng = np.random.default_rng([settings.seed, photo.key, chain, _DECOYS])
            for path, image in zip(paths, draw_chain(objects, steps, settings, rng), strict=True):
                if not path.exists():
                    write_picture(path, image)
        pictures += described
    return pictures


def _check_count(count: int, settings: RemoveSettings, photo: SourcePhoto) -> None:
    least = max(settings.step, 1) * (settings.chain_length - 1)
    if count < least:
        raise InputError(
            f"`{photo.image}` must have at least {least} objects for a chain of "
            f"{settings.chain_length}. It has {count}: a chain of "
            f"{count // max(settings.step, 1) + 1} at most; take {_find_cure(count, settings)}."
        )


def _find_cure(count: int, settings: RemoveSettings) -> str:
    """Name the options that make a chain of a photo with too few objects."""
    if not count:
        return "it out"
    longest = count // max(settings.step, 1) + 1
    cures = [f"`--chain_length {longest}`"] if longest > 1 else []
    step = count // (settings.chain_length - 1)
    if settings.step > 1 and step:
        cures.append(f"`--step {step}`")
    return " or ".join(cures) or f"`--step 1 --chain_length {count + 1}`"


def _draw_steps(
    objects: KnownObjects, settings: RemoveSettings, photo: SourcePhoto, chain: int
) -> list[np.ndarray]:
    """Draw which objects are gone from each picture of a chain, if anything else is to be seen."""
    rng = np.random.default_rng([settings.seed, photo.key, chain, _REMOVED])
    steps = draw_steps(objects.count, settings, rng)
    if leaves_nothing(objects, steps[1], settings.margin):
        raise InputError(
            f"`{photo.image}` must show something besides the objects that leave. They cover all "
            "of it, with a rim of `--margin`; take it out, or a lower `--margin`."
        )
    return steps


def _describe(folder, settings, photo, objects, key, gone):
    """Describe one picture; `key` is the number of the photo, of the chain and of the picture."""
    stays = np.setdiff1d(np.arange(objects.count), gone)
    picture = {
        "image": f"{folder.name}/images/{key[0]:06d}_{key[1]:02d}_{key[2]:02d}.jpg",
        "height": objects.image.shape[0],
        "width": objects.image.shape[1],
        "points": objects.points[stays].round(2).tolist(),
        "chain": key[1],
        "parameters": {
            "chain": key[1], "place": key[2], "removed": gone.tolist(),
            "inpainting": settings.inpainting,
        },
        "source": photo.name,
    }  # fmt: skip
    if objects.boxes is not None:
        areas = np.bincount(objects.labels.ravel(), minlength=objects.count + 1)[1:]
        picture |= {"boxes": objects.boxes[stays].tolist(), "areas": areas[stays].tolist()}
    return picture
