"""Writes drawn shots as folders of frames with a table of boxes each."""

from __future__ import annotations

from pathlib import Path

from datasets.frame_box_table import BOX_TABLE, write_frame_box_table
from datasets.patterned_shapes import SHAPES
from datasets.scene_folder import write_picture
from datasets.scene_jobs import SceneSettings
from datasets.scene_listings import list_splits
from datasets.synthetic_shots import DrawnShot, draw_moving_shot

SHOT_IMAGE_SIZE = (72, 96)
SHOT_FRAMES = 12


def write_moving_shot(
    num: int, folder: Path, settings: SceneSettings, index: int, number: int
) -> list[dict]:
    """Draw one shot into `<split>/<class>/<number>/`.

    Args:
        num: shots of the data set; the splits are those of `scene_listings.list_splits`.
        folder: the data set's folder.
        settings: what the shots have in common; of it the seed.
        index: number that draws the shot.
        number: number of the shot in the data set; its class is that of `number` modulo 3.

    Returns:
        A description of each frame, see `scene_jobs.write_single`, with "classes".

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "shots"
        >>> write_moving_shot(9, folder, SceneSettings(), 0, 1)[2]["image"]
        'shots/train/square/0001/02.jpg'
    """
    kind = number % len(SHAPES)
    options = {"num_frames": SHOT_FRAMES, "image_size": SHOT_IMAGE_SIZE}
    shot = draw_moving_shot(settings.seed, index, kind, **options)
    splits = list_splits(list(range(num)))
    split = next(name for name, members in splits.items() if number in members)
    return write_shot(folder / split / shot.name / f"{number:04d}", shot, relative_to=folder.parent)


def write_shot(folder: Path, shot: DrawnShot, *, relative_to: Path) -> list[dict]:
    """Write the frames of a shot that are not there yet, and its `boxes.csv`.

    Args:
        folder: the shot's folder; made if need be.
        shot: what is drawn.
        relative_to: folder that the descriptions name the frames from.

    Returns:
        A description of each frame, see `write_moving_shot`.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> import tempfile
        >>> from datasets.synthetic_shots import moving_shots
        >>> folder = Path(tempfile.mkdtemp())
        >>> frames = write_shot(folder / "1", moving_shots(1)[0], relative_to=folder)
        >>> frames[0]["image"], frames[0]["classes"]
        ('1/00.jpg', ['disc'])
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = []
    for number, (frame, mask, box) in enumerate(
        zip(shot.frames, shot.masks, shot.boxes, strict=True)
    ):
        path = folder / f"{number:02d}.jpg"
        if not path.exists():
            write_picture(path, frame)
        described.append(
            {
                "image": path.relative_to(relative_to).as_posix(),
                "height": frame.shape[0],
                "width": frame.shape[1],
                "points": [[(box[1] + box[3]) / 2, (box[0] + box[2]) / 2]],
                "boxes": [box.tolist()],
                "areas": [int(mask.sum())],
                "classes": [shot.name],
            }
        )
    boxes = {Path(each["image"]).name: each["boxes"] for each in described}
    write_frame_box_table(folder / BOX_TABLE, boxes)
    return described


def list_frame_splits(items: list[dict]) -> dict:
    """List frames by the split in their names.

    Args:
        items: {"image": "<data set>/<split>/<class>/<shot>/<frame>", ...} of each frame.

    Returns:
        {"train": [...], "val": [...], "test": [...]}.

    Example:
        >>> list_frame_splits([{"image": "shots/val/disc/0001/02.jpg"}])["val"]
        [{'image': 'shots/val/disc/0001/02.jpg'}]
    """
    splits: dict[str, list[dict]] = {"train": [], "val": [], "test": []}
    for item in items:
        splits[Path(item["image"]).parts[1]].append(item)
    return splits
