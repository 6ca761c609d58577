"""Finds the label maps of tagged pictures, and says what their values mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from config.errors import InputError
from datasets.paths import index_pictures, join_inside
from datasets.tagged_pictures import TaggedPicture
from datasets.yolo_names import read_class_list

CLASS_LIST = "classes.txt"
_BACKGROUND = ("background", "_background_", "__background__", "null")


def read_class_names(folder: Path) -> tuple[str, ...]:
    """Read the classes of a data set from its `classes.txt`, a name a line.

    Args:
        folder: the data set's folder.

    Returns:
        The names of classes 1 to K; a first line "background" or "null" does not count. () where
        there is no such file.

    Raises:
        InputError: the file names nothing, or a class twice.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "classes.txt").write_text("background\\nrat\\ncat\\n")
        >>> read_class_names(folder)
        ('rat', 'cat')
    """
    path = folder / CLASS_LIST
    if not path.is_file():
        return ()
    names = read_class_list(path)
    names = names[1:] if names[0].lower() in _BACKGROUND else names
    if not names:
        raise InputError(f"`{path}` must name a class besides the background. It names none.")
    return names


def place_masks(
    pictures: Sequence[TaggedPicture], data_dir: Path, dataset: str, masks: str
) -> list[TaggedPicture]:
    """Give the pictures of a data set the masks that are asked for.

    Args:
        pictures: pictures with the masks that their format knows.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a listing in it, inside `data_dir`.
        masks: "own" for those, "none", or a folder relative to the data set, see `add_masks`.

    Returns:
        The pictures.

    Raises:
        InputError: `dataset` leads out of `data_dir`, or `classes.txt` cannot be used.

    Example:
        >>> picture = TaggedPicture(Path("1.jpg"), ("cat",), mask=Path("1.png"))
        >>> place_masks([picture], Path(), "zoo", "none")[0].mask is None
        True
    """
    if masks == "own":
        return list(pictures)
    if masks == "none":
        return [replace(each, mask=None, mask_names=()) for each in pictures]
    folder = join_inside(data_dir, dataset)
    folder = folder if folder.is_dir() else folder.parent
    return add_masks(pictures, data_dir, folder, masks, read_class_names(folder))


def add_masks(
    pictures: Sequence[TaggedPicture],
    data_dir: Path,
    folder: Path,
    masks: str,
    class_names: Sequence[str] = (),
) -> list[TaggedPicture]:
    """Give the pictures of a data set the label maps that lie in one of its folders.

    The mask of a picture has its name, but for the suffix, and lies in `masks` or in the picture's
    own folder's namesake there (`masks/cat/1.png` for `cat/1.jpg`). Its values are the places of
    its classes in `class_names`, from 1. Without `class_names` they mean foreground where every
    picture has one class, and else the places in the sorted names of all classes.

    Args:
        pictures: the pictures of one data set.
        data_dir: folder that holds the data sets.
        folder: the data set's folder.
        masks: the folder of the masks, relative to `folder`; it may be absent.
        class_names: the classes that the values stand for, if the data set lists them.

    Returns:
        The pictures; those without a file there have no mask.

    Raises:
        InputError: the folder leads out of `data_dir`, or holds the mask of none of the pictures.

    Example:
        >>> add_masks([], Path("data"), Path("data/zoo"), "masks")
        []
    """
    start = folder.relative_to(data_dir).as_posix()
    place = join_inside(data_dir, f"{start}/{masks}")
    if not place.is_dir():
        return [replace(each, mask=None, mask_names=()) for each in pictures]
    unlisted = not class_names
    if unlisted and any(len(each.names) != 1 for each in pictures if not each.problem):
        class_names = sorted({name for each in pictures for name in each.names})
    known = {
        parent: index_pictures(data_dir, place / parent)
        for parent in {"", *(each.image.parent.name for each in pictures)}
    }
    found = [_find(each.image, known) for each in pictures]
    if pictures and not any(found):
        raise InputError(
            f"`{place}` must hold label maps called as the pictures, such as "
            f"`{pictures[0].image.stem}.png`. It holds none; rename them, or give `masks` none."
        )
    return [
        replace(
            each, mask=mask, mask_names=tuple(class_names) if mask else (), mask_sorted=unlisted
        )
        for each, mask in zip(pictures, found, strict=True)
    ]


def _find(image: Path, known: dict[str, dict[str, Path]]) -> Path | None:
    return known[image.parent.name].get(image.stem) or known[""].get(image.stem)
