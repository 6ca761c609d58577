"""What saliency without a network reaches on the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from datasets.images import MAX_PIXELS, read_image, read_labels
from datasets.label_maps import read_label_map
from datasets.records import TagRecord
from datasets.scaled_images import resize_mask
from metrics.saliency import saliency_scores
from ops.grabcut import refine_with_grabcut
from ops.saliency import robust_background_saliency

BASELINES = ("rbd", "rbd_grabcut")


def read_truth(
    record: TagRecord, labels: Path, size: tuple[int, int], *, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Read what a picture's saliency is scored with: its mask, or else its labels.

    Args:
        record: of the picture.
        labels: its label map, read where it has no mask.
        size: (height, width) of the picture.
        max_pixels: larger masks are refused.

    Returns:
        (H, W) labels: 0 background, 255 void, all else object.

    Raises:
        InputError: the file cannot be read, or a mask has another size than its picture.

    Example:
        >>> # see `score_baselines`
    """
    if record.mask is not None:
        return read_label_map(record, size, max_pixels=max_pixels)
    return resize_mask(read_labels(labels), size)


def score_baselines(
    record: TagRecord, labels: Path, *, max_pixels: int = MAX_PIXELS
) -> dict[str, dict[str, float]]:
    """Score robust background detection, alone and refined by GrabCut, on one picture.

    A job for `datasets.job_pool.run_pool`: it loads no TensorFlow.

    Args:
        record: of the picture.
        labels: see `read_truth`.
        max_pixels: larger pictures are refused.

    Returns:
        {one of `BASELINES`: scores of `metrics.saliency.saliency_scores`}.

    Raises:
        InputError: the picture or its truth cannot be read.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "a.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> score_baselines(TagRecord(path, (), ()), path)["rbd"]["mae"]
        0.0
    """
    image = read_image(record.image, max_pixels=max_pixels)
    truth = read_truth(record, labels, image.shape[:2], max_pixels=max_pixels)
    rough = robust_background_saliency(image)
    refined = refine_with_grabcut(image, rough)
    maps = zip(BASELINES, (rough, refined), strict=True)
    return {name: saliency_scores(saliency, truth) for name, saliency in maps}
