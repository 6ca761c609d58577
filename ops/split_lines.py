"""Weights along the lines that split crowded blobs: by watershed, or by straight segments."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ops.compiling import compile_loop
from ops.flood import empty_runs, flood_region


class Crowds(NamedTuple):
    """Groups of points, each with the box to flood and the pixels that its lines may take.

    Attributes:
        pixels: (P,) int64, the points' pixels, row by row in a map without border, ascending
            within a group.
        first: (G + 1,) int64, group g holds the points `first[g]` to `first[g + 1]`.
        blobs: (G,) int64, the label whose pixels the lines may take; -1 for any label.
        boxes: (G, 4) int64, xyxy in pixels, half-open.
        scales: (G,) float64, the weight that a group spreads over its lines.

    Example:
        >>> Crowds(*(np.zeros(0, np.int64),) * 5).scales.size
        0
    """

    pixels: np.ndarray
    first: np.ndarray
    blobs: np.ndarray
    boxes: np.ndarray
    scales: np.ndarray


@compile_loop
def add_watershed_lines(ranking, crowds, labels, where, by_mean, weights):
    """Flood each group's box from its points and add weight where two basins meet.

    A pixel is on a line when one of its four neighbours in the box is in another basin.

    Args:
        ranking: the `Ranking` of the relief to flood.
        crowds: the `Crowds`.
        labels: (H, W) int32 blob labels.
        where: (H, W) bool, the pixels that lines may take.
        by_mean: whether a line's pixels share the group's scale or each receives all of it.
        weights: (H * W,) float32, changed in place.

    Example:
        >>> from ops.ranking import rank_pixels
        >>> labels, weights = np.ones((1, 5), np.int32), np.zeros(5, np.float32)
        >>> ranking = rank_pixels(np.array([[0, 1, 2, 1, 0]], np.float32))
        >>> group = [[0, 4], [0, 2], [1], [[0, 0, 5, 1]]]
        >>> crowds = Crowds(*(np.array(part) for part in group), np.ones(1))
        >>> add_watershed_lines(ranking, crowds, labels, labels > 0, True, weights)
        >>> weights
        array([0. , 0. , 0.5, 0.5, 0. ], dtype=float32)
    """
    height, width = labels.shape
    stride = width + 2
    water = np.full((height + 2) * stride, -1, np.int32)
    line = ranking.wave
    for g in range(crowds.blobs.size):
        left, top, right, bottom = crowds.boxes[g]
        for row in range(top, bottom):
            water[(row + 1) * stride + left + 1 : (row + 1) * stride + right + 1] = 0
        markers = np.empty(crowds.first[g + 1] - crowds.first[g], np.int64)
        for i in range(markers.size):
            pixel = crowds.pixels[crowds.first[g] + i]
            markers[i] = (pixel // width + 1) * stride + pixel % width + 1
            water[markers[i]] = i + 1
        flood_region(ranking, water, markers, stride)
        length = _collect_line(water, crowds.boxes[g], labels, crowds.blobs[g], where, line)
        if length > 0:
            weight = crowds.scales[g] / length if by_mean else crowds.scales[g]
            for i in range(length):
                weights[line[i]] += weight
        for row in range(top, bottom):
            begin, end = (row + 1) * stride + left + 1, (row + 1) * stride + right + 1
            water[begin:end] = -1
            empty_runs(ranking, begin, end)


@compile_loop
def _collect_line(water, box, labels, blob, where, line):
    width = labels.shape[1]
    stride, length = width + 2, 0
    left, top, right, bottom = box
    for row in range(top, bottom):
        # Outside the box water is -1: there each pixel is compared with itself.
        above = stride if row > top else 0
        below = stride if row < bottom - 1 else 0
        start = (row + 1) * stride + 1
        for column in range(left, right):
            pixel = start + column
            basin = water[pixel]
            before, after = column > left, column < right - 1
            meets = (water[pixel - above] != basin) | (water[pixel + below] != basin)
            meets |= (water[pixel - before] != basin) | (water[pixel + after] != basin)
            if meets and where[row, column] and (blob < 0 or labels[row, column] == blob):
                line[length] = row * width + column
                length += 1
    return length


@compile_loop
def add_straight_lines(probs, crowds, labels, by_mean, weights):
    """Cut each group by segments: the darkest one between every point and its nearest neighbour.

    Of the segments perpendicular to the line between the two, clipped to the blob, the one with
    the lowest mean probability is taken: the paper's variant. Groups with `blobs` -1 are left out.

    Args:
        probs: (H, W) float32 probabilities.
        crowds: the `Crowds`.
        labels: (H, W) int32 blob labels.
        by_mean: whether a group's segments share its scale or each pixel receives all of it.
        weights: (H * W,) float32, changed in place.

    Example:
        >>> labels, weights = np.ones((1, 5), np.int32), np.zeros(5, np.float32)
        >>> group = [[0, 4], [0, 2], [1], [[0, 0, 5, 1]]]
        >>> crowds = Crowds(*(np.array(part) for part in group), np.ones(1))
        >>> probs = np.array([[0.9, 0.8, 0.8, 0.6, 0.9]], np.float32)
        >>> add_straight_lines(probs, crowds, labels, True, weights)
        >>> weights
        array([0., 0., 0., 1., 0.], dtype=float32)

    References:
        Laradji et al., "Where are the Blobs", arXiv 1807.09856, section on the split loss.
    """
    height, width = labels.shape
    taken = np.zeros(height * width, np.bool_)
    line = np.empty(height * width, np.int32)
    segment, best = np.empty((2, 2 * (height + width)), np.int32)
    for g in range(crowds.blobs.size):
        pixels, length = crowds.pixels[crowds.first[g] : crowds.first[g + 1]], 0
        if crowds.blobs[g] < 0 or pixels.size < 2:
            continue
        for i in range(pixels.size):
            j = _nearest(pixels, i, width)
            if j < i and _nearest(pixels, j, width) == i:
                continue  # The pair was cut when j's turn came.
            size = _darkest_segment(probs, labels, pixels[i], pixels[j], segment, best)
            for pixel in best[:size]:
                if not taken[pixel]:
                    taken[pixel], line[length] = True, pixel
                    length += 1
        for pixel in line[:length]:
            weights[pixel] += crowds.scales[g] / length if by_mean else crowds.scales[g]
            taken[pixel] = False


@compile_loop
def _nearest(pixels, i, width):
    nearest, shortest = i, np.inf
    for j in range(pixels.size):
        rows = pixels[j] // width - pixels[i] // width
        columns = pixels[j] % width - pixels[i] % width
        if i != j and rows * rows + columns * columns < shortest:
            shortest = rows * rows + columns * columns
            nearest = j
    return nearest


@compile_loop
def _darkest_segment(probs, labels, start, end, segment, best):
    """Fill `best` with the darkest cut between two pixels of a blob; return its length."""
    width = labels.shape[1]
    row, column = start // width, start % width
    rows, columns = end // width - row, end % width - column
    num_steps = max(abs(rows), abs(columns))
    size, lowest = 0, np.inf
    for k in range(1, num_steps):
        center_row = math.floor(row + rows * k / num_steps + 0.5)
        center_column = math.floor(column + columns * k / num_steps + 0.5)
        length, mean = _clip_segment(
            probs, labels, labels[row, column], center_row, center_column, -columns, rows, segment
        )
        if length > 0 and mean < lowest:
            size, lowest = length, mean
            best[:length] = segment[:length]
    return size


@compile_loop
def _clip_segment(probs, labels, blob, row, column, rows, columns, segment):
    """Walk from a pixel both ways along (rows, columns) until the blob ends."""
    height, width = labels.shape
    longest = max(abs(rows), abs(columns))
    length, total = 0, 0.0
    for sign in (1, -1):
        step = 0 if sign == 1 else 1
        while True:
            r = math.floor(row + sign * step * rows / longest + 0.5)
            c = math.floor(column + sign * step * columns / longest + 0.5)
            if r < 0 or c < 0 or r >= height or c >= width or labels[r, c] != blob:
                break
            segment[length] = r * width + c
            total += probs[r, c]
            length += 1
            step += 1
        if length == 0:
            return 0, 0.0
    return length, total / length
