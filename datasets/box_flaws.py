"""Says what is wrong with a box that a file gives, before it is cut to its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A box that ends up to a pixel outside is one of another way to count pixels, not a mistake.
SLACK = 1.0
PHRASES = {
    "inverted": "is inverted",
    "empty": "has no extent",
    "outside": "lies outside its picture",
    "beyond": "reaches beyond its picture",
}


@dataclass(frozen=True)
class BoxFlaw:
    """Something wrong with one box of a file.

    Attributes:
        kind: a key of `PHRASES`; boxes of all kinds but "beyond" are left out.
        text: the object and what is wrong, for messages.

    Example:
        >>> BoxFlaw("empty", "`a.xml` object 0 `cat`, whose box has no extent").kind
        'empty'
    """

    kind: str
    text: str


def describe_flaw(kind: str, where: str) -> BoxFlaw:
    """Put a flaw into words.

    Args:
        kind: a key of `PHRASES`.
        where: the file and object.

    Returns:
        The flaw.

    Example:
        >>> describe_flaw("empty", "`a.json` annotation 3").text
        '`a.json` annotation 3, whose box has no extent'
    """
    return BoxFlaw(kind, f"{where}, whose box {PHRASES[kind]}")


def find_flaw(box: np.ndarray, size: tuple[int, int]) -> str:
    """Tell what is wrong with a box.

    Args:
        box: (4,) float xyxy in pixels, half-open.
        size: (height, width) of its picture, in pixels.

    Returns:
        A key of `PHRASES`, the gravest that applies; "" for a sound box.

    Example:
        >>> [find_flaw(np.array(box), (6, 8)) for box in ([5, 1, 2, 3], [0, 0, 8, 6])]
        ['inverted', '']
    """
    extent = box[2:] - box[:2]
    if (extent < 0).any():
        return "inverted"
    if (extent == 0).any():
        return "empty"
    corner = np.array(size[::-1], np.float64)  # x, y
    if (box[2:] <= 0).any() or (box[:2] >= corner).any():
        return "outside"
    beyond = (box[:2] < -SLACK).any() or (box[2:] > corner + SLACK).any()
    return "beyond" if beyond else ""
