"""What every experiment may be told: one frozen dataclass each, a line of meaning per value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.counting_params import CountingParams, DensityGuidedParams, NoisySynthRegressParams
from config.guided_segmentation_params import GuidedSegmentationParams
from config.localization_params import (
    LocalizationFinetuneParams,
    LocalizationFitParams,
    LocalizationParams,
)
from config.ranking_params import BaselineParams, TripletsParams
from config.saliency_params import SaliencyParams
from config.seeds_params import SeedsParams
from config.shared_params import (
    ENCODER_NAMES,
    EncoderParams,
    ImageParams,
    SteppedParams,
    TrainingParams,
    param,
)
from config.temporal_cam_params import TemporalCamParams
from config.video_classifier_params import VideoClassifierParams

__all__ = [
    "ENCODER_NAMES",
    "SCHEMAS",
    "BaselineParams",
    "CountingParams",
    "DensityGuidedParams",
    "EncoderParams",
    "GuidedSegmentationParams",
    "ImageParams",
    "LocalizationFinetuneParams",
    "LocalizationFitParams",
    "LocalizationParams",
    "NoisySynthRegressParams",
    "PointFitParams",
    "PointsFinetuneParams",
    "PointsParams",
    "SaliencyParams",
    "SeedsParams",
    "SteppedParams",
    "TemporalCamParams",
    "TrainingParams",
    "TripletsParams",
    "VideoClassifierParams",
    "param",
]


@dataclass(frozen=True, kw_only=True)
class PointFitParams(TrainingParams):
    """What both experiments on points share: `training/points` and `finetuning/points`.

    Attributes: see each field's `meaning`.
    """

    beta_1: float | None = param(
        "share of the mean gradient that a step keeps; null for the optimizer's own",
        minimum=0,
        maximum=0.9999,
    )
    weight_decay: float | None = param(
        "share of each weight taken off per step, times the learning rate; null for none",
        minimum=0,
        maximum=1,
    )
    loss: dict = param("loss on points as {class_name, config}")
    scale: float = param("pictures are resized by this factor first", minimum=0.01, maximum=16)
    crop: tuple[int, int] | None = param(
        "height, width of a training sample, cut after scaling; null for whole pictures",
        unit="pixels",
        minimum=32,
        maximum=16_384,
    )
    crops_per_epoch: int | None = param(
        "training samples per epoch, drawn anew each epoch; null for one of each picture", minimum=1
    )
    flip: Literal["none", "horizontal", "both"] = param(
        "mirror half of the samples left to right, or that and half of them top to bottom"
    )
    augment_color: float = param(
        "reach of brightness, contrast and saturation changes; 0 for none", minimum=0, maximum=1
    )
    head: Literal["fcn8", "pyramid"] = param(
        "fcn8: sum of the scores of each encoder map; pyramid: score of the fused maps"
    )
    finest_stride: Literal[8, 4, 2] = param(
        "stride of the finest encoder map that is used; smaller ones part smaller objects",
        unit="pixels",
    )
    num_neurons: int = param(
        "width of the head: of a pyramid's features, or of two convolutions before the coarsest "
        "score of fcn8, 0 for none",
        minimum=0,
    )
    dropout: float = param("share of their outputs dropped in training", minimum=0, maximum=0.9)
    score_bias: float = param("what the logits of the classes start at", minimum=-20, maximum=20)
    classes: tuple[str, ...] | None = param(
        "names of the classes to tell apart; null: every object is of one class"
    )
    outside: Literal["drop", "raise"] = param(
        "drop: points outside the picture or its region are left out; raise: they stop the run"
    )
    threshold: float = param(
        "the pixels of a blob have a probability above it", minimum=0, maximum=0.99
    )
    min_area: int = param(
        "smaller blobs are dropped; pixels of the picture before scaling", unit="pixels", minimum=1
    )
    levels: int = param(
        "thresholds from there to 1 over which blobs that touch may come apart; 1 for one",
        minimum=1,
        maximum=100,
    )
    objects_per_blob: float = param(
        "counts are blobs times this; other than 1 where objects lie too close to part",
        minimum=0.01,
        maximum=100,
    )
    calibrate: bool = param(
        "choose threshold, levels and min_area on the validation pictures when all is trained"
    )
    fit_objects_per_blob: bool = param("choose objects_per_blob with them")
    max_points: int = param(
        "points that the saved counter lists per picture at most; counts stay true beyond",
        minimum=1,
        maximum=1_000_000,
    )
    radius: float = param(
        "a point is found when one of its class is predicted within this distance",
        unit="pixels of the picture before scaling",
        minimum=0.5,
    )
    num_labelled: int | None = param(
        "annotated training pictures used, the held-out ones among them; null for all", minimum=2
    )
    num_pictures: int = param("pictures drawn, half of the best and half of the worst", minimum=0)


@dataclass(frozen=True, kw_only=True)
class PointsParams(EncoderParams, PointFitParams):
    """`training/points`: count and locate from one point per object (LCFCN).

    Attributes: see each field's `meaning`.
    """


@dataclass(frozen=True, kw_only=True)
class PointsFinetuneParams(PointFitParams):
    """`finetuning/points`: the same from the encoder of another run and few annotated pictures.

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")


SCHEMAS = {
    "training/baseline": BaselineParams,
    "training/localization": LocalizationParams,
    "training/points": PointsParams,
    "training/saliency": SaliencyParams,
    "training/seeds": SeedsParams,
    "training/triplets": TripletsParams,
    "training/video_classifier": VideoClassifierParams,
    "finetuning/guided_segmentation": GuidedSegmentationParams,
    "finetuning/localization": LocalizationFinetuneParams,
    "finetuning/points": PointsFinetuneParams,
    "finetuning/temporal_cam": TemporalCamParams,
    "finetuning/unsupervised/density_guided": DensityGuidedParams,
    "finetuning/unsupervised/noisy_synth_regress": NoisySynthRegressParams,
}
