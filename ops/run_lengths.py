"""Masks as run lengths, in the two ways in which COCO writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def count_runs(mask: np.ndarray) -> list[int]:
    """Count the pixels of each run of a mask, column by column, as COCO does.

    Args:
        mask: (H, W) bool.

    Returns:
        Lengths in turns outside and inside, the first one outside: 0 where the first pixel is
        inside. They sum to the pixels of the mask; a mask without pixels has none.

    Raises:
        ValueError: `mask` is no (H, W) bool.

    Example:
        >>> count_runs(np.array([[0, 1, 1], [0, 0, 1]], bool))  # columns 00, 10, 11
        [2, 1, 1, 2]

    References:
        COCO, "Data format", cocodataset.org; `rleEncode` of its API.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(f"`mask` must be (H, W) bool. Received {mask.dtype} {mask.shape}.")
    pixels = mask.ravel(order="F")
    if not pixels.size:
        return []
    starts = np.flatnonzero(np.diff(pixels)) + 1
    bounds = np.concatenate([[0], starts, [pixels.size]])
    lengths = np.diff(bounds).tolist()
    return [0, *lengths] if pixels[0] else lengths


def compress_runs(lengths: Sequence[int]) -> str:
    """Write run lengths as COCO's compressed text.

    From the fourth on a run is written as its difference from the one two before it. A number
    becomes groups of five bits, the lowest first; bit 6 of each says that more follow, and the
    highest of the last group is the sign. 48 is added to make them letters.

    Args:
        lengths: of `count_runs`.

    Returns:
        The text: `counts` of a compressed run-length mask.

    Example:
        >>> compress_runs([2, 1, 1, 2])  # 2, 1, 1 and 2 - 1
        '2111'
        >>> compress_runs([40])  # 40 = 8 + 32: groups 8 + 32 (more) and 1
        'X1'

    References:
        `rleToString` of COCO's API.
    """
    letters = []
    for place, length in enumerate(lengths):
        number = int(length) - (int(lengths[place - 2]) if place > 2 else 0)
        more = True
        while more:
            group = number & 31
            number >>= 5  # keeps the sign
            more = number != (-1 if group & 16 else 0)
            letters.append(chr(48 + group + 32 * more))
    return "".join(letters)
