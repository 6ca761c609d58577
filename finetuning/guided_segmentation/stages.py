"""From pictures to guide labels: heat maps, saliency, labels, each stage done once."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from config.schema import GuidedSegmentationParams
from datasets.cam_store import CamStore, name_maps
from datasets.job_pool import run_pool
from datasets.records import TagRecord
from finetuning.guided_segmentation.guide_scores import sum_scores
from finetuning.guided_segmentation.guides import (
    GuideFiles,
    GuideJob,
    HeatMaps,
    crf_options,
    make_settings,
)
from finetuning.guided_segmentation.saliency_maps import write_saliency_maps
from reporting.model_files import load_keras_model
from training.data_identity import DataIdentity
from training.distribution import run_without_strategy
from training.run_folders import list_runs
from training.seeds.heat_maps import (
    MapSettings,
    describe_maps,
    read_map_settings,
    write_heat_maps,
)
from training.stage_folders import StageFolder, digest_file, name_picture, read_told
from training.workers import is_chief, wait_for_workers

HEAT_MAPS, SALIENCY, GUIDES = "heat_maps", "saliency", "guides"
GUIDES_VERSION = 3  # of what guides are scored by: those of another one are made anew
MASK_FIELDS = ("mask", "mask_values", "mask_classes", "class_names")  # what a mask means
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chain:
    """What the stages of one run share.

    Attributes:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder, in which each stage has its own.
        records: the pictures: those to learn from, then those to validate on.
        num_training: how many of them are the former.
        class_names: the names of classes 1 to K.

    Example:
        >>> # see `make_guides`
    """

    args: argparse.Namespace
    params: GuidedSegmentationParams
    run: Path
    records: Sequence[TagRecord]
    num_training: int
    class_names: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The name of each picture's files."""
        return [name_picture(record.image, Path(self.args.data_dir)) for record in self.records]

    def list_files(self, stage: str) -> list[Path]:
        """Name the file that a stage writes of each picture.

        Args:
            stage: the name of its folder.

        Returns:
            A path per record, of a PNG but for heat maps.

        Example:
            >>> # see `make_guides`
        """
        return [self.run / stage / name for name in self._name_files(stage)]

    def open_stage(self, stage: str, identity: Mapping[str, Any]) -> StageFolder:
        """Open a stage's folder, or say that there is nothing to do.

        Args:
            stage: the name of its folder.
            identity: what its files depend on.

        Returns:
            The folder; its `told` is None where the stage has to be run, or lost a file.

        Raises:
            OSError: it cannot be made.

        Example:
            >>> # see `make_guides`
        """
        files = self._name_files(stage)
        folder = StageFolder(self.run / stage, {"stage": stage, **identity}, files)
        runs = list_runs(Path(self.args.experiment_dir), self.args.experiment)
        others = sorted((run for run in runs if run != self.run), key=_run_name, reverse=True)
        folder.open(run / stage for run in others)
        if folder.told is not None:
            _logger.info("%s: complete and unchanged, not repeated", folder.folder)
        return folder

    def digest_pictures(self, *fields: str) -> str:
        """Digest the pictures and some fields of their records.

        A file's name, size and time of change stand for its content.

        Args:
            fields: names of fields.

        Returns:
            16 hexadecimal digits.

        Example:
            >>> # see `make_guides`
        """
        parts = [tuple(getattr(each, name) for name in ("image", *fields)) for each in self.records]
        return DataIdentity({"pictures": parts}, Path(self.args.data_dir)).digest_part("pictures")

    def _name_files(self, stage: str) -> list[str]:
        if stage == HEAT_MAPS:
            return [name_maps(name) for name in self.names]
        return [f"{name}.png" for name in self.names]


def make_guides(chain: Chain, seeds: Path) -> list[Path]:
    """Write heat maps, saliency and guide labels, as far as they are not there.

    Of several workers only the chief does anything.

    Args:
        chain: the run.
        seeds: `seeds.keras` of the run that is continued.

    Returns:
        The guide label map of each record.

    Raises:
        InputError: a picture, a model or a mask cannot be used.
        OSError: a file cannot be written.

    Example:
        >>> # see `finetuning.guided_segmentation.train`
    """
    if is_chief():
        run_without_strategy(lambda: _run_stages(chain, seeds))
    wait_for_workers()
    return chain.list_files(GUIDES)


