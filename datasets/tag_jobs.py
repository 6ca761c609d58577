"""Writes the pictures of a data set of tags, their label maps, and the table of the tags."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from config.files import atomic_file
from datasets.label_pngs import write_label_png
from datasets.mask_files import CLASS_LIST
from datasets.scene_jobs import SceneSettings, write_drawn
from datasets.scene_listings import list_splits
from datasets.tag_scenes import SHAPES, draw_tag_scene

TAG_IMAGE_SIZE = (128, 128)


def write_tag_scene(folder: Path, settings: SceneSettings, index: int, number: int) -> list[dict]:
    """Draw one scene of shapes into one picture and its label map.

    Args:
        folder: the data set's folder, with `images/` and `masks/` in it.
        settings: what the scenes have in common; of it the seed.
        index: number of the scene.
        number: number of the picture, its name.

    Returns:
        One description, see `scene_jobs.write_single`, with "classes", the name of each shape's.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "shapes"
        >>> (folder / "images").mkdir(parents=True)
        >>> write_tag_scene(folder, SceneSettings(), 0, 7)[0]["image"]
        'shapes/images/000007.jpg'
    """
    scene = draw_tag_scene(settings.seed, index, image_size=TAG_IMAGE_SIZE)
    picture = write_drawn(folder, f"{number:06d}", scene.drawn, masks=False)
    mask = folder / "masks" / f"{number:06d}.png"
    if not mask.exists():
        write_label_png(scene.classes, mask)
    return [{**picture, "classes": list(scene.names)}]


def list_tag_files(folder: Path, pictures: list[dict]) -> None:
    """Write `tags.csv`, with the splits of `scene_listings.list_splits`, and `classes.txt`.

    Args:
        folder: the data set's folder.
        pictures: descriptions from `write_tag_scene`, in order.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> names = [{"image": f"set/images/{i}.jpg", "classes": ["disc"]} for i in range(3)]
        >>> list_tag_files(folder, names)
        >>> (folder / "tags.csv").read_text().splitlines()[:2]
        ['image,tags,split', '0.jpg,disc,train']
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("image", "tags", "split"))
    for split, members in list_splits(pictures).items():
        for each in members:
            tags = ";".join(sorted(set(each["classes"])))
            writer.writerow((Path(each["image"]).name, tags, split))
    for name, text in (("tags.csv", table.getvalue()), (CLASS_LIST, "\n".join(SHAPES) + "\n")):
        with atomic_file(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
