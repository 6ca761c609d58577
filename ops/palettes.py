"""The colours in which label maps are shown."""

from __future__ import annotations

import numpy as np


def voc_palette() -> np.ndarray:
    """Return PASCAL VOC's colour of each label.

    Bits 0, 3 and 6 of a label are the highest bits of red, bits 1, 4 and 7 of green, 2 and 5 of
    blue, the next ones below them: neighbouring labels look unlike. 0 is black, 255 a light ivory.

    Returns:
        (256, 3) uint8 RGB.

    Example:
        >>> voc_palette()[[0, 1, 2, 255]].tolist()
        [[0, 0, 0], [128, 0, 0], [0, 128, 0], [224, 224, 192]]

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010, `VOClabelcolormap`
        of the development kit.
    """
    labels = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            bit = (labels >> (3 * place + channel)) & 1
            colours[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return colours
