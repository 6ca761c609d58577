"""`--method scenes`: the options of the drawn data sets, all written by one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.options import option
from datasets.synthetic_files import SceneSettings, write_sets
from datasets.synthetic_sets import NOISY, OBJECTS, RANKED, SHOTS, TAGS, TEST, TRIPLETS


@dataclass(frozen=True, kw_only=True)
class ScenesSettings:
    """`--method scenes`: draw crowds, objects, tags and shots.

    Bounds are those of `datasets.synthetic_sets.check_settings`.

    Attributes: see each field's `meaning`.
    """

    seed: int = option(0, "same seed, same pictures")
    image_size: tuple[int, int] = option((192, 256), "height, width", unit="pixels")
    max_count: int = option(60, "most people in a picture")
    num_ranked: int = option(900, "scenes of two ranked pairs each; 0 for none")
    num_triplets: int = option(400, "scenes of two ranked chains of three each")
    num_noisy: int = option(800, "miscounted pictures")
    num_test: int = option(200, "test pictures")
    num_objects: int = option(400, "pictures of one boxed car, person or tree")
    num_tags: int = option(300, "pictures of 128 x 128 with tags and label maps")
    num_shots: int = option(90, "shots of 12 frames with a moving shape each")
    masks: bool = option(False, "write instance masks too")

    @property
    def nums(self) -> dict[str, int]:
        """The number of records of each data set."""
        return {
            RANKED: self.num_ranked,
            TRIPLETS: self.num_triplets,
            NOISY: self.num_noisy,
            TEST: self.num_test,
            OBJECTS: self.num_objects,
            TAGS: self.num_tags,
            SHOTS: self.num_shots,
        }


def write_scenes(
    data_dir: Path,
    name: str,
    settings: ScenesSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> list[Path]:
    """Write the drawn data sets.

    Args:
        data_dir: folder that holds the data sets.
        name: not used; the data sets have names of their own.
        settings: how many records, and what they have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folders.

    Raises:
        InputError: an argument is out of range, or a folder holds other data.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> none = ("ranked", "triplets", "noisy", "objects", "tags", "shots")
        >>> settings = ScenesSettings(**{f"num_{name}": 0 for name in none}, num_test=1)
        >>> [folder.name for folder in write_scenes(Path(tempfile.mkdtemp()), "", settings)]
        ['synthetic_test']
    """
    drawn = SceneSettings(
        seed=settings.seed,
        image_size=settings.image_size,
        max_count=settings.max_count,
        masks=settings.masks,
    )
    return write_sets(Path(data_dir), settings.nums, drawn, workers=workers, overwrite=overwrite)
