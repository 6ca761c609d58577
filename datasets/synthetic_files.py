"""Writes drawn scenes as data sets: ranked by two or three, noisily counted, for tests, single
objects, tags, shots.

Each data set is a folder: `images/`, `objects.json` (COCO style: boxes of the visible parts, and
the `point` (row, column) of each head or object), `true_counts.json`, optional `masks/` (16-bit
PNG), and `provenance.json`. `annotations.json` is written last, so a torn data set is never taken
for a whole one; the same command run again goes on where it stopped.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from config.errors import InputError
from datasets.object_jobs import write_object
from datasets.scene_jobs import SceneSettings, write_single, write_triple
from datasets.scene_listings import list_noisy, list_pairs, list_splits, list_test
from datasets.set_writing import write_set
from datasets.shot_jobs import list_frame_splits, write_moving_shot
from datasets.synthetic_sets import (
    NOISY,
    OBJECTS,
    RANKED,
    SHOTS,
    TAGS,
    TEST,
    TRIPLETS,
    check_settings,
)
from datasets.tag_jobs import list_tag_files, write_tag_scene
from datasets.triplet_files import write_triplets


def write_ranked(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write two ranked pairs for every scene.

    Items are `{"source_image", "target_image", "info": {"type": ...}}`. In a "removed" pair the
    target shows the source with a third to all of its people taken out; in a "moved" pair it
    shows at most half of them, in another place and light. All are gone in at least
    `2 * empty_fraction` of the pairs. The last 15 % of the scenes validate.

    Args:
        data_dir: folder that holds the data sets.
        num: scenes, at least 2.
        settings: what the scenes have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> folder = write_ranked(Path(tempfile.mkdtemp()), 2, SceneSettings(max_count=3))
        >>> len(list((folder / "images").iterdir()))
        6
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    return run(data_dir, RANKED, num, settings, write_triple, list_pairs)


def write_noisy(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write pictures whose counts are jittered, as those of a generator that miscounts.

    An item is `{"image", "count"}` with count = round(n + e), never negative, e normal with a
    standard deviation of 0.4 + 0.15 n for n people. `true_counts.json` keeps n aside.

    Args:
        data_dir: folder that holds the data sets.
        num: pictures, at least 1.
        settings: what the scenes have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> write_noisy(Path(tempfile.mkdtemp()), 1, SceneSettings(max_count=3)).name
        'synthetic_noisy'
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    return run(data_dir, NOISY, num, settings, write_single, partial(list_noisy, settings.seed))


def write_test(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write pictures with their true counts, `{"test": [{"image", "count"}]}`.

    Args:
        data_dir: folder that holds the data sets.
        num: pictures, at least 1.
        settings: what the scenes have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> write_test(Path(tempfile.mkdtemp()), 1, SceneSettings(max_count=3)).name
        'synthetic_test'
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    return run(data_dir, TEST, num, settings, write_single, list_test)


def write_objects(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write pictures with one large car, person or tree each, `{"image", "count"}` by split.

    The first 65 % train, 15 % validate, the rest test. `--format coco` reads the boxes.

    Args:
        data_dir: folder that holds the data sets.
        num: pictures, at least 3.
        settings: what the scenes have in common; of it seed, size and masks.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> write_objects(Path(tempfile.mkdtemp()), 3, SceneSettings()).name
        'synthetic_objects'
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    return run(data_dir, OBJECTS, num, settings, write_object, list_splits)


def write_tags(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write pictures of 128 x 128 pixels that show one to three classes, with `tags.csv`.

    `masks/` holds their label maps, for scoring, and `classes.txt` the names of the ids. The
    splits are those of `write_objects`. `--format tags` reads them, `--format coco` the boxes.

    Args:
        data_dir: folder that holds the data sets.
        num: pictures, at least 3.
        settings: what the scenes have in common; of it the seed.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> folder = write_tags(Path(tempfile.mkdtemp()), 3, SceneSettings())
        >>> len(list((folder / "masks").iterdir()))
        3
    """
    run = partial(write_set, workers=workers, overwrite=overwrite, write_more=list_tag_files)
    return run(data_dir, TAGS, num, settings, write_tag_scene, list_splits)


def write_shots(
    data_dir: Path,
    num: int,
    settings: SceneSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> Path:
    """Write shots of 12 frames of 72 x 96 pixels in which one of three shapes moves, with boxes.

    They lie in `<split>/<class>/<shot>/`, with the splits of `write_objects`. `--format shots`
    reads them, `--format coco` every frame apart.

    Args:
        data_dir: folder that holds the data sets.
        num: shots, at least 3.
        settings: what the shots have in common; of it the seed.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder.

    Raises:
        InputError: `num` is too small, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> folder = write_shots(Path(tempfile.mkdtemp()), 3, SceneSettings())
        >>> sorted(path.name for path in folder.iterdir() if path.is_dir())
        ['test', 'train', 'val']
    """
    run = partial(write_set, workers=workers, overwrite=overwrite)
    job = partial(write_moving_shot, num)
    return run(data_dir, SHOTS, num, settings, job, list_frame_splits)


def write_sets(data_dir: Path, nums: dict[str, int], settings: SceneSettings, **options) -> list:
    """Write several data sets, after all of them were checked.

    Args:
        data_dir: folder that holds the data sets.
        nums: name of a data set -> its number of records; 0 leaves it out.
        settings: what the scenes have in common.
        **options: `workers`, `overwrite`, as for the writers.

    Returns:
        The folders.

    Raises:
        InputError: a number is out of range or a folder cannot be used; nothing was written then.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> [path.name for path in write_sets(Path(tempfile.mkdtemp()), {TEST: 1}, SceneSettings())]
        ['synthetic_test']
    """
    if options.get("workers", 1) < 1:
        raise InputError(f"`workers` must be at least 1. Received {options['workers']}.")
    nums = {name: num for name, num in nums.items() if num}
    if not nums:
        raise InputError("At least one data set must hold a record. Received 0 for each.")
    check_settings(data_dir, nums, settings, overwrite=options.get("overwrite", False))
    writers = {
        RANKED: write_ranked,
        NOISY: write_noisy,
        TEST: write_test,
        OBJECTS: write_objects,
        TAGS: write_tags,
        SHOTS: write_shots,
        TRIPLETS: write_triplets,
    }
    return [writers[name](data_dir, num, settings, **options) for name, num in nums.items()]
