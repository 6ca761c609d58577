"""Writes what was found in pictures in COCO's format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from config.files import atomic_file


def write_coco(
    pictures: Sequence[tuple[str, tuple[int, int]]],
    categories: Sequence[Mapping],
    annotations: Iterable[Mapping],
    path: Path,
) -> Path:
    """Write pictures, categories and annotations; ids count from 1.

    Args:
        pictures: (name, (height, width)) of each picture.
        categories: what COCO says of each category but its id.
        annotations: what COCO says of each object but its id; `image_id` is the place of its
            picture from 1.
        path: file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_coco([("a.jpg", (2, 3))], [{"name": "cat"}], [], Path(folder) / "a")
        ...     json.loads(path.read_text())["images"]
        [{'id': 1, 'file_name': 'a.jpg', 'height': 2, 'width': 3}]

    References:
        COCO, "Data format", cocodataset.org.
    """
    head = {
        "images": [
            {"id": i, "file_name": name, "height": height, "width": width}
            for i, (name, (height, width)) in enumerate(pictures, 1)
        ],
        "categories": [{"id": c, **category} for c, category in enumerate(categories, 1)],
    }
    escaped = {"encoding": "utf-8", "errors": "backslashreplace"}  # as `write_json`
    with atomic_file(path) as temporary, temporary.open("w", **escaped) as file:
        # An object per line: a list of millions would not be made in memory.
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "annotations": [')
        for number, annotation in enumerate(annotations, 1):
            text = json.dumps({"id": number, **annotation})
            file.write(("\n" if number == 1 else ",\n") + text)
        file.write("\n]}\n")
    return Path(path)


def to_number(value: float) -> int | float:
    """Round to 4 decimals; a whole number loses its point.

    Args:
        value: a number.

    Returns:
        What a table or JSON shows.

    Example:
        >>> to_number(2.0), to_number(1 / 3)
        (2, 0.3333)
    """
    value = round(float(value), 4)
    return int(value) if value.is_integer() else value
