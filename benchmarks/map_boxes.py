"""Measure boxes of score maps at 1,000 thresholds against the protocol's loop over all of them.

Run `python -m benchmarks.map_boxes`. Every time is a median over rounds in which the candidates
take turns, so that other load on the machine weighs on both alike.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.timing import time_in_turn
from ops.level_boxes import find_level_boxes
from ops.opencv import cv2

STEP = 0.001
SIZE = 224
KINDS = ("cam", "decoder")


def draw_map(kind: str, seed: int = 0, size: int = SIZE) -> np.ndarray:
    """Draw a score map.

    Args:
        kind: "cam", smooth, of 28 x 28 cells enlarged; "decoder", nearly 0 or 1 with rough
            outlines.
        seed: of the random numbers.
        size: side in pixels.

    Returns:
        (size, size) float64 in [0, 1].

    Example:
        >>> draw_map("cam", size=32).shape
        (32, 32)
    """
    rng = np.random.default_rng(seed)
    coarse = cv2.GaussianBlur(rng.normal(size=(28, 28)), (0, 0), 2.5)
    smooth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_LINEAR)
    if kind == "decoder":
        rough = cv2.GaussianBlur(rng.normal(size=smooth.shape), (0, 0), 1.5)
        smooth = smooth / smooth.std() + 0.3 * rough / rough.std()
        return 1 / (1 + np.exp(-4 * smooth + 3))
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


def list_reference_boxes(score_map: np.ndarray, thresholds: np.ndarray) -> list:
    """List the boxes of every threshold as the protocol does, one contour pass for each.

    Args:
        score_map: (H, W) in [0, 1].
        thresholds: (T,) shares of the map's maximum.

    Returns:
        T entries (box of the largest contour or None, boxes of all contours), xyxy, half-open.

    Example:
        >>> list_reference_boxes(np.array([[0.0, 1.0]]), np.array([0.5]))
        [((1, 0, 2, 1), [(1, 0, 2, 1)])]
    """
    grey = (255 * np.asarray(score_map, np.float64)).astype(np.uint8)
    listed = []
    for threshold in thresholds:
        _, mask = cv2.threshold(grey, int(threshold * grey.max()), 255, cv2.THRESH_BINARY)
        contours, _ = cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [cv2.boundingRect(each) for each in contours]
        boxes = [(x, y, x + width, y + height) for x, y, width, height in boxes]
        areas = [cv2.contourArea(each) for each in contours]
        listed.append((boxes[int(np.argmax(areas))] if boxes else None, boxes))
    return listed


def count_differences(score_map: np.ndarray, thresholds: np.ndarray) -> int:
    """Count the thresholds whose boxes are not those of the protocol's loop.

    Args:
        score_map: (H, W) in [0, 1].
        thresholds: (T,) shares of the map's maximum.

    Returns:
        How many differ.

    Example:
        >>> count_differences(draw_map("cam", size=32), np.arange(0, 1, 0.05))
        0
    """
    found = find_level_boxes(score_map, thresholds)
    ends = np.cumsum(found.counts)
    num_different = 0
    reference = list_reference_boxes(score_map, thresholds)
    for level, (largest, every) in zip(found.levels, reference, strict=True):
        own = found.every[ends[level] - found.counts[level] : ends[level]].tolist()
        box = found.largest[level].tolist()
        same = np.isnan(box[0]) if largest is None else box == list(largest)
        num_different += not (same and own == [list(each) for each in every])
    return num_different


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="timed rounds (default 9)")
    rounds = parser.parse_args().rounds
    thresholds = np.arange(0, 1, STEP)
    print(f"{SIZE} x {SIZE}, {len(thresholds)} thresholds; ms a map, medians of {rounds} rounds")
    print(f"{'map':8} masks      V1   V1+V2    loop  loop/V1  loop/V1+V2  different_boxes")
    for kind in KINDS:
        score_map = draw_map(kind)
        ways = {
            "largest": lambda m=score_map: find_level_boxes(m, thresholds, every_contour=False),
            "every": lambda m=score_map: find_level_boxes(m, thresholds),
            "loop": lambda m=score_map: list_reference_boxes(m, thresholds),
        }
        times = time_in_turn(ways, rounds)
        num_masks = len(find_level_boxes(score_map, thresholds, every_contour=False).counts)
        cells = [1000 * times[name] for name in ways]
        ratios = [times["loop"] / times[name] for name in ("largest", "every")]
        form = "{:8} {:5d} {:7.1f} {:7.1f} {:7.1f} {:8.1f} {:11.1f} {:16d}"
        different = count_differences(score_map, thresholds)
        print(form.format(kind, num_masks, *cells, *ratios, different), flush=True)


if __name__ == "__main__":
    main()
