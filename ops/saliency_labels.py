"""Labels to learn saliency from that need no annotation."""

from __future__ import annotations

import numpy as np

from ops.box_masks import BAND, mask_labels
from ops.grabcut import refine_with_grabcut
from ops.saliency import robust_background_saliency
from ops.salient_components import salient_mask
from ops.seeds import IGNORE


def saliency_labels(image: np.ndarray, *, band: int = BAND) -> np.ndarray:
    """Label what robust background detection and GrabCut take for the object.

    Single labels are often wrong; a network that is trained on many and stopped early learns what
    they have in common.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) or (H, W, 1) uint8 grey.
        band: pixels on either side of the outline that are ignored.

    Returns:
        (H, W) uint8: 1 object, 0 background, 255 ignored; all ignored where the picture has one
        colour.

    Raises:
        ValueError: `image` is of another form, or `band` negative.

    Example:
        >>> image = np.full((40, 60, 3), 200, np.uint8)
        >>> image[10:30, 20:40] = (200, 30, 30)
        >>> labels = saliency_labels(image, band=0)
        >>> int(labels.sum()), bool(labels[10:30, 20:40].all())
        (400, True)
    """
    saliency = robust_background_saliency(image)
    if not saliency.any():
        return np.full(saliency.shape, IGNORE, np.uint8)
    return mask_labels(salient_mask(refine_with_grabcut(image, saliency)), band=band)
