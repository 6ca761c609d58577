"""Windows inside windows of a picture: what an inner one shows, each outer one shows too."""

from __future__ import annotations

import math

import numpy as np


def nested_windows(
    size: tuple[int, int],
    length: int,
    *,
    first_area: tuple[float, float],
    area_ratio: tuple[float, float],
    smallest: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw a chain of windows of a picture's own shape, each inside the one before.

    An inner window cannot hold more objects than an outer one (Liu et al.), so a chain is ranked
    without a label. The first window has a share of the picture's area drawn from `first_area`,
    every next one a share of the one before drawn from `area_ratio`; both are drawn from the part
    of their range that leaves room for the windows still to come. Each lies at a random place.

    Args:
        size: (height, width) of the picture, pixels.
        length: windows, at least 1.
        first_area: (least, most) share of the picture, above 0 and at most 1.
        area_ratio: (least, most) share of the window before, above 0 and at most 0.99.
        smallest: (height, width) that no window may go below, pixels.
        rng: draws the shares and the places.

    Returns:
        (length, 4) int64: top, left, height, width of each window, the largest first.

    Raises:
        ValueError: a share is out of range, or the picture is too small, see `least_size`.

    Example:
        >>> options = {"first_area": (1, 1), "area_ratio": (0.25, 0.25), "smallest": (1, 1)}
        >>> windows = nested_windows((8, 16), 3, **options, rng=np.random.default_rng(0))
        >>> windows[:, 2:].tolist()
        [[8, 16], [4, 8], [2, 4]]

    References:
        Liu et al., Leveraging unlabeled data for crowd counting by learning to rank, CVPR 2018.
    """
    check_shares(first_area, area_ratio)
    least = least_size(length, first_area=first_area, area_ratio=area_ratio, smallest=smallest)
    if length < 1 or size[0] < least[0] or size[1] < least[1]:
        raise ValueError(
            f"`size` must be at least {least[0]} x {least[1]} pixels for {length} windows of at "
            f"least {smallest[0]} x {smallest[1]}. Received {size[0]} x {size[1]}."
        )
    floor = max(wanted / length for wanted, length in zip(smallest, size, strict=True)) ** 2
    windows = np.zeros((length, 4), np.int64)
    outer, area = (0, 0, *size), 1.0
    for place in range(length):
        low, high = area_ratio if place else first_area
        room = floor / (area * area_ratio[1] ** (length - 1 - place))  # what the rest needs
        area *= rng.uniform(min(max(low, room), high), high)
        outer = windows[place] = _place_inside(outer, size, area, smallest, rng)
    return windows


def least_size(
    length: int,
    *,
    first_area: tuple[float, float],
    area_ratio: tuple[float, float],
    smallest: tuple[int, int],
) -> tuple[int, int]:
    """Tell how large a picture must be for a chain of windows.

    Args:
        length: windows.
        first_area: as for `nested_windows`.
        area_ratio: likewise.
        smallest: likewise.

    Returns:
        (height, width), pixels.

    Example:
        >>> options = {"first_area": (0.5, 1), "area_ratio": (0.1, 0.25), "smallest": (10, 30)}
        >>> least_size(3, **options)
        (40, 120)
    """
    share = math.sqrt(first_area[1] * area_ratio[1] ** (length - 1))
    return tuple(math.ceil(side / share - 1e-9) for side in smallest)


def check_shares(first_area: tuple[float, float], area_ratio: tuple[float, float]) -> None:
    """Require shares that a chain of windows can be drawn with.

    Args:
        first_area: as for `nested_windows`.
        area_ratio: likewise.

    Raises:
        ValueError: a share is out of range.

    Example:
        >>> check_shares((0.5, 1), (0.3, 0.8))
    """
    for name, (low, high), most in (
        ("first_area", first_area, 1.0),
        ("area_ratio", area_ratio, 0.99),
    ):
        if not 0 < low <= high <= most:
            raise ValueError(
                f"`{name}` must be two shares above 0 and at most {most:g}, the smaller first. "
                f"Received {low} and {high}."
            )


def _place_inside(
    outer: tuple[int, int, int, int],
    size: tuple[int, int],
    area: float,
    smallest: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[int, int, int, int]:
    """Draw a place inside `outer` for a window with a share `area` of a picture of `size`."""
    sides = [
        min(max(round(whole * math.sqrt(area)), least, 1), most)
        for whole, least, most in zip(size, smallest, outer[2:], strict=True)
    ]
    top, left = (
        int(start + rng.integers(0, most - side + 1))
        for start, most, side in zip(outer[:2], outer[2:], sides, strict=True)
    )
    return top, left, *sides
