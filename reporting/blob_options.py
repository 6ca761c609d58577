"""What decides how a large picture is cut, and what of its probabilities is an object."""

from __future__ import annotations

from dataclasses import dataclass

from config.errors import InputError
from ops.tiles import ALIGNMENT
from reporting.point_settings import PointSettings

# In pixels as the network sees them. What decides about a pixel reaches 162 pixels far in an FCN-8s
# on VGG16 (receptive field of pool5: 212, half of it, and 56 of interpolation), some 300 in theory
# on ResNet50 and MobileNetV2, where the outer parts hardly weigh. Half of each tile is core.
TILE = 1280
OVERLAP = 192


@dataclass(frozen=True)
class BlobOptions:
    """What a user says about tiles and blobs; None leaves it to the model.

    Attributes:
        tile: longest side of what the network sees at once, pixels of the picture.
        overlap: pixels that a tile shows around the part that counts; `complete` rounds up to 4.
        threshold: a blob's pixels have a probability above it.
        min_area: smaller blobs are dropped, pixels.

    Raises:
        InputError: a value is out of range.

    Example:
        >>> BlobOptions(threshold=0.7).complete(PointSettings(min_area=5))
        BlobOptions(tile=1280, overlap=192, threshold=0.7, min_area=5)
    """

    tile: int | None = None
    overlap: int | None = None
    threshold: float | None = None
    min_area: int | None = None

    def __post_init__(self):
        if self.threshold is not None and not 0 <= self.threshold < 1:
            raise InputError(
                f"`--threshold` must be at least 0 and below 1. Received {self.threshold}."
            )
        if self.min_area is not None and self.min_area < 1:
            raise InputError(f"`--min_area` must be at least 1 pixel. Received {self.min_area}.")

    def complete(self, settings: PointSettings) -> BlobOptions:
        """Fill in what the model decides.

        Args:
            settings: the model's.

        Returns:
            Options without None.

        Raises:
            InputError: the tile leaves no room between its overlaps.

        Example:
            >>> BlobOptions().complete(PointSettings(scale=0.5)).tile
            2560
        """
        overlap = _aligned(OVERLAP / settings.scale) if self.overlap is None else self.overlap
        tile = _aligned(TILE / settings.scale) if self.tile is None else self.tile
        # Windows begin on multiples of 4: on whole pixels of a map that is some halves as large as
        # the picture, and so that models round the sizes of windows as they round the picture's.
        rounded = -(-overlap // 4) * 4
        if overlap < 0 or tile - 2 * rounded < ALIGNMENT:
            raise InputError(
                f"`--tile` must be at least {ALIGNMENT} pixels more than two `--overlap`, which "
                f"must not be negative. Received {tile} and {overlap}."
            )
        return BlobOptions(
            tile,
            rounded,
            settings.threshold if self.threshold is None else self.threshold,
            settings.min_area if self.min_area is None else self.min_area,
        )


def _aligned(pixels: float) -> int:
    """Round to the nearest multiple of the networks' coarsest stride, at least one."""
    return max(1, round(pixels / ALIGNMENT)) * ALIGNMENT
