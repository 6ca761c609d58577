"""Guide labels: seeds say what and roughly where, saliency says how far it extends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ops.blobs import check_map
from ops.salient_components import label_components, salient_mask
from ops.seed_propagation import label_seed_parts, propagate_seeds
from ops.seeds import IGNORE, check_classes, normalise_heat, seed_labels

RULES = ("G0", "G1", "G2", "seeds", "saliency")
UNLABELLED = {"background": 0, "ignore": IGNORE}
UNARIES = ("linear", "log")


@dataclass(frozen=True)
class GuideSettings:
    """How seeds and saliency become labels.

    Attributes:
        rule: "G2" spreads seeds over the salient components they touch; "G1" gives each component
            its hottest class; "G0" a random one of the tags; "seeds" and "saliency" are either
            part alone.
        seed_threshold: heat of a seed, as a share of its class's maximum, in (0, 1].
        saliency_threshold: saliency of an object, as a share of the picture's maximum, in (0, 1].
        saliency_floor: saliency below it is never an object, in the map's unit; 0 for no floor.
        min_salient_area: smaller salient components are dropped, as a share of the picture.
        min_seed_area: smaller seed parts do not count in G2, in pixels.
        unlabelled: what becomes of the pixels that G2 (and "saliency" with several tags) cannot
            tell: "background" 0, as the published code, or "ignore" 255, as the paper's figure.
        unary: energy of G2's CRF: "linear" -m, as published, or "log" -log m.

    Example:
        >>> GuideSettings(rule="G1").saliency_threshold
        0.5
    """

    rule: str = "G2"
    seed_threshold: float = 0.2
    saliency_threshold: float = 0.5
    saliency_floor: float = 0.0
    min_salient_area: float = 0.01
    min_seed_area: int = 25
    unlabelled: str = "background"
    unary: str = "linear"

    def __post_init__(self):
        for name, allowed in (("rule", RULES), ("unlabelled", UNLABELLED), ("unary", UNARIES)):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(allowed)}. "
                    f"Received {getattr(self, name)!r}."
                )
        for name in ("seed_threshold", "saliency_threshold"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(
                    f"`{name}` must be a share of the maximum, in (0, 1]. "
                    f"Received {getattr(self, name)}; 20 % is 0.2."
                )


def guide_labels(
    image: np.ndarray,
    saliency: np.ndarray,
    heat_maps: np.ndarray,
    classes: Sequence[int],
    *,
    settings: GuideSettings | None = None,
    crf: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    seed: int | Sequence[int] = 0,
) -> np.ndarray:
    """Label a picture from its tags, heat maps and saliency, to train a segmenter on.

    Args:
        image: (H, W, 3) uint8 RGB.
        saliency: (H, W), not negative; of `oracle_saliency` for the oracle experiment.
        heat_maps: (C, H, W) class activations of the tags, at the picture's size.
        classes: C different ids, 1 to 254: the picture's tags; none for an empty picture.
        settings: rule, thresholds and modes; None for the published ones.
        crf: takes the image and (H, W, L) float32 energies, returns (H, W, L) probabilities,
            as `ops.dense_crf.dense_crf` does; only G2 uses it, where seeds of several classes meet
            in one component.
        seed: of G0's draws; give (seed, index of the picture), so that no picture depends on
            another.

    Returns:
        (H, W) int32 labels: 0 background, class ids, 255 ignored (only with `unlabelled="ignore"`).

    Raises:
        ValueError: the maps do not fit each other, or G2 has no `crf`.

    Example:
        >>> saliency = np.zeros((20, 30))
        >>> saliency[5:15, 10:20] = 1
        >>> heat = np.zeros((1, 20, 30))
        >>> heat[0, 7:13, 12:18] = 3
        >>> image = np.zeros((20, 30, 3), np.uint8)
        >>> labels = guide_labels(image, saliency, heat, [4], crf=lambda image, unary: -unary)
        >>> np.array_equal(labels, 4 * (saliency == 1))
        True

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR 2017,
        arXiv 1701.08261; coallaoh/GuidedLabelling. Upstream has no G0 and G1, loses objects in
        rows 0 and 1, and reads the tags from masks.
    """
    settings = settings or GuideSettings()
    heat = normalise_heat(heat_maps)
    ids = check_classes(classes, len(heat))
    check_map("saliency", np.asarray(saliency), heat.shape[1:])
    if np.shape(image)[:2] != heat.shape[1:]:
        raise ValueError(
            f"`image` must be of the maps' {heat.shape[1:]} pixels. Received {np.shape(image)}; "
            "enlarge the heat maps first."
        )
    rest = UNLABELLED[settings.unlabelled]
    if settings.rule == "seeds":
        return seed_labels(heat, ids, threshold=settings.seed_threshold)[0]
    salient = salient_mask(
        saliency, threshold=settings.saliency_threshold, floor=settings.saliency_floor
    )
    if settings.rule == "saliency":
        return np.where(salient, ids[0] if len(ids) == 1 else rest, 0).astype(np.int32)
    components = label_components(salient, min_area=settings.min_salient_area * salient.size)
    if settings.rule == "G0":
        return draw_component_classes(components, ids, seed=seed)
    if settings.rule == "G1":
        return choose_component_classes(components, heat, ids)
    if crf is None:
        raise ValueError("`crf` must be given with the rule G2. Received None; pass `dense_crf`.")
    seeds, _ = seed_labels(heat, ids, threshold=settings.seed_threshold)
    seed_parts = label_seed_parts(seeds, min_area=settings.min_seed_area)
    labels = propagate_seeds(image, seeds, seed_parts, components, crf=crf, unary=settings.unary)
    # Salient pixels outside all components belong to no rule, unless they are seeds.
    labels[salient & (components == 0) & (labels == 0)] = IGNORE
    labels[labels == IGNORE] = rest
    return labels


def draw_component_classes(
    components: np.ndarray, classes: Sequence[int], *, seed: int | Sequence[int]
) -> np.ndarray:
    """Give each component one of the classes at random: the rule G0.

    It knows nothing of where classes are, so it measures what saliency alone is worth.

    Args:
        components: (H, W) int32, 0 outside, 1 to M.
        classes: ids; with none all is background.
        seed: not negative numbers that make the draw repeatable.

    Returns:
        (H, W) int32 labels.

    Example:
        >>> draw_component_classes(np.array([[1, 0, 2]]), [6], seed=0).tolist()
        [[6, 0, 6]]
    """
    table = np.zeros(components.max(initial=0) + 1, np.int32)
    if len(classes):
        table[1:] = np.random.default_rng(seed).choice(np.sort(classes), len(table) - 1)
    return table[components]


def choose_component_classes(
    components: np.ndarray, heat: np.ndarray, classes: Sequence[int]
) -> np.ndarray:
    """Give each component the class with the highest mean heat inside it: the rule G1.

    Args:
        components: (H, W) int32, 0 outside, 1 to M.
        heat: (C, H, W) of `normalise_heat`.
        classes: C ids; with none all is background. Of equally hot ones the lowest wins.

    Returns:
        (H, W) int32 labels.

    Example:
        >>> heat = np.array([[[0.2, 0.9]], [[0.4, 0.5]]])
        >>> choose_component_classes(np.array([[1, 2]]), heat, [3, 5]).tolist()
        [[5, 3]]
    """
    table = np.zeros(components.max(initial=0) + 1, np.int32)
    if len(classes):
        order = np.argsort(classes)
        # Sums instead of means: all classes are averaged over the same pixels.
        sums = [np.bincount(components.ravel(), each.ravel()) for each in heat[order]]
        table = np.asarray(classes, np.int32)[order][np.argmax(sums, axis=0)]
        table[0] = 0
    return table[components]
