"""Reads the tags of pictures from a table `image,tags`, or from a JSON file."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from datasets.json_files import read_json
from datasets.mask_files import add_masks, read_class_names
from datasets.paths import find_listing, find_pictures, index_pictures
from datasets.tables import read_table, take_split_name
from datasets.tagged_pictures import TaggedPicture

_FILE_NAMES = ("tags.csv", "annotations.csv", "tags.json")
_SEPARATORS = re.compile("[;|]")
_logger = logging.getLogger(__name__)


def list_tag_table(data_dir: Path, dataset: str, *, strict: bool = True) -> list[TaggedPicture]:
    """List the pictures that a table or a JSON file tags.

    A table's first line names the columns: `image`, `tags` (joined by `;` or `|`) and perhaps
    `split` (train, val or test). The JSON file is `{"<image>": ["<tag>", ...]}`. Pictures lie in
    `images/` beside the file, beside it, or where `data_dir` leads. Where `classes.txt` lies beside
    it, a name a line, only those are tags, and they are the classes of the label maps in `masks/`
    (see `datasets.mask_files.add_masks`). Pictures in the folder that are not listed are left out,
    which the log tells.

    Args:
        data_dir: folder that holds the data sets.
        dataset: a folder with `tags.csv` (or `annotations.csv`, `tags.json`), or such a file.
        strict: whether a picture without tags or with an unknown one is refused, which is a slip
            in one file; else it has a `problem`.

    Returns:
        Pictures in the order of the file. A picture that is absent is listed all the same.

    Raises:
        InputError: no such file, no such column, a picture without tags, an unknown tag (with the
            nearest), or a name that leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "tags.csv").write_text("image,tags\\n1.jpg,cat;rat\\n")
        >>> list_tag_table(data_dir, ".")[0].names
        ('cat', 'rat')
    """
    path = _find_file(data_dir, dataset)
    rows = _read_json(path) if path.suffix.lower() == ".json" else _read_csv(path)
    if not rows:
        raise InputError(f"`{path}` must tag a picture. It lists none.")
    folders = (path.parent / "images", path.parent, Path(data_dir))
    images = find_pictures(data_dir, folders, [row[1] for row in rows], where=f"`{path}`")
    names = read_class_names(path.parent)
    pictures = []
    for image, (where, _, tags, split) in zip(images, rows, strict=True):
        problem = _find_problem(tags, names, where)
        if problem and strict:
            raise InputError(problem)
        found = () if problem else tuple(sorted({*tags} - {""}))
        pictures.append(TaggedPicture(image, found, split, problem))
    if strict:
        _warn_of_untagged(data_dir, path, images)
    return add_masks(pictures, data_dir, path.parent, "masks", names)


def _find_file(data_dir: Path, dataset: str) -> Path:
    if dataset.lower().endswith(".json"):
        return find_listing(data_dir, dataset, "tags.json")
    return find_listing(data_dir, dataset, *_FILE_NAMES)


def _read_csv(path: Path) -> list[tuple[str, str, list[str], str | None]]:
    """Return (where, picture's name, tags, split) of each row."""
    rows = []
    for where, row in read_table(path, ("image", "tags")):
        tags = [tag.strip() for tag in _SEPARATORS.split(row["tags"] or "")]
        rows.append((where, row["image"], tags, take_split_name(row, where)))
    return rows


def _read_json(path: Path) -> list[tuple[str, str, list[str], None]]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f'`{path}` must be {{"<image>": ["<tag>", ...]}}. It is no object.')
    rows = []
    for image, tags in content.items():
        where = f"`{path}` {image[:80]!r}"
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise InputError(f"{where} must have a list of tags. Received {str(tags)[:80]}.")
        rows.append((where, image, [tag.strip() for tag in tags], None))
    return rows


def _find_problem(tags: Sequence[str], known: Sequence[str], where: str) -> str:
    """Say what is wrong with the tags of a picture; "" for nothing."""
    distinct = sorted(set(tags) - {""})
    if not distinct:
        return f"{where}: `tags` must name what the picture shows. It is empty."
    for tag in distinct:
        if known and tag not in known:
            nearest = difflib.get_close_matches(tag, known, n=1, cutoff=0)[0]
            return (
                f"{where}: `tags` must be among those of `classes.txt`. Received {tag[:80]}; the "
                f"nearest is {nearest}."
            )
    return ""


def _warn_of_untagged(data_dir: Path, path: Path, images: Sequence[Path]) -> None:
    folders = {image.parent for image in images}
    lying = {each for folder in folders for each in index_pictures(data_dir, folder).values()}
    without = sorted(lying - set(images))
    if without:
        _logger.warning(
            "Left out %d pictures without tags in %s, such as %s.", len(without), path, without[0]
        )
