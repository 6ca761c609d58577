"""What the experiments that count from frozen features may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.shared_params import ImageParams, param


@dataclass(frozen=True, kw_only=True)
class CountingParams(ImageParams):
    """What they share.

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")
    N: int = param("test pictures are cut into N x N patches", minimum=1, maximum=64)
    num_labelled: int | None = param(
        "counted training pictures used, the calibration ones among them; null for all", minimum=2
    )
    interval: float = param(
        "share of true counts that the interval beside a count is to hold",
        minimum=0.05,
        maximum=0.99,
    )
    calibration: str | None = param(
        "counted data set whose training pictures calibrate the interval, perhaps as "
        "format:data set; null: some of those to fit on are held out"
    )
    calibration_fraction: float = param(
        "share of the pictures to fit on that is held out then; more where the interval needs it",
        minimum=0.01,
        maximum=0.5,
    )
    bin_width: int = param(
        "true-count range of one box in the error plot", unit="objects", minimum=1
    )
    num_pictures: int = param("pictures drawn with the count of each patch", minimum=0)

    @property
    def finer(self) -> str:
        """The field that may cut pictures finer than N does."""
        return "N"

    @property
    def finest_grid(self) -> int:
        """Patches along each axis that a picture must have pixels for."""
        return self.N


@dataclass(frozen=True, kw_only=True)
class NoisySynthRegressParams(CountingParams):
    """`finetuning/unsupervised/noisy_synth_regress`: count from frozen features (SYRAC stage 3).

    Attributes: see each field's `meaning`.
    """

    fit_N: int | None = param(
        "pictures to fit on are cut into fit_N x fit_N patches, whose features add up; null: N, so "
        "that they are seen as large as test pictures are",
        minimum=1,
        maximum=64,
    )
    solver: Literal["nnls", "ridge", "auto"] = param(
        "nnls: weights that are not negative, fitted on the counts of pictures; ridge: weights of "
        "either sign, fitted on the counts of cells where points tell them, with a penalty that "
        "held-out pictures choose; cells count at least 0; auto: ridge where all pictures to fit "
        "on have points, else nnls"
    )
    grid: int = param(
        "ridge pools features in grid x grid cells of each patch; nnls in whole patches",
        minimum=1,
        maximum=32,
    )
    strides: tuple[Literal[4, 8, 16, 32], ...] | None = param(
        "strides of the encoder's feature maps that are joined; null or none: its coarsest alone"
    )

    @property
    def finest_grid(self) -> int:
        """Cells along each axis that a picture must have pixels for."""
        return max(self.N, self.fit_N or 1) * self.grid

    @property
    def finer(self) -> str:
        """The field that may cut pictures finer than N does."""
        return "fit_N" if self.grid == 1 else "grid"


@dataclass(frozen=True, kw_only=True)
class DensityGuidedParams(CountingParams):
    """`finetuning/unsupervised/density_guided`: dense cells are cut again and read closer.

    Attributes: see each field's `meaning`.
    """

    max_depth: int = param(
        "times that a dense cell is cut again, in 2 x 2; 0 for never", minimum=0, maximum=5
    )
    sparse_max: int = param(
        "most objects of a sparse cell; one with more is dense", unit="objects", minimum=1
    )
    max_cells: int = param(
        "cells of training pictures to fit on at most, as many of each depth", minimum=10
    )
    penalty: float = param(
        "weight of the squared weights of the classifier of cells against its loss", minimum=0
    )

    @property
    def finest_grid(self) -> int:
        """Cells along each axis of the finest grid."""
        return self.N * 2**self.max_depth

    @property
    def finer(self) -> str:
        """The field that may cut pictures finer than N does."""
        return "max_depth"
