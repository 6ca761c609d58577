"""What `finetuning/temporal_cam` may be told: from video tags to a box per frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.cam_names import CAM_METHOD_NAMES
from config.shared_params import SteppedParams, param

_WEIGHT = "factor of the loss"


@dataclass(frozen=True, kw_only=True)
class TemporalCamParams(SteppedParams):
    """`finetuning/temporal_cam`: activation maps of neighbouring frames teach a decoder (TCAM).

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")
    classes: tuple[str, ...] | None = param(
        "names of the tags that are kept; null: as in the run continued"
    )
    shot_tags: dict | None = param(
        "{pattern of a shot's name: its tag}; null: as in the run continued"
    )
    test_fraction: float | None = param(
        "share of the shots held out for the test where the data have no split; null: as in the "
        "run continued",
        minimum=0,
        maximum=0.9,
    )
    validation_fraction: float | None = param(
        "share of the others held out for validation where the data have no split; null: as in "
        "the run continued",
        minimum=0,
        maximum=0.9,
    )
    split_seed: int | None = param(
        "draws what is held out; null: as in the run continued", minimum=0, maximum=2**31 - 1
    )
    cam_method: str = param(
        "how the classifier's activation maps are made", choices=CAM_METHOD_NAMES
    )
    salient: bool = param(
        "multiply them by what stands out in each frame (robust background detection)"
    )
    num_neighbours: int = param(
        "frames whose maps are joined with a frame's own, by the maximum; 0: F-CAM",
        unit="frames",
        minimum=0,
        maximum=1000,
    )
    neighbours: Literal["before", "after", "before-after"] = param(
        "which frames these are; before-after: so many on either side"
    )
    heat: float = param(
        "temperature of neighbouring maps before they are joined; 0 for none", minimum=0
    )
    heat_min: float = param("temperature at which its fall ends", minimum=0)
    uniform_from: int = param(
        "epoch, from 0, at which the temperature has fallen and from which the object's seeds are "
        "drawn uniformly; -1: never",
        minimum=-1,
    )
    roi: Literal["none", "all", "largest", "high_density"] = param(
        "where the object's seeds are drawn. all: where the map is above Otsu's level; largest, "
        "high_density: the largest part of that, or the one of the highest mean; none: everywhere"
    )
    roi_min_size: float = param(
        "a densest part below this share of the frame gives way to the largest",
        minimum=0,
        maximum=1,
    )
    num_foreground: int = param("seeds of the object, per frame and step", minimum=0)
    num_background: int = param("seeds of the background, per frame and step", minimum=0)
    foreground_fraction: float = param(
        "the object's seeds are among this share of the region's hottest pixels",
        minimum=0,
        maximum=1,
    )
    background_fraction: float = param(
        "the background's seeds are among this share of the frame's coldest pixels",
        minimum=0,
        maximum=1,
    )
    seed_size: int = param("odd side of the square that a seed is", unit="pixels", minimum=1)
    sampling: Literal["weighted", "uniform"] = param(
        "weighted: the object's seeds are drawn by the heat"
    )
    erosion_size: int = param(
        "odd side of the square that the region is eroded with", unit="pixels", minimum=1
    )
    erosion_steps: int = param("times that it is eroded before seeds are drawn", minimum=0)
    seed_weight: float = param(f"{_WEIGHT} on seeds", minimum=0)
    crf_weight: float = param(
        f"{_WEIGHT} that holds regions to the colours' edges; of its lattice at `crf_scale`, whose "
        "fourth power divides the published one",
        minimum=0,
    )
    crf_normalised: bool = param(
        "divide both CRF losses by the square of the number of pixels, so that their factors mean "
        "the same at every size and scale"
    )
    crf_colour: float = param(
        "deviation of both CRF losses in colour", unit="grey levels", minimum=0.01
    )
    crf_position: float = param(
        "deviation of the CRF loss in place", unit="pixels of the classifier's input", minimum=0.01
    )
    crf_scale: float = param(
        "frames and maps are shrunk by this for both CRF losses", minimum=0.05, maximum=1
    )
    joint_crf_weight: float = param(
        f"{_WEIGHT} that holds pixels of one colour in neighbouring frames to one region", minimum=0
    )
    side_frames: int = param(
        "frames on either side that it looks at; a record is then twice as many and one",
        unit="frames",
        minimum=0,
        maximum=100,
    )
    size_weight: float = param(f"{_WEIGHT} that keeps both regions from vanishing", minimum=0)
    background_larger_weight: float = param(
        f"{_WEIGHT} that asks for more background than object", minimum=0
    )
    empty_outside_weight: float = param(
        f"{_WEIGHT} that asks for no object outside the box of the map's largest part", minimum=0
    )
    temporal_size_weight: float = param(
        f"{_WEIGHT} that holds the object to the share of the frame that the joined maps give it",
        minimum=0,
    )
    temporal_size_tolerance: float = param(
        "share of the frame by which it may differ", minimum=0, maximum=1
    )
    entropy_weight: float = param(f"{_WEIGHT} that asks for sure pixels", minimum=0)
    sharpness: float = param("of the barrier losses on sizes, at the start", minimum=0.01)
    sharpness_growth: float = param("it is multiplied by this after each epoch", minimum=1)
    sharpness_cap: float = param("it stays at or below this", minimum=0.01)
    channels: tuple[int, ...] | None = param(
        "widths of the decoder's blocks, coarsest first; null: the published ones", minimum=1
    )
    resize_size: int | None = param(
        "side of the square that frames are resized to before windows of the classifier's size "
        "are cut; null: 8/7 of that size",
        unit="pixels",
        minimum=32,
    )
    frames_per_shot: int = param("records drawn of each shot in an epoch", minimum=1)
    momentum: float | None = param(
        "of the optimizer sgd, Nesterov's; null: the optimizer's own", minimum=0, maximum=0.9999
    )
    l2: float = param(
        "the loss gains half of this times the squares of the decoder's kernels", minimum=0
    )
    schedule: Literal["constant", "cosine", "steps"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs; steps: it is "
        "multiplied by `drop` after every `epochs_per_drop` epochs"
    )
    epochs_per_drop: int = param("of the schedule steps", unit="epochs", minimum=1)
    drop: float = param("of the schedule steps", minimum=0.001, maximum=1)
    validation_frames: int = param(
        "frames of a validation shot looked at after every epoch at most, spread evenly; annotated "
        "ones where there are any",
        minimum=1,
    )
    baselines: tuple[str, ...] = param(
        "activation maps of the classifier that results are compared with; `salient_layer_cam`: "
        "multiplied by what stands out"
    )
    inclusive_iou: bool = param(
        "boxes hold their last pixel, as the published protocol counts; false: half-open"
    )
    threshold_frames: int = param(
        "frames of a training shot at most, spread evenly, on whose maps the threshold is chosen "
        "that needs no boxes",
        minimum=1,
    )
    all_frames: bool = param(
        "find boxes in all frames of the scored shots; false: in those alone of which the truth is "
        "known"
    )
    track_radius: int = param(
        "boxes are smoothed over so many frames on either side; 0: not at all",
        unit="frames",
        minimum=0,
        maximum=100,
    )
    absent_below: float | None = param(
        "an object is absent where its score is below this; null: it never is",
        minimum=0,
        maximum=1,
    )
    num_pictures: int = param("frames on each contact sheet", minimum=0, maximum=100)
    num_videos: int = param("shots shown as annotated videos", minimum=0, maximum=1000)
