"""What the outputs of served models mean, for those who read a file without this project."""

from __future__ import annotations

from collections.abc import Mapping

OUTPUT_MEANINGS: Mapping[str, str] = {
    "count": "how many objects the picture holds",
    "count_low": "lower end of the count's interval",
    "count_high": "upper end of the count's interval",
    "none_probability": "how likely the picture holds no object, in [0, 1]; where `none_from` is "
    "p-value: the share of calibration errors as large as the count",
    "patch_counts": "objects in each of N x N patches, row by row; they sum to the count",
    "cells": "of each cell of all depths, coarse ones first, row by row: its count, and whether it "
    "was not read (0), is empty (1), sparse (2), dense and cut in four (3) or dense (4)",
    "cell_probabilities": "of each cell: that it is empty, sparse, dense; 0 where it was not read",
    "class_counts": "objects of each class, in the order of class_names",
    "probabilities": "of each pixel: of each class; of a segmenter with the background first",
    "boxes": "x0, y0, x1, y1 in pixels of the picture that came in, half-open",
    "scores": "how sure the model is, in [0, 1]",
    "class_probabilities": "of each class, in the order of class_names; they sum to 1",
    "classes": "the likeliest class, from 1, in the order of class_names",
    "map": "the object's probability over the whole picture, in [0, 1]",
    "label_map": "the likeliest label of each pixel: 0 background, then class_names from 1",
    "class_shares": "share of the picture that each label covers, background first",
    "saliency": "how much each pixel belongs to an object of any kind, in [0, 1]",
    "tag_probabilities": "of each tag, in the order of class_names; they sum to 1",
    "tag_maps": "where each tag is seen, over the whole picture; of any range",
}
# Outputs of a point counter that a caller works out from `probabilities`.
BLOB_RULES: Mapping[str, str] = {
    "points": "a class's areas are the 8-connected pixels whose probability of it is above "
    "`threshold` (below a threshold of .5 also above that of every other class and of the "
    "background, which is 1 less their sum), of at least `min_area` pixels; with `levels` above 1 "
    "only those that hold no such area above the next of the thresholds threshold + (1 - "
    "threshold) i / levels. A point is an area's pixel nearest to its mean row and column",
    "point_classes": "the class of each point, from 1",
    "num_points": "how many points there are",
}


def explain_output(name: str) -> str:
    """Say what an output means.

    Args:
        name: of the output.

    Returns:
        A line; one that names the output alone where nothing more is known.

    Example:
        >>> explain_output("classes")
        'the likeliest class, from 1, in the order of class_names'
    """
    return OUTPUT_MEANINGS.get(name, f"`{name}` of the Keras model")
