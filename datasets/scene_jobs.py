"""Draws the pictures of a data set, in several processes, and says what each one shows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from datasets.job_pool import run_pool
from datasets.scene_folder import write_picture
from datasets.scene_pictures import DrawnScene, draw_scene
from datasets.synthetic import Scene, sample_scene

_PAIRS = 4  # key of the stream that chooses who is removed
_ELSEWHERE = 10**8  # index distance of the scene that lends its place
# Least share of the people that is missing: in the same place a few are seen to be gone, elsewhere
# one of sixty is an order that nobody could see.
_LEAST_REMOVED, _LEAST_MISSING = 0.35, 0.5
_NEXT_TRY = 10**9  # index distance of a pair's next attempt


@dataclass(frozen=True)
class SceneSettings:
    """What the scenes of a run have in common.

    Attributes:
        seed: seed of every draw.
        image_size: (height, width), pixels.
        max_count: most people in a scene.
        empty_fraction: share of scenes, and of the pairs' targets, without people.
        masks: write instance masks too.

    Example:
        >>> SceneSettings(seed=3).image_size
        (192, 256)
    """

    seed: int = 0
    image_size: tuple[int, int] = (192, 256)
    max_count: int = 60
    empty_fraction: float = 0.05
    masks: bool = False

    def sample(self, index: int) -> Scene:
        """Draw the geometry of one scene.

        Args:
            index: number of the scene.

        Returns:
            The scene.

        Example:
            >>> SceneSettings(empty_fraction=1.0).sample(0).count
            0
        """
        return sample_scene(
            self.seed,
            index,
            image_size=self.image_size,
            max_count=self.max_count,
            empty_fraction=self.empty_fraction,
        )


def write_single(folder: Path, settings: SceneSettings, index: int, number: int) -> list[dict]:
    """Draw one scene into one picture.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the scenes have in common.
        index: number of the scene.
        number: number of the picture, its name.

    Returns:
        One description: {"image", "height", "width", "points", "boxes", "areas"}, the image's name
        relative to the parent of `folder`.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "crowds"
        >>> (folder / "images").mkdir(parents=True)
        >>> write_single(folder, SceneSettings(), 0, 7)[0]["image"]
        'crowds/images/000007.jpg'
    """
    return [_write_scene(folder, f"{number:06d}", settings.sample(index), settings)]


def write_triple(folder: Path, settings: SceneSettings, index: int, number: int) -> list[dict]:
    """Draw one scene three times: as it is, with fewer people, and with fewer elsewhere.

    The last has the place, clutter and light of another scene, and other people missing.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the scenes have in common; no source is empty.
        index: number of the scene.
        number: number of the scene in the data set, its name.

    Returns:
        The descriptions of source, target and moved target, see `write_single`. At least
        a third of the people are missing from the target, at least half from the moved one.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "crowds"
        >>> (folder / "images").mkdir(parents=True)
        >>> source, target, moved = write_triple(folder, SceneSettings(), 0, 7)
        >>> len(source["points"]) > max(len(target["points"]), len(moved["points"]))
        True
    """
    scene = _sample_crowd(settings, index)
    rng = np.random.default_rng([settings.seed, index, _PAIRS])
    elsewhere = settings.sample(index + _ELSEWHERE)
    target = _remove_some(scene, _LEAST_REMOVED, settings, rng)
    moved = _remove_some(scene, _LEAST_MISSING, settings, rng).moved_to(elsewhere)
    return [
        _write_scene(folder, f"{number:06d}_{name}", drawn, settings)
        for name, drawn in (("source", scene), ("target", target), ("moved", moved))
    ]


def write_added(folder: Path, settings: SceneSettings, index: int, number: int) -> list[dict]:
    """Draw one scene four times: full, with some left, with fewer left, and with fewer elsewhere.

    Seen from the second picture, the source, people were added to the first and removed from the
    third; the last is a moved one as in `write_triple`.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the scenes have in common; `max_count` at least 2.
        index: number of the scene.
        number: number of the scene in the data set, its name.

    Returns:
        The descriptions of added, source, target and moved target, see `write_single`. About a
        third to two thirds of the people of the first are in the source, at least one; of those
        at least a third are missing from the target, at least half from the moved one.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "crowds"
        >>> (folder / "images").mkdir(parents=True)
        >>> drawn = write_added(folder, SceneSettings(), 0, 7)
        >>> counts = [len(each["points"]) for each in drawn]
        >>> counts[0] > counts[1] > max(counts[2:])
        True
    """
    scene = _sample_crowd(settings, index, least=2)
    rng = np.random.default_rng([settings.seed, index, _PAIRS])
    least = math.ceil(_LEAST_REMOVED * scene.count)
    most = max(least, math.floor((1 - _LEAST_REMOVED) * scene.count))
    num_removed = int(rng.integers(least, most + 1))
    source = scene.without(rng.choice(scene.count, num_removed, replace=False))
    elsewhere = settings.sample(index + _ELSEWHERE)
    target = _remove_some(source, _LEAST_REMOVED, settings, rng)
    moved = _remove_some(source, _LEAST_MISSING, settings, rng).moved_to(elsewhere)
    names = {"added": scene, "source": source, "target": target, "moved": moved}
    return [
        _write_scene(folder, f"{number:06d}_{name}", drawn, settings)
        for name, drawn in names.items()
    ]


def _remove_some(
    scene: Scene, least: float, settings: SceneSettings, rng: np.random.Generator
) -> Scene:
    num_removed = int(rng.integers(math.ceil(least * scene.count), scene.count + 1))
    if rng.random() < 2 * settings.empty_fraction:
        num_removed = scene.count
    return scene.without(rng.choice(scene.count, num_removed, replace=False))


def _sample_crowd(settings: SceneSettings, index: int, *, least: int = 1) -> Scene:
    """Draw a scene of at least so many people; clutter may have hidden those of the first try."""
    crowded = replace(settings, empty_fraction=0.0)
    scenes = (crowded.sample(index + attempt * _NEXT_TRY) for attempt in itertools.count())
    return next(scene for scene in scenes if scene.count >= least)


def _write_scene(folder: Path, name: str, scene: Scene, settings: SceneSettings) -> dict:
    return write_drawn(folder, name, draw_scene(scene), masks=settings.masks)


def write_drawn(folder: Path, name: str, drawn: DrawnScene, *, masks: bool) -> dict:
    """Write the files of a drawn scene that are not there yet, and describe it.

    Args:
        folder: the data set's folder, with `images/` in it, and `masks/` where they are wanted.
        name: of its files, without suffix.
        drawn: the picture and its labels.
        masks: write the mask too.

    Returns:
        The description, see `write_single`.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> # see `write_single`
    """
    picture = folder / "images" / f"{name}.jpg"
    if not picture.exists():
        write_picture(picture, drawn.image)
    mask = folder / "masks" / f"{name}.png"
    if masks and not mask.exists():
        write_picture(mask, drawn.label_map)
    areas = np.bincount(drawn.label_map.ravel(), minlength=drawn.count + 1)[1:]
    return {
        "image": picture.relative_to(folder.parent).as_posix(),
        "height": drawn.image.shape[0],
        "width": drawn.image.shape[1],
        "points": drawn.points.round(2).tolist(),
        "boxes": drawn.boxes.tolist(),
        "areas": areas.tolist(),
    }


def run_jobs(
    job: Callable[[Any, int], list[dict]],
    items: Sequence,
    *,
    workers: int = 1,
    label: str = "",
) -> list[list[dict]]:
    """Run one job per scene or photo, in order, in this process or in several.

    Args:
        job: takes the item and its number in the data set; several processes need one that can be
            pickled, such as a `functools.partial` of `write_single` or `write_triple`.
        items: indices of the scenes, or photos.
        workers: processes; 1 stays in this one.
        label: name before the progress bar, which a terminal shows after two seconds.

    Returns:
        What the jobs returned, in the order of `items`.

    Raises:
        OSError: a job met a file system that refuses; the jobs not yet begun are dropped.

    Example:
        >>> run_jobs(lambda index, number: [{"image": str(index)}], range(5, 7))
        [[{'image': '5'}], [{'image': '6'}]]
    """
    return run_pool(job, items, range(len(items)), workers=workers, label=label, unit="it")
