"""Joins a data folder and a name inside it, and refuses names that lead out of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from config.errors import InputError

_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def join_inside(data_dir: Path, name: str, *, where: str = "") -> Path:
    """Name a file or folder inside `data_dir`; it need not exist.

    Upstream joins by plain concatenation, so `a/b.jpg` and `/a/b.jpg` are the same name. Symbolic
    links are followed before the check: what they lead to must lie inside as well.

    Args:
        data_dir: folder that holds the data sets.
        name: name relative to `data_dir`, with or without a leading slash.
        where: the file and record that hold the name, for messages.

    Returns:
        `data_dir / name`, not resolved, so that messages show what the user wrote.

    Raises:
        InputError: the name is empty, not text, or leads out of `data_dir`.

    Example:
        >>> join_inside(Path("data"), "/crowd/1.jpg").as_posix()
        'data/crowd/1.jpg'
    """
    where = f"{where}: " if where else ""
    if not isinstance(name, str) or not name.strip("/"):
        raise InputError(f"{where}A file name must be text that is not empty. Received {name!r}.")
    path = Path(data_dir) / name.lstrip("/")
    try:
        root, target = os.path.realpath(data_dir), os.path.realpath(path)
    except ValueError as error:  # a null byte, or half a surrogate pair from JSON
        raise InputError(f"{where}A file name must be plain text. Received {name!r}.") from error
    if target != root and not target.startswith(os.path.join(root, "")):
        raise InputError(
            f"{where}`{name}` must lie inside the data folder `{data_dir}`. It leads to "
            f"`{target}`; copy the file there, or give the folder above both as `--data_dir`."
        )
    return path


def keep_inside(data_dir: Path, path: Path) -> Path:
    """Require that a path which starts with `data_dir` does not lead out of it by a link.

    Args:
        data_dir: folder that holds the data sets.
        path: file or folder named from `data_dir`; it need not exist.

    Returns:
        `path`.

    Raises:
        InputError: a symbolic link leads out of `data_dir`.

    Example:
        >>> keep_inside(Path("data"), Path("data/crowd/1.jpg")).name
        '1.jpg'
    """
    return join_inside(data_dir, path.relative_to(data_dir).as_posix())


def find_dataset(data_dir: Path, dataset: str) -> Path:
    """Find the folder of a data set.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, relative to `data_dir`.

    Returns:
        `data_dir / dataset`, which exists.

    Raises:
        InputError: one of the two folders does not exist, or `dataset` leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "crowd").mkdir()
        >>> find_dataset(data_dir, "crowd").name
        'crowd'
    """
    if not Path(data_dir).is_dir():
        raise InputError(
            f"`--data_dir` must be a folder. `{data_dir}` is none; give the folder that holds the "
            "data sets, or run `python synthesize.py` to draw the built-in ones."
        )
    folder = join_inside(data_dir, dataset)
    if not folder.is_dir():
        raise InputError(
            f"`{dataset}` must be a folder inside `{data_dir}`. There is none; it holds "
            f"{_name_some(data_dir)}. `python synthesize.py` draws the built-in data sets."
        )
    return folder


def list_files(data_dir: Path, folder: Path, pattern: str) -> list[Path]:
    """List the files of one folder of a data set.

    Args:
        data_dir: folder that holds the data sets; no file may lead out of it.
        folder: folder inside `data_dir`.
        pattern: glob for the file names, e.g. `*.mat`.

    Returns:
        The files, sorted by name; at least one.

    Raises:
        InputError: no such folder, no such file, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "1.mat").touch()
        >>> [path.name for path in list_files(data_dir, data_dir, "*.mat")]
        ['1.mat']
    """
    if not folder.is_dir():
        raise InputError(f"`{folder}` must be a folder of the data set. There is none; add it.")
    files = sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))
    if not files:
        raise InputError(f"`{folder}` must hold files named `{pattern}`. It holds none.")
    return [keep_inside(data_dir, path) for path in files]


def find_listing(data_dir: Path, dataset: str, *names: str) -> Path:
    """Find the one file that lists a data set.

    Args:
        data_dir: folder that holds the data sets.
        dataset: a folder inside `data_dir`, or the file itself, told by its suffix.
        *names: what the file may be called in such a folder, the likeliest first.

    Returns:
        The file; the first name when there is none of them.

    Raises:
        InputError: the folder does not exist, or a name leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "herd").mkdir()
        >>> [find_listing(data_dir, name, "points.csv").name for name in ("herd", "herd/a.csv")]
        ['points.csv', 'a.csv']
    """
    suffix = Path(names[0]).suffix
    if dataset.lower().endswith(suffix) and not join_inside(data_dir, dataset).is_dir():
        find_dataset(data_dir, str(Path(dataset.lstrip("/")).parent) or ".")
        return join_inside(data_dir, dataset)
    find_dataset(data_dir, dataset)
    paths = [join_inside(data_dir, f"{dataset}/{name}") for name in names]
    return next((path for path in paths if path.is_file()), paths[0])


def find_pictures(
    data_dir: Path, folders: Sequence[Path], names: Iterable[str], *, where: str
) -> list[Path]:
    """Find pictures whose names are relative to one of several folders.

    Args:
        data_dir: folder that holds the data sets.
        folders: folders inside `data_dir`, the likeliest first.
        names: the pictures' names, which may hold folders.
        where: the file that lists them, for messages.

    Returns:
        All names joined to the first folder that holds one of them; to the first folder of all
        when none does. A picture that is absent is listed all the same.

    Raises:
        InputError: a name is not text or leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "b.png").touch()
        >>> folders = [data_dir / "images", data_dir]
        >>> find_pictures(data_dir, folders, ["a.png", "b.png"], where="list")[0].parent == data_dir
        True
    """
    starts = [folder.relative_to(data_dir).as_posix() for folder in folders]
    names = [_check_name(name, f"{where} picture {i}") for i, name in enumerate(names)]
    found = (start for start in starts for name in names if (data_dir / start / name).is_file())
    start = next(found, starts[0])
    return [
        join_inside(data_dir, f"{start}/{name}", where=f"{where} picture {i}")
        for i, name in enumerate(names)
    ]


def index_pictures(data_dir: Path, folder: Path) -> dict[str, Path]:
    """List the pictures of a folder by their names without suffix.

    Args:
        data_dir: folder that holds the data sets.
        folder: folder inside `data_dir`; it may be absent.

    Returns:
        Picture by stem; of several with one stem the first by name.

    Raises:
        InputError: a picture leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "a.JPG").touch()
        >>> list(index_pictures(data_dir, data_dir))
        ['a']
    """
    pictures: dict[str, Path] = {}
    for path in list_pictures(data_dir, folder):
        pictures.setdefault(path.stem, path)
    return pictures


def list_pictures(data_dir: Path, folder: Path) -> list[Path]:
    """List the pictures of a folder, told by their suffix.

    Args:
        data_dir: folder that holds the data sets.
        folder: folder inside `data_dir`; it may be absent.

    Returns:
        The pictures, sorted by name.

    Raises:
        InputError: a picture leads out of `data_dir`.

    Example:
        >>> list_pictures(Path("data"), Path("data/absent"))
        []
    """
    return [keep_inside(data_dir, path) for path in sorted(folder.glob("*")) if is_picture(path)]


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture; hidden ones are not.

    Args:
        path: the file; it need not exist.

    Returns:
        Whether its suffix is that of a picture.

    Example:
        >>> is_picture(Path("a.JPG")), is_picture(Path(".a.jpg")), is_picture(Path("a.txt"))
        (True, False, False)
    """
    return path.suffix.lower() in _PICTURE_SUFFIXES and not path.name.startswith(".")


def require_size(path: Path, max_bytes: int) -> None:
    """Require an annotation file that exists and is not larger than a sane one.

    Args:
        path: annotation file.
        max_bytes: largest size allowed.

    Raises:
        InputError: no such file, or a larger one.

    Example:
        >>> require_size(Path("absent.mat"), 10)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `absent.mat` must be an annotation file. There is no such file.
    """
    if not path.is_file():
        raise InputError(f"`{path}` must be an annotation file. There is no such file.")
    size = path.stat().st_size
    if size > max_bytes:
        raise InputError(
            f"`{path}` must be at most {max_bytes} bytes, as an annotation file is. It has {size}."
        )


def _check_name(name: str, where: str) -> str:
    if not isinstance(name, str) or not name.strip("/"):
        raise InputError(f"{where}: A file name must be text that is not empty. Received {name!r}.")
    return name.lstrip("/")


def _name_some(folder: Path, limit: int = 8) -> str:
    names = sorted(path.name for path in Path(folder).iterdir() if path.is_dir())
    shown = ", ".join(names[:limit]) or "no folder"
    return shown + (", ..." if len(names) > limit else "")
