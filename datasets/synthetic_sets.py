"""The built-in data sets: their names, where their scenes start, and what makes each of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from config.errors import InputError
from datasets.object_scenes import OBJECTS_VERSION
from datasets.scene_folder import JPEG_QUALITY, check_folder
from datasets.scene_jobs import SceneSettings
from datasets.shot_jobs import SHOT_FRAMES, SHOT_IMAGE_SIZE
from datasets.synthetic import DRAWING_VERSION
from datasets.synthetic_shots import SHOTS_VERSION
from datasets.tag_jobs import TAG_IMAGE_SIZE
from datasets.tag_scenes import TAGS_VERSION

LARGEST_SEED = 2**31 - 1
RANKED, NOISY, TEST = "synthetic_ranked", "synthetic_noisy", "synthetic_test"
OBJECTS, TAGS, SHOTS = "synthetic_objects", "synthetic_tags", "synthetic_shots"
TRIPLETS = "synthetic_triplets"
# Where each data set's scenes start, so that no two share one.
_MOST = 10**6  # records of each
FIRST_INDEX = {
    name: place * _MOST
    for place, name in enumerate((RANKED, NOISY, TEST, OBJECTS, TAGS, SHOTS, TRIPLETS))
}
# Folders of the data sets that have others than `images` and, where wanted, `masks`.
PICTURE_FOLDERS = {TAGS: ["images", "masks"], SHOTS: []}
_LEAST = {
    RANKED: 2,
    NOISY: 1,
    TEST: 1,
    OBJECTS: 3,
    TAGS: 3,
    SHOTS: 3,
    TRIPLETS: 2,
}  # records, one for each of their splits


def check_settings(
    data_dir: Path, nums: dict[str, int], settings: SceneSettings, *, overwrite: bool = False
) -> None:
    """Refuse what would fail later, before anything is written.

    Args:
        data_dir: folder that holds the data sets.
        nums: name of a data set -> its number of pictures or pairs.
        settings: what the scenes have in common.
        overwrite: another run's data may be replaced.

    Raises:
        InputError: a number is out of range, or a folder holds other data.

    Example:
        >>> check_settings(Path("absent"), {"synthetic_test": 3}, SceneSettings())
    """
    if not 0 <= settings.seed <= LARGEST_SEED:
        raise InputError(
            f"`seed` (`--seed`) must be between 0 and {LARGEST_SEED}. Received {settings.seed}."
        )
    try:
        settings.sample(0)
    except ValueError as error:
        raise InputError(str(error)) from error
    if TRIPLETS in nums and settings.max_count < 2:
        raise InputError(
            f"`max_count` must be at least 2 for `{TRIPLETS}`, whose second pictures show some of "
            f"the people. Received {settings.max_count}; raise it, or leave that data set out."
        )
    for name, num in nums.items():
        if not _LEAST[name] <= num <= _MOST:
            raise InputError(
                f"`{name}` must hold {_LEAST[name]} to {_MOST} records "
                f"(`--num_{name.removeprefix('synthetic_')}`). Received {num}."
            )
        provenance = describe_run(name, num, settings)
        check_folder(Path(data_dir) / name, provenance, overwrite=overwrite)


def describe_run(name: str, num: int, settings: SceneSettings) -> dict:
    """Say what makes a data set, as plain JSON.

    Args:
        name: one of the data sets.
        num: its number of pictures or pairs.
        settings: what the scenes have in common.

    Returns:
        What differs where two runs draw other files.

    Example:
        >>> describe_run(TAGS, 3, SceneSettings())["image_size"]
        [128, 128]
    """
    if name in (TAGS, SHOTS):
        own = {
            TAGS: {"image_size": list(TAG_IMAGE_SIZE), "tags_version": TAGS_VERSION},
            SHOTS: {
                "image_size": list(SHOT_IMAGE_SIZE),
                "num_frames": SHOT_FRAMES,
                "shots_version": SHOTS_VERSION,
            },
        }
        told = {"method": "scenes", "dataset": name, "num": num, "seed": settings.seed}
        return {**told, "jpeg_quality": JPEG_QUALITY, **own[name]}
    made = {
        "method": "scenes",
        "dataset": name,
        "num": num,
        **asdict(settings),
        "image_size": list(settings.image_size),
        "jpeg_quality": JPEG_QUALITY,
        "drawing_version": DRAWING_VERSION,
    }
    if name == OBJECTS:
        made["objects_version"] = OBJECTS_VERSION
        del made["max_count"], made["empty_fraction"]  # of crowds
    return made
