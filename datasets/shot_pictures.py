"""The frames of shots, and what a training sample shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.records import ShotRecord
from datasets.scaled_images import ScaledImages
from datasets.shot_views import ShotView, draw_shot_view, show_window

_MARGIN = 8 / 7  # the published 256 pixels of 224


class ShotPictures:
    """The frames of shots at the size that training cuts windows out of, their shape ignored.

    Training numbers its samples from 0 to `num_samples` - 1, sample i showing shot i modulo the
    number of shots; numbers beyond are those of later epochs, see `make_shot_order`.

    Attributes:
        shots: what a reader returned, with the same class names in all.
        image_size: side of the network's input, S, pixels.
        resize_size: side of the resized frames, R, at least S.
        num_samples: samples of an epoch.
        targets: (N, K) float32, 1 for the class of each shot.
        images: gives the pixels of all frames, shot after shot.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> shot = ShotRecord("zoo/1", (path,), 2, ("cat", "rat"))
        >>> pictures = ShotPictures([shot], 28, max_pixels=10_000)
        >>> pictures.resize_size, pictures.read(0, ShotView(0)).shape, pictures.targets.tolist()
        (32, (28, 28, 3), [[0.0, 1.0]])
    """

    def __init__(
        self,
        shots: Sequence[ShotRecord],
        image_size: int,
        *,
        resize_size: int | None = None,
        frames_per_shot: int = 1,
        max_pixels: int,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.shots, self.image_size = list(shots), image_size
        self.resize_size = resize_size or round(image_size * _MARGIN)
        if self.resize_size < image_size:
            raise InputError(
                f"`resize_size` must be at least `image_size`, {image_size} pixels, as windows are "
                f"cut out of the resized frames. Received {resize_size}."
            )
        self.num_samples = len(self.shots) * frames_per_shot
        self.targets = make_shot_targets(self.shots)
        self._starts = np.cumsum([0, *(len(shot.frames) for shot in self.shots)])
        self.images = ScaledImages(
            [frame for shot in self.shots for frame in shot.frames],
            size=(self.resize_size, self.resize_size),
            max_pixels=max_pixels,
            cache=cache,
            cache_dir=cache_dir,
        )

    def read(self, number: int, view: ShotView) -> np.ndarray:
        """Read what a view shows of a shot.

        Args:
            number: place of the shot.
            view: the frame and its window.

        Returns:
            (S, S, 3) uint8 RGB.

        Raises:
            InputError: the frame cannot be read.

        Example:
            >>> # see the class
        """
        pixels = self.images.read(int(self._starts[number]) + view.frame)
        return show_window(pixels, view, self.image_size)

    def draw(self, number: int, seed: np.ndarray) -> tuple[int, ShotView]:
        """Draw what a sample shows.

        Args:
            number: number of the sample, from 0.
            seed: (2,) int32, all that the draw depends on.

        Returns:
            (place of its shot, view).

        Example:
            >>> # see `make_classifier_sample_loader`
        """
        place = int(number) % len(self.shots)
        generator = np.random.default_rng(np.asarray(seed).astype(np.uint32))
        num_frames = len(self.shots[place].frames)
        sizes = {"resize_size": self.resize_size, "image_size": self.image_size}
        return place, draw_shot_view(generator, num_frames, **sizes)


def make_shot_targets(shots: Sequence[ShotRecord]) -> np.ndarray:
    """Make the one-hot targets of shots.

    Args:
        shots: shots with the same class names.

    Returns:
        (N, K) float32 of 0 and 1; (0, 0) of no shots.

    Raises:
        ValueError: the shots have different class names.

    Example:
        >>> make_shot_targets([ShotRecord("1", (Path("1.jpg"),), 2, ("cat", "rat"))]).tolist()
        [[0.0, 1.0]]
    """
    names = {shot.class_names for shot in shots}
    if len(names) > 1:
        raise ValueError(f"`shots` must have the same class names. Received {sorted(names)}.")
    num_classes = len(names.pop()) if names else 0
    return np.eye(num_classes, dtype=np.float32)[[shot.tag - 1 for shot in shots]]