def open_heat_maps(run: Path) -> HeatMaps:
    """Open the heat maps of a run whose first stage is complete.

    Args:
        run: run folder.

    Returns:
        The maps.

    Raises:
        InputError: the stage is absent or not complete.

    Example:
        >>> open_heat_maps(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/heat_maps must hold the heat maps of a run. ...
    """
    told = read_told(run / HEAT_MAPS)
    if not told or not {"identity", "square"} <= set(told):
        raise InputError(
            f"{run / HEAT_MAPS} must hold the heat maps of a run. It is absent or not complete; "
            "start the run's command line again."
        )
    return HeatMaps(run / HEAT_MAPS, told["identity"], told["square"])


def _run_stages(chain: Chain, seeds: Path) -> None:
    params = chain.params
    settings, _ = read_map_settings(seeds.parent)
    maps = describe_maps(seeds.parent, settings)
    heat = {**maps, "pictures": chain.digest_pictures("tags")}
    stage = chain.open_stage(HEAT_MAPS, heat)
    if stage.told is None:
        _write_heat(chain, seeds, CamStore(stage.folder, maps, rebuild=True), settings)
        stage.finish({"identity": maps, "square": settings.image_size})
    model = params.saliency_model and digest_file(Path(params.saliency_model))
    saliency = {"model": model, "grabcut": params.grabcut, "pictures": chain.digest_pictures()}
    stage = chain.open_stage(SALIENCY, saliency)
    if stage.told is None:
        _write_saliency(chain)
        stage.finish({"num_pictures": len(chain.records)})
    guides = {
        "version": GUIDES_VERSION,
        "heat_maps": heat,
        "saliency": saliency,
        "rule": params.rule,
        "settings": make_settings(params),
        "crf": crf_options(params),
        "compare_rules": params.compare_rules,
        "seed": chain.args.seed,
        "masks": chain.digest_pictures(*MASK_FIELDS),
        "num_training": chain.num_training,
    }
    stage = chain.open_stage(GUIDES, guides)
    if stage.told is None:
        stage.finish(sum_scores(_write_guides(chain)))


def _write_heat(chain: Chain, seeds: Path, store: CamStore, settings: MapSettings) -> None:
    write_heat_maps(
        load_keras_model(seeds),
        chain.records,
        store,
        settings=settings,
        data_dir=Path(chain.args.data_dir),
        batch_size=chain.params.batch_size,
        max_pixels=chain.params.max_pixels,
    )


def _write_saliency(chain: Chain) -> None:
    call = None
    if chain.params.saliency_model:
        model = load_keras_model(Path(chain.params.saliency_model))

        def call(image):
            return model.predict_on_batch(image[np.newaxis])["saliency"][0]

    write_saliency_maps(
        [record.image for record in chain.records],
        chain.list_files(SALIENCY),
        model=call,
        grabcut=chain.params.grabcut,
        max_pixels=chain.params.max_pixels,
        workers=chain.args.workers,
    )


def _write_guides(chain: Chain) -> list[dict | None]:
    """Write the guide labels of all pictures; return the scores of the training pictures."""
    parts = zip(
        chain.records,
        range(len(chain.records)),
        chain.names,
        chain.list_files(SALIENCY),
        chain.list_files(GUIDES),
        strict=True,
    )
    files = [GuideFiles(*each) for each in parts]
    heat_maps = open_heat_maps(chain.run)
    job = GuideJob(chain.params, heat_maps, chain.args.seed, True)
    learnt, held_out = files[: chain.num_training], files[chain.num_training :]
    options = {"workers": chain.args.workers, "chunk": 2}
    scores = run_pool(job, learnt, label="guide labels", **options)
    job = GuideJob(chain.params, heat_maps, chain.args.seed, False)
    run_pool(job, held_out, label="validation labels", **options)
    return scores


def _run_name(run: Path) -> str:
    return run.name
