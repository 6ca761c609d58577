"""What decides how a large picture is cut, and what of its probabilities is an object."""

from __future__ import annotations

from dataclasses import dataclass

from config.errors import InputError
from ops.blob_levels import MAX_LEVELS
from ops.tiles import ALIGNMENT
from reporting.point_settings import PointSettings

# In pixels as the network sees them. What decides about a pixel reaches 162 pixels far in an FCN-8s
# on VGG16 (receptive field of pool5: 212, half of it, and 56 of interpolation), some 300 in theory
# on ResNet50 and MobileNetV2, where the outer parts hardly weigh. Half of each tile is core.
TILE = 1280
OVERLAP = 192
MAX_TILE = 4096  # pixels of the picture: 200 MB as float32, whatever the scale
MAX_SCALE = 16


@dataclass(frozen=True)
class BlobOptions:
    """What a user says about tiles and blobs; None leaves it to the model.

    Attributes:
        tile: longest side of what the network sees at once, pixels of the picture.
        overlap: pixels that a tile shows around the part that counts.
        threshold: a blob's pixels have a probability above it.
        levels: thresholds from there to 1 over which blobs that touch may come apart.
        min_area: smaller blobs are dropped, pixels.

    Raises:
        InputError: a value is out of range.

    Example:
        >>> BlobOptions(threshold=0.7).complete(PointSettings(min_area=5))
        BlobOptions(tile=1280, overlap=192, threshold=0.7, levels=1, min_area=5)
    """

    tile: int | None = None
    overlap: int | None = None
    threshold: float | None = None
    levels: int | None = None
    min_area: int | None = None

    def __post_init__(self):
        if self.threshold is not None and not 0 <= self.threshold < 1:
            raise InputError(
                f"`--threshold` must be at least 0 and below 1. Received {self.threshold}."
            )
        if self.levels is not None and not 1 <= self.levels <= MAX_LEVELS:
            raise InputError(
                f"`--levels` must be at least 1 and at most {MAX_LEVELS}. Received {self.levels}."
            )
        if self.min_area is not None and self.min_area < 1:
            raise InputError(f"`--min_area` must be at least 1 pixel. Received {self.min_area}.")

    def complete(self, settings: PointSettings) -> BlobOptions:
        """Fill in what the model decides.

        Where the model's maps have 1.5, 2.5, ... pixels per pixel of the picture, the overlap is
        rounded up to a multiple of 4: then tiles start at whole and even pixels of the map, and
        their maps are rounded in size as that of the whole picture is.

        Args:
            settings: the model's.

        Returns:
            Options without None.

        Raises:
            InputError: the tile leaves no room between its overlaps, or the model's settings
                cannot be.

        Example:
            >>> BlobOptions().complete(PointSettings(scale=0.5)).tile
            2560
        """
        _check_scale(settings.map_scale)
        overlap, tile = self.overlap, self.tile
        if overlap is None:
            overlap = min(_aligned(OVERLAP / settings.scale), MAX_TILE // 4)
        if tile is None:
            # A strongly enlarged picture still leaves room between the overlaps.
            least = 2 * overlap + ALIGNMENT
            tile = max(min(_aligned(TILE / settings.scale), MAX_TILE), least)
        if settings.map_scale % 1:
            overlap = -(-overlap // 4) * 4
        if overlap < 0 or tile - 2 * overlap < ALIGNMENT:
            raise InputError(
                f"`--tile` must be at least {ALIGNMENT} pixels more than two `--overlap`, which "
                f"must not be negative. Received {tile} and {overlap}."
            )
        return BlobOptions(
            tile,
            overlap,
            settings.threshold if self.threshold is None else self.threshold,
            settings.levels if self.levels is None else self.levels,
            settings.min_area if self.min_area is None else self.min_area,
        )


def _check_scale(map_scale: float) -> None:
    if 2 * map_scale % 1 or map_scale > MAX_SCALE:
        raise InputError(
            "the model's `scale` must be at most 1, or a multiple of 1/2 up to "
            f"{MAX_SCALE}. Received {map_scale}; build the counter again."
        )


def _aligned(pixels: float) -> int:
    """Round to the nearest multiple of the networks' coarsest stride, at least one."""
    return max(1, round(pixels / ALIGNMENT)) * ALIGNMENT
