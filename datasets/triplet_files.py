"""Writes drawn scenes as ranked chains of three: with people added, as it was, with fewer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from datasets.scene_jobs import SceneSettings, write_added
from datasets.scene_listings import list_triplets
from datasets.set_writing import write_set
from datasets.synthetic_sets import TRIPLETS


def write_triplets(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write two ranked chains of three pictures for every scene, `{"images", "info": {"type"}}`.

    Each shows a scene, then some of its people, then some of those: in a "removed" chain in the
    same place, in a "moved" one in another. The last 15 % of the scenes validate.

    Args:
        data_dir: folder that holds the data sets.
        num: scenes, at least 2.
        settings: what the scenes have in common; `max_count` at least 2.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` or `max_count` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> folder = write_triplets(Path(tempfile.mkdtemp()), 2, SceneSettings(max_count=3))
        >>> len(list((folder / "images").iterdir()))
        8
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    return run(data_dir, TRIPLETS, num, settings, write_added, list_triplets)
