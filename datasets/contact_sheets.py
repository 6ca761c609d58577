"""Contact sheets: some pictures of a made data set side by side, with their labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from config.files import atomic_file
from datasets.scene_folder import ANNOTATIONS

_MARGIN, _GAP, _CAPTION, _TITLE = 16, 3, 22, 34
_INK, _PAPER, _FRAME = (40, 42, 46), (255, 255, 255), (213, 94, 0)
_SUBTITLES = {
    "synthetic_ranked": "the same scene, people removed from the right one",
    "synthetic_triplets": "the same scene, more people removed from picture to picture; the last "
    "perhaps elsewhere",
    "synthetic_noisy": "counts as a generator that miscounts would give them",
    "synthetic_test": "true counts",
    "synthetic_objects": "one object in each picture, its visible part framed",
    "synthetic_tags": "one to three classes in each picture",
    "synthetic_shots": "two frames of each shot",
}
_STEPS = {"synthetic_shots": 6}  # every sixth frame: neighbours look alike
_NUM_CELLS = 24  # pictures of a sheet of single ones, as many as in 12 pairs
_LARGEST_CELL = 256  # pixels a side; drawn scenes are that wide at most by default


def write_contact_sheet(data_dir: Path, name: str, *, subtitle: str = "") -> Path:
    """Draw records of a data set on one page: the first of drawn scenes, else some from all of it.

    Args:
        data_dir: folder that holds the data sets.
        name: a data set that `synthesize.py` wrote.
        subtitle: what it shows; drawn scenes have subtitles of their own.

    Returns:
        `<data_dir>/<name>/contact_sheet.png`.

    Raises:
        OSError: a file is absent or the folder cannot be written to.

    Example:
        >>> import tempfile
        >>> from datasets.synthetic_files import SceneSettings, write_test
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = write_test(data_dir, 2, SceneSettings())
        >>> write_contact_sheet(data_dir, "synthetic_test").name
        'contact_sheet.png'
    """
    folder = Path(data_dir) / name
    records = _read_records(folder)[:: _STEPS.get(name, 1)]
    length = len(records[0][0])
    columns = max(1, _NUM_CELLS // 4 // length)
    num = columns * (4 if length < 3 else 6)
    drawn = name in _SUBTITLES
    cells = [
        ([_open(Path(data_dir) / image, boxes, shrink=not drawn) for image in images], caption)
        for images, caption, boxes in (records if drawn else _spread(records, num))[:num]
    ]
    title = f"{name}: {_SUBTITLES.get(name, subtitle)}"
    page = lay_out(_level(cells), min(columns, len(cells)), title)
    path = folder / "contact_sheet.png"
    with atomic_file(path) as temporary:
        page.save(temporary, "PNG", optimize=True)
    return path


def _read_records(folder: Path) -> list[tuple[tuple[str, ...], str, list]]:
    """Read (pictures, caption, boxes to frame) of each record of a data set."""
    annotations = json.loads((folder / ANNOTATIONS).read_text())
    true = _read_true_counts(folder)
    if isinstance(annotations, list):
        return [
            ((each["image"],), _tell(each["count"], true.get(each["image"])), [])
            for each in annotations
        ]
    if "test" in annotations and "train" in annotations:
        return _read_objects(folder)
    if "test" in annotations:
        return [((item["image"],), _people(item["count"]), []) for item in annotations["test"]]
    records = []
    for item in annotations["train"] + annotations["val"]:
        images = tuple(item.get("images") or (item["source_image"], item["target_image"]))
        known = all(image in true for image in images)
        caption = " > ".join(str(true[image]) for image in images) if known else ""
        records.append((images, caption or item["info"]["type"], []))
    return records


def _read_true_counts(folder: Path) -> dict[str, int]:
    path = folder / "true_counts.json"
    listed = json.loads(path.read_text()) if path.is_file() else []
    return {item["image"]: item["count"] for item in listed}


def _spread(records: list, num: int) -> list:
    """Take `num` records at most, evenly from all: neighbours are of one photo."""
    return [records[i * len(records) // num] for i in range(num)] if len(records) > num else records


def _tell(count: int, true: int | None) -> str:
    return f"said {count}" + ("" if true is None else f", true {true}")


def _level(cells: list[tuple[list[Image.Image], str]]) -> list[tuple[list[Image.Image], str]]:
    """Bring pictures of several sizes to one, each in the middle of its paper."""
    sizes = {picture.size for pictures, _ in cells for picture in pictures}
    size = tuple(max(sides) for sides in zip(*sizes, strict=True))
    if len(sizes) == 1:
        return cells
    return [
        ([_frame_with_paper(each, size) for each in pictures], text) for pictures, text in cells
    ]


def _frame_with_paper(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    paper = Image.new("RGB", size, _PAPER)
    margins = [(most - side) // 2 for most, side in zip(size, picture.size, strict=True)]
    paper.paste(picture, tuple(margins))
    return paper


def _read_objects(folder: Path) -> list[tuple[tuple[str, ...], str, list]]:
    """Read the records of a data set of few objects in each picture."""
    objects = json.loads((folder / "objects.json").read_text())
    names = {item["id"]: item["name"] for item in objects["categories"]}
    records = []
    for image in objects["images"]:
        items = [item for item in objects["annotations"] if item["image_id"] == image["id"]]
        caption = ", ".join(names[item["category_id"]] for item in items)
        records.append(((image["file_name"],), caption, [item["bbox"] for item in items]))
    return records


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count or 'no'} people"


def _open(path: Path, boxes: list, *, shrink: bool) -> Image.Image:
    """Open a picture, maybe smaller, and frame its boxes (x, y, width, height)."""
    with Image.open(path) as picture:
        framed = frame_boxes(picture, [(x, y, x + wide, y + tall) for x, y, wide, tall in boxes])
    if shrink:
        framed.thumbnail((_LARGEST_CELL, _LARGEST_CELL))
    return framed


def frame_boxes(picture: Image.Image, boxes: Sequence) -> Image.Image:
    """Frame boxes in a copy of a picture.

    Args:
        picture: any picture.
        boxes: (N, 4) xyxy half-open pixels.

    Returns:
        An RGB picture.

    Example:
        >>> frame_boxes(Image.new("RGB", (8, 6)), [(1, 1, 5, 4)]).getpixel((1, 1))
        (213, 94, 0)
    """
    framed = picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
    for x0, y0, x1, y1 in boxes:
        corners = (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1))
        ImageDraw.Draw(framed).rectangle(corners, outline=_FRAME, width=2)
    return framed


def lay_out(cells: list[tuple[list[Image.Image], str]], columns: int, title: str) -> Image.Image:
    """Put pictures in a grid, captions below them, a title on top.

    Args:
        cells: (pictures side by side, caption) each; all pictures of one size.
        columns: cells side by side.
        title: one line.

    Returns:
        The page.

    Example:
        >>> lay_out([([Image.new("RGB", (40, 30))], "a")], 1, "one").size
        (72, 110)
    """
    width, height = cells[0][0][0].size
    cell_width = len(cells[0][0]) * (width + _GAP) - _GAP
    rows = -(-len(cells) // columns)
    step_x, step_y = cell_width + _MARGIN, height + _CAPTION + _MARGIN // 2
    size = (_MARGIN + columns * step_x, _MARGIN + _TITLE + rows * step_y)
    page = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((_MARGIN, _MARGIN // 2), title, fill=_INK, font=ImageFont.load_default(20))
    font = ImageFont.load_default(15)
    for index, (pictures, caption) in enumerate(cells):
        left = _MARGIN + index % columns * step_x
        top = _MARGIN + _TITLE + index // columns * step_y
        for number, picture in enumerate(pictures):
            page.paste(picture, (left + number * (width + _GAP), top))
        middle = (left + cell_width // 2, top + height + _CAPTION // 2 + 1)
        pen.text(middle, caption, fill=_INK, font=font, anchor="mm")
    return page
