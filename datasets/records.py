"""What a reader returns: one frozen record type per kind of label, sorted, without pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np


@dataclass(frozen=True, order=True)
class RankedRecord:
    """Images of which each holds at least as many objects as the next.

    Attributes:
        images: two or more picture files, fullest first.
        kind: the origin of the order, upstream's `info.type`; "" when unknown.
        source: name of the photo that all of them are made of, `info.source`; "" when unknown.

    Example:
        >>> RankedRecord((Path("crowd.jpg"), Path("fewer.jpg"))).kind
        ''
    """

    images: tuple[Path, ...]
    kind: str = ""
    source: str = ""


@dataclass(frozen=True, order=True)
class CountRecord:
    """A picture and how many objects it holds.

    Attributes:
        image: picture file.
        count: number of objects, not negative; may be noisy.

    Example:
        >>> CountRecord(Path("crowd.jpg"), 12).count
        12
    """

    image: Path
    count: float


@dataclass(frozen=True, order=True)
class BadRecord:
    """A picture whose own annotation file cannot be used; `datasets.bad_files` takes it out.

    Attributes:
        image: picture file.
        reason: what is wrong, with the annotation file's name.

    Example:
        >>> BadRecord(Path("1.jpg"), "`1.mat` must be a whole MATLAB file.").image.name
        '1.jpg'
    """

    image: Path
    reason: str


@dataclass(frozen=True)
class Region:
    """The part of a picture whose objects are annotated; what lies outside does not count.

    Attributes:
        mask: picture (not 0: inside) or MATLAB file with a matrix of that kind; None for none.
        key: name of the matrix in a MATLAB file.
        polygons: (M, 2) float (row, column) corners each, inside any of which counts; () for none.

    Example:
        >>> Region(mask=Path("image-1mask.mat"), key="BW").polygons
        ()
    """

    mask: Path | None = None
    key: str = ""
    polygons: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True, order=True)
class PointRecord:
    """A picture and one point per object; two points in one pixel are two objects.

    Attributes:
        image: picture file.
        points: (N, 2) float64 array, (row, column) in pixels of the upright picture.
        classes: (N,) int64 array, the class of each point from 1 to K; None for one class.
        class_names: the names of classes 1 to K, the same in all records of a data set; () where
            the format knows one kind of object.
        region: what counts; None for the whole picture.

    Example:
        >>> PointRecord(Path("cells.png"), np.array([[3.0, 4.0]])).count
        1
    """

    image: Path
    points: np.ndarray = field(compare=False)
    classes: np.ndarray | None = field(default=None, compare=False)
    class_names: tuple[str, ...] = field(default=(), compare=False)
    region: Region | None = field(default=None, compare=False)

    @property
    def count(self) -> int:
        """The number of points."""
        return len(self.points)


@dataclass(frozen=True, order=True)
class BoxRecord:
    """A picture and one box per object.

    Attributes:
        image: picture file.
        boxes: (N, 4) float64 array, xyxy in pixels of the upright picture, half-open, x1 > x0 and
            y1 > y0.
        classes: (N,) int64 array, the class of each box from 1 to K; None for one class.
        class_names: the names of classes 1 to K, the same in all records of a data set; () where
            the format knows one kind of object.

    Example:
        >>> BoxRecord(Path("cat.jpg"), np.array([[2.0, 1.0, 7.0, 5.0]])).count
        1
    """

    image: Path
    boxes: np.ndarray = field(compare=False)
    classes: np.ndarray | None = field(default=None, compare=False)
    class_names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def count(self) -> int:
        """The number of boxes."""
        return len(self.boxes)


@dataclass(frozen=True, order=True)
class TagRecord:
    """A picture and the classes that it shows; where they are is known for scoring only.

    Attributes:
        image: picture file.
        tags: the classes in the picture, sorted, each from 1 to K.
        class_names: the names of classes 1 to K, the same in all records of a data set.
        mask: label map of the picture, see `datasets.label_maps.read_label_map`; None for none.
        mask_values: "ids" where the mask's values stand for classes, "sorted_ids" where they do so
            for want of a list of the classes, "foreground" where whatever is not 0 is of the
            picture's only tag.
        mask_classes: the class of each mask value from 1 on, 0 for background; () where the
            values are the classes themselves.
        boxes: (N, 4) float64 array as in `BoxRecord`; None where no objects are boxed.
        box_classes: (N,) int64 array, the class of each box; None where no objects are boxed.

    Example:
        >>> TagRecord(Path("zoo.jpg"), (1, 3), ("cat", "dog", "rat")).names
        ('cat', 'rat')
    """

    image: Path
    tags: tuple[int, ...] = field(compare=False)
    class_names: tuple[str, ...] = field(compare=False)
    mask: Path | None = field(default=None, compare=False)
    mask_values: Literal["ids", "sorted_ids", "foreground"] = field(default="ids", compare=False)
    mask_classes: tuple[int, ...] = field(default=(), compare=False)
    boxes: np.ndarray | None = field(default=None, compare=False)
    box_classes: np.ndarray | None = field(default=None, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tags."""
        return tuple(self.class_names[tag - 1] for tag in self.tags)


@dataclass(frozen=True, order=True)
class ShotRecord:
    """A shot of a video: frames in time, and the one class that they are tagged with.

    Where the object is is known for scoring only, and perhaps of some frames only.

    Attributes:
        name: tells the shot from all others; mostly its path from the data folder on.
        frames: picture files, in time; at least one.
        tag: the class of the shot, from 1 to K.
        class_names: the names of classes 1 to K, the same in all records of a data set.
        boxes: one entry a frame: (N, 4) float64 array as in `BoxRecord`, with N = 0 where the
            object is not in sight, or None where the frame is not annotated; () for no boxes.
        masks: one entry a frame: picture of which whatever is not 0 is the object, or None; ()
            for no masks. See `datasets.frame_boxes`.

    Example:
        >>> shot = ShotRecord("zoo/1", (Path("1.jpg"), Path("2.jpg")), 2, ("cat", "rat"))
        >>> shot.class_name, shot.annotated
        ('rat', ())
    """

    name: str
    frames: tuple[Path, ...] = field(compare=False)
    tag: int = field(compare=False)
    class_names: tuple[str, ...] = field(compare=False)
    boxes: tuple[np.ndarray | None, ...] = field(default=(), compare=False)
    masks: tuple[Path | None, ...] = field(default=(), compare=False)

    @property
    def class_name(self) -> str:
        """The name of the tag."""
        return self.class_names[self.tag - 1]

    @property
    def annotated(self) -> tuple[int, ...]:
        """The places of the frames of which boxes or a mask are known."""
        known = {
            i for part in (self.boxes, self.masks) for i, x in enumerate(part) if x is not None
        }
        return tuple(sorted(known))

    def take(self, places: Sequence[int]) -> ShotRecord:
        """Keep some of the frames, with what is known of them.

        Args:
            places: places of the frames to keep, in time.

        Returns:
            A shot of the same name.

        Example:
            >>> ShotRecord("1", (Path("1.jpg"), Path("2.jpg")), 1, ("cat",)).take([1]).frames
            (PosixPath('2.jpg'),)
        """
        parts = {
            name: tuple(getattr(self, name)[i] for i in places)
            for name in ("frames", "boxes", "masks")
            if getattr(self, name)
        }
        return replace(self, **parts)
