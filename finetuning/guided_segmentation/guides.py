"""The third stage: heat maps and saliency become label maps, and every rule is scored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.schema import GuidedSegmentationParams
from datasets.cam_store import CamStore
from datasets.images import read_image, read_labels
from datasets.label_maps import read_label_map
from datasets.label_pngs import write_label_png
from datasets.records import TagRecord
from finetuning.guided_segmentation.guide_scores import compare_labels
from finetuning.guided_segmentation.saliency_maps import read_saliency
from ops.dense_crf import dense_crf
from ops.guide_labels import GuideSettings, guide_labels
from ops.salient_components import oracle_saliency
from ops.squares import unfit_square

ORACLE = "oracle"  # the rule G2 with saliency from masks
RULES = ("seeds", "saliency", "G0", "G1", "G2", ORACLE)


@dataclass(frozen=True)
class HeatMaps:
    """The heat maps of a run.

    Attributes:
        folder: of the `CamStore`.
        identity: what the store's maps depend on.
        square: side of the square that the maps lie over, pixels.

    Example:
        >>> HeatMaps(Path("heat_maps"), {}, 321).square
        321
    """

    folder: Path
    identity: dict
    square: int

    def read(self, name: str, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, ...]]:
        """Read a picture's heat maps at its own size.

        Args:
            name: the picture's key.
            size: (H, W) of the picture, pixels.

        Returns:
            (C, H, W) float32 and the ids of the C classes: the picture's tags.

        Raises:
            InputError: the store has no such maps.

        Example:
            >>> # see `GuideJob`
        """
        maps, classes = CamStore(self.folder, self.identity).read(name)  # (C, h, w)
        spread = unfit_square(np.moveaxis(maps.astype(np.float32), 0, 2), size, self.square)
        return np.ascontiguousarray(np.moveaxis(spread, 2, 0)), classes


@dataclass(frozen=True)
class GuideFiles:
    """Where the parts of one picture's guide labels lie.

    Attributes:
        record: the picture, its tags, perhaps its mask.
        number: its place, which the rule G0 draws by.
        name: its key in the store of heat maps.
        saliency: PNG of its saliency.
        guide: PNG to write.

    Example:
        >>> record = TagRecord(Path("a.jpg"), (1,), ("cat",))
        >>> GuideFiles(record, 0, "a.jpg", Path("s.png"), Path("g.png")).number
        0
    """

    record: TagRecord
    number: int
    name: str
    saliency: Path
    guide: Path


@dataclass(frozen=True)
class GuideJob:
    """Makes the guide labels of one picture; it can be sent to another process.

    Attributes:
        params: resolved parameters.
        heat_maps: of all pictures.
        seed: of the rule G0.
        scored: whether masks are compared with.

    Example:
        >>> # see `finetuning.guided_segmentation.stages`
    """

    params: GuidedSegmentationParams
    heat_maps: HeatMaps
    seed: int
    scored: bool

    def __call__(self, files: GuideFiles) -> dict[str, dict] | None:
        """Write the label map of a picture, if it is not there, and score it.

        Args:
            files: its parts.

        Returns:
            {rule: of `compare_labels`} of the rules to compare; None where there is nothing to
            compare with.

        Raises:
            InputError: a file cannot be read, or the rule oracle has no mask.

        Example:
            >>> # see the class
        """
        image = read_image(files.record.image, max_pixels=self.params.max_pixels)
        scored = self.scored and files.record.mask is not None
        if files.guide.is_file() and not scored:
            return None
        needs_mask = scored or self.params.rule == ORACLE
        truth = self._read_truth(files.record, image) if needs_mask else None
        if not files.guide.is_file():
            labels = self._label(files, image, self.params.rule, truth)
            write_label_png(labels, files.guide)
        if not scored:
            return None
        return {rule: self._score(files, image, rule, truth) for rule in self._list_rules()}

    def _list_rules(self) -> tuple[str, ...]:
        return RULES if self.params.compare_rules else (self.params.rule,)

    def _score(self, files, image, rule, truth) -> dict:
        if rule == self.params.rule:
            labels = read_labels(files.guide, max_pixels=self.params.max_pixels)
        else:
            labels = self._label(files, image, rule, truth)
        return compare_labels(truth, labels, len(files.record.class_names))

    def _label(self, files, image, rule, truth) -> np.ndarray:
        if rule == ORACLE:
            saliency = oracle_saliency(truth)
        else:
            saliency = read_saliency(files.saliency, max_pixels=self.params.max_pixels)
        heat, classes = self.heat_maps.read(files.name, image.shape[:2])
        settings = make_settings(self.params)
        return guide_labels(
            image,
            saliency,
            heat,
            classes,
            settings=replace(settings, rule="G2" if rule == ORACLE else rule),
            crf=partial(dense_crf, **crf_options(self.params), num_threads=1),
            seed=(self.seed, files.number),
        )

    def _read_truth(self, record: TagRecord, image: np.ndarray) -> np.ndarray:
        if record.mask is None:
            raise InputError(
                f"`rule` oracle needs a mask of every picture. Received {record.image} without; "
                "choose another rule, or `masks`."
            )
        return read_label_map(record, image.shape[:2], max_pixels=self.params.max_pixels)


def make_settings(params: GuidedSegmentationParams) -> GuideSettings:
    """Take the settings of the guide labels out of a run's parameters.

    Args:
        params: resolved parameters.

    Returns:
        The settings; those of G2 for the rule oracle.

    Example:
        >>> # see `GuideJob`
    """
    return GuideSettings(
        rule="G2" if params.rule == ORACLE else params.rule,
        seed_threshold=params.seed_threshold,
        saliency_threshold=params.saliency_threshold,
        saliency_floor=params.saliency_floor,
        min_salient_area=params.min_salient_area,
        min_seed_area=params.min_seed_area,
        unlabelled=params.unlabelled,
        unary=params.unary,
    )


def crf_options(params: GuidedSegmentationParams) -> dict:
    """Take the dense CRF's arguments out of a run's parameters.

    Args:
        params: resolved parameters.

    Returns:
        Arguments of `ops.dense_crf.dense_crf`.

    Example:
        >>> # see `GuideJob`
    """
    return {
        "bilateral": params.crf_bilateral,
        "gaussian": params.crf_gaussian,
        "iterations": params.crf_iterations,
    }
