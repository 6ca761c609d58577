"""What `finetuning/guided_segmentation` may be told: from image tags to a segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.shared_params import EncoderParams, TrainingParams, param


@dataclass(frozen=True, kw_only=True)
class GuidedSegmentationParams(EncoderParams, TrainingParams):
    """`finetuning/guided_segmentation`: heat maps and saliency make labels that train a segmenter.

    Attributes: see each field's `meaning`.
    """

    continues: str = param("experiment whose newest finished run `--model_path latest` means")
    classes: tuple[str, ...] | None = param(
        "names of the classes that are kept, or commonest:N; null: as in the run continued"
    )
    masks: str = param(
        'masks that results are scored with: "own", "none", a folder relative to the data set, or '
        '"continued": as in the run continued'
    )
    test_fraction: float | None = param(
        "share of the pictures held out for the test where the data have no split; null: as in "
        "the run continued",
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
    saliency_model: str | None = param(
        "run of training/saliency, or its saliency.keras, that gives the saliency maps; null: "
        "robust background detection"
    )
    grabcut: bool = param("cut the object of each saliency map out with GrabCut")
    rule: Literal["G0", "G1", "G2", "seeds", "saliency", "oracle"] = param(
        "how labels are made: G2 spreads seeds over the salient areas that they touch, G1 gives "
        "each area its hottest class, G0 a random tag; seeds or saliency alone; oracle: G2 with "
        "saliency from the masks"
    )
    seed_threshold: float = param(
        "heat of a seed, as a share of its class's maximum", minimum=0.001, maximum=1
    )
    saliency_threshold: float = param(
        "saliency of an object, as a share of the picture's maximum", minimum=0.001, maximum=1
    )
    saliency_floor: float = param(
        "saliency below it is never an object; 0: every picture has one", minimum=0, maximum=1
    )
    min_salient_area: float = param(
        "smaller salient areas are dropped, as a share of the picture", minimum=0, maximum=1
    )
    min_seed_area: int = param(
        "smaller parts of seeds do not count in G2", unit="pixels", minimum=1
    )
    unlabelled: Literal["background", "ignore"] = param(
        "what becomes of salient pixels without a seed, and of seeds beyond saliency"
    )
    unary: Literal["linear", "log"] = param(
        "energy of seeds m in the CRF that parts touching classes: -m, as published, or -log m"
    )
    compare_rules: bool = param(
        "score the labels of every rule on the training pictures that have masks"
    )
    crf_bilateral: tuple[float, float, float] = param(
        "of the dense CRF, in guide labels and after the segmenter: weight, deviation in pixels, "
        "deviation in grey levels",
        minimum=0,
    )
    crf_gaussian: tuple[float, float] = param(
        "weight and deviation in pixels of its smoothing", minimum=0
    )
    crf_iterations: int = param("mean-field steps of the dense CRF", minimum=0, maximum=100)
    start: Literal["weights", "seeds"] = param(
        "what the segmenter's encoder starts from: `weights`; or the seed network's encoder, and "
        "`weights` in layers that it lacks"
    )
    head: Literal["large_fov", "pyramid"] = param(
        "large_fov: the published one, on a dilated encoder; pyramid: maps at strides 32, 16 and "
        "8 fused, cheaper"
    )
    num_neurons: int = param("width of the head", minimum=1, maximum=4096)
    dropout: float = param(
        "share of the head's features hidden in training", minimum=0, maximum=0.9
    )
    image_size: int = param(
        "side of the square that the segmenter sees, 32 k + 1",
        unit="pixels",
        minimum=33,
        maximum=2049,
    )
    resize: Literal["tight", "none"] = param(
        "tight: pictures are fitted into the square; none: they keep their size, and training "
        "cuts squares out of them"
    )
    augment: Literal["none", "published", "general"] = param(
        "how training pictures change with their labels: published: crop and mirror; general: "
        "also scale, brightness and contrast"
    )
    momentum: float | None = param(
        "of the optimizer sgd; null for its own", minimum=0, maximum=0.9999
    )
    weight_decay: float = param(
        "share of each weight but biases taken off per step, times the learning rate",
        minimum=0,
        maximum=1,
    )
    schedule: Literal["constant", "cosine", "steps"] = param(
        "constant: the learning rate stays; cosine: it falls to 0 over the epochs; steps: it is "
        "divided by 10 after every `steps_per_drop` steps"
    )
    steps_per_drop: int = param("of the schedule steps", unit="steps", minimum=1)
    class_balance: float = param(
        "power of the inverse share of a label by which its pixels weigh in the loss, for rare "
        "classes; 0: all pixels alike",
        minimum=0,
        maximum=1,
    )
    rounds: Literal[1, 2] = param(
        "2: train anew on what the first segmenter, its answer restricted to the tags and "
        "sharpened by the CRF, says of the training pictures"
    )
    test_scales: tuple[float, ...] = param(
        "factors of the size at which the saved segmenter looks; several are averaged",
        minimum=0.1,
        maximum=4,
    )
    test_mirror: bool = param("let the saved segmenter look at each picture mirrored as well")
    num_pictures: int = param("pictures on each contact sheet", minimum=0, maximum=100)
