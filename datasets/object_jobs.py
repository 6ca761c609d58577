"""Draws the pictures of a data set of single objects, and says what each one shows."""

from __future__ import annotations

from pathlib import Path

from datasets.object_scenes import draw_object_scene, sample_object_scene
from datasets.scene_jobs import SceneSettings, write_drawn


def write_object(folder: Path, settings: SceneSettings, index: int, number: int) -> list[dict]:
    """Draw one scene with one object into one picture.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the scenes have in common; of it seed, size and masks.
        index: number of the scene.
        number: number of the picture, its name.

    Returns:
        One description, see `scene_jobs.write_single`, with "classes", the name of the object's.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "things"
        >>> (folder / "images").mkdir(parents=True)
        >>> len(write_object(folder, SceneSettings(), 0, 7)[0]["classes"])
        1
    """
    scene = sample_object_scene(settings.seed, index, image_size=settings.image_size)
    drawn = draw_object_scene(scene)
    picture = write_drawn(folder, f"{number:06d}", drawn, masks=settings.masks)
    return [{**picture, "classes": [scene.class_name]}]
