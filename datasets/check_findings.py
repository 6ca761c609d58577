"""What a check of a data set finds: one remark a flaw, of a known kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What the report says above the findings of a kind, in its order.
PROBLEMS = {
    "split": "splits that cannot be read",
    "missing": "missing pictures",
    "corrupt": "pictures that cannot be decoded",
    "annotation": "annotations that cannot be used",
    "twice": "pictures listed more than once",
    "size": "annotations of another size than their picture",
    "inverted": "inverted boxes, left out",
    "empty": "boxes without extent, left out",
    "outside": "boxes outside their picture, left out",
    "beyond": "boxes that reach beyond their picture, cut",
    "mask": "label maps that cannot be used",
    "orphan": "label maps without a picture",
    "point": "pictures with points outside",
    "leak": "the same or nearly the same pictures in several splits",
    "duplicate": "the same pictures",
    "similar": "nearly the same pictures, which a drawn split would tear apart",
    "few": "classes with fewer than 5 pictures",
    "unlearned": "classes without training pictures",
}
NOTES = {
    "absent split": "splits that the data set does not have",
    "alike": "nearly the same pictures in one split",
    "unlisted": "pictures in the same folders that are not listed, left out",
    "boxless": "pictures with objects that have no box",
    "several": "pictures with several objects",
    "bare": "pictures without objects",
    "turned": "pictures that EXIF turns upright",
    "grey": "grey pictures",
    "alpha": "pictures with transparency, laid on white",
    "deep": "pictures with more than 8 bits a channel",
    "thin": "pictures of one pixel's height or width",
}


@dataclass(frozen=True)
class Finding:
    """One thing found in a data set.

    Attributes:
        kind: a key of `PROBLEMS` or `NOTES`.
        text: what was found, with the name of the file or class.
        images: the pictures concerned; () for a class or a split.

    Example:
        >>> Finding("grey", "`a.png`", (Path("a.png"),)).is_problem
        False
    """

    kind: str
    text: str
    images: tuple[Path, ...] = ()

    @property
    def is_problem(self) -> bool:
        """Whether it should be mended before training."""
        return self.kind in PROBLEMS
