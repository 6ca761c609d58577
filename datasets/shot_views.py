"""What training shows of a shot: one frame, a window of it, perhaps mirrored; its map alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.opencv import cv2


@dataclass(frozen=True)
class ShotView:
    """A frame of a shot and the window of it that is shown.

    Attributes:
        frame: place of the frame in its shot.
        corner: (row, column) of the window's first pixel in the resized frame.
        mirrored: left and right change places.

    Example:
        >>> ShotView(3).corner
        (0, 0)
    """

    frame: int
    corner: tuple[int, int] = (0, 0)
    mirrored: bool = False


def draw_shot_view(
    generator: np.random.Generator, num_frames: int, *, resize_size: int, image_size: int
) -> ShotView:
    """Draw what is shown: any frame, any window, mirrored as often as not.

    Args:
        generator: source of the draws.
        num_frames: frames of the shot, at least 1.
        resize_size: side of the resized frames, pixels.
        image_size: side of the window, at most that.

    Returns:
        The view.

    Example:
        >>> draw_shot_view(np.random.default_rng(0), 1, resize_size=8, image_size=8).frame
        0

    References:
        TCAM, arXiv 2208.14542: a frame a shot and epoch, 256 x 256 pixels, a window of 224 x 224.
    """
    frame = int(generator.integers(num_frames))
    row, column = generator.integers(resize_size - image_size, size=2, endpoint=True).tolist()
    return ShotView(frame, (row, column), bool(generator.random() < 0.5))


def show_window(pixels: np.ndarray, view: ShotView, image_size: int) -> np.ndarray:
    """Cut the window of a view out of a frame, or out of a map of the frame's size.

    Args:
        pixels: (R, R, 3) picture or (R, R) map.
        view: what is shown.
        image_size: side of the window, S, pixels.

    Returns:
        (S, S, ...) of the same type.

    Example:
        >>> show_window(np.arange(9).reshape(3, 3), ShotView(0, (1, 0), True), 2).tolist()
        [[4, 3], [7, 6]]
    """
    row, column = view.corner
    shown = pixels[row : row + image_size, column : column + image_size]
    return np.ascontiguousarray(shown[:, ::-1] if view.mirrored else shown)


def enlarge_map(cam: np.ndarray, side: int) -> np.ndarray:
    """Resize a map to a frame's size, bilinearly; what is not finite becomes 0, infinity 1.

    Args:
        cam: (h, w) activations in [0, 1].
        side: of the frame, R, pixels.

    Returns:
        (R, R) float32 in [0, 1].

    Example:
        >>> enlarge_map(np.array([[0.0, 1.0]]), 4)[0].tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    finite = np.nan_to_num(np.asarray(cam, np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    resized = cv2.resize(finite, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.clip(resized, 0, 1)
