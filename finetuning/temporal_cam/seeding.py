"""From joined activation maps to what a decoder learns from: seeds, boxes, shares, lattices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import tensorflow as tf

from config.errors import InputError
from config.schema import TemporalCamParams
from datasets.shot_cam_pipeline import Load
from ops.graph_lattices import list_bilateral_features, list_colour_features
from ops.graph_seeds import box_of_region, region_of_interest_in_graph, sample_seeds_in_graph
from ops.lattice_rows import LatticeRows, build_lattice_rows
from ops.seed_sampling import SeedSettings
from ops.temporal_cams import TemporalSettings

Sample = tuple[tf.Tensor, dict[str, tf.Tensor]]
LABELS, CRF, JOINT_CRF = "labels", "crf", "joint_crf"
REGION_BOX, REGION_SHARE = "region_box", "region_share"


@dataclass(frozen=True)
class SeedRules:
    """How seeds come about, checked and in the terms of the operations.

    Attributes:
        temporal: how the maps of neighbours are joined.
        seeds: how many seeds are drawn, and from where.
        roi: "none", or a method of `ops.seeds.region_of_interest`.
        roi_min_size: of that.
        side_frames: frames on either side that a record shows too.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> params = load_params(Path("config"), "finetuning/temporal_cam", ["num_neighbours=0"])
        >>> SeedRules.of(params).temporal.mode
        'instant'
    """

    temporal: TemporalSettings
    seeds: SeedSettings
    roi: str
    roi_min_size: float
    side_frames: int

    @classmethod
    def of(cls, params: TemporalCamParams) -> SeedRules:
        """Read the rules of a configuration.

        Args:
            params: resolved parameters.

        Returns:
            The rules.

        Raises:
            InputError: values do not go together.

        Example:
            >>> # see the class
        """
        if (params.joint_crf_weight > 0) != (params.side_frames > 0):
            raise InputError(
                "`side_frames` must be at least 1 with a `joint_crf_weight` above 0, and 0 "
                f"without. Received {params.side_frames} and {params.joint_crf_weight:g}."
            )
        try:
            temporal = TemporalSettings(
                n=params.num_neighbours,
                mode=params.neighbours if params.num_neighbours else "instant",
                heat=params.heat,
                heat_min=params.heat_min,
                uniform_from=params.uniform_from,
            )
            names = [field.name for field in fields(SeedSettings)]
            seeds = SeedSettings(**{name: getattr(params, name) for name in names})
        except ValueError as error:
            raise InputError(f"the seeds cannot be drawn so: {error}") from error
        return cls(temporal, seeds, params.roi, params.roi_min_size, params.side_frames)


def make_seed_loader(
    load_cams: Load, rules: SeedRules, params: TemporalCamParams, *, num_samples: int
) -> Callable[[tf.Tensor, tf.Tensor], Sample]:
    """Make the `load` of training samples out of that of frames with their maps.

    Args:
        load_cams: of `datasets.shot_cam_pipeline.make_cam_sample_loader`.
        rules: how seeds come about.
        params: resolved parameters.
        num_samples: of an epoch, by which the sample's number tells the epoch.

    Returns:
        (sample number, seed) -> images (M, S, S, 3) and what `make_targets` gives, M the frames of
        a record.

    Example:
        >>> # see `finetuning.temporal_cam.samples`
    """

    def load(number: tf.Tensor, seed: tf.Tensor) -> Sample:
        sample = load_cams(number, seed)
        images, cams = sample["image"], sample["cam"]
        if not rules.side_frames:
            images, cams = images[tf.newaxis], cams[tf.newaxis]
        uniform = None
        if rules.temporal.uniform_from >= 0:
            epoch = tf.cast(number, tf.int64) // num_samples
            uniform = epoch >= rules.temporal.uniform_from
            uniform |= rules.seeds.sampling == "uniform"
        return images, make_targets(cams[..., 0], seed, rules, params, uniform=uniform)

    return load


def make_targets(
    cams: tf.Tensor,
    seed: tf.Tensor,
    rules: SeedRules,
    params: TemporalCamParams,
    *,
    uniform: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """Make what the losses on a record need of its maps.

    Args:
        cams: (M, S, S) float32 in [0, 1]; M must be known.
        seed: (2,) integers, of the draw.
        rules: how seeds come about.
        params: resolved parameters; what has no weight is not made.
        uniform: bool scalar that takes the place of the rules' sampling; None for theirs.

    Returns:
        `labels` (M, S, S) int32, 1 object, 0 background, 255 ignored; and where they are weighed
        `region_box` (M, 4) xyxy pixels around the largest part of the region, all 0 for none, and
        `region_share` (M,), the mean over the frame of the map inside the region, -1 for none.

    Example:
        >>> # see `make_seed_loader`
    """
    targets = [_make_frame_targets(cams[i], seed, i, rules, params, uniform) for i in _count(cams)]
    return {name: tf.stack([each[name] for each in targets]) for name in targets[0]}


def add_lattices(
    images: tf.Tensor, params: TemporalCamParams, *, joint: bool = True
) -> dict[str, dict]:
    """Build the lattices of the CRF losses that are weighed, for a batch of records.

    Args:
        images: (B, M, S, S, 3) float32 in [0, 1].
        params: resolved parameters.
        joint: whether records are of several frames, for the joint CRF.

    Returns:
        `crf`, the rows (B, M, ...) of `ops.lattice_rows.LatticeRows` by their names; `joint_crf`,
        those (B, ...) over all frames of a record.

    Example:
        >>> # see `finetuning.temporal_cam.samples`
    """
    num_frames, size = images.shape[1:3]
    flat = tf.reshape(images, (-1, size, size, 3))
    alike = {"colour": params.crf_colour, "scale": params.crf_scale}
    lattices = {}
    if params.crf_weight:
        features = list_bilateral_features(flat, position=params.crf_position, **alike)
        rows = build_lattice_rows(features)._asdict()
        lattices[CRF] = {name: _split(each, num_frames) for name, each in rows.items()}
    if params.joint_crf_weight and joint:
        features = list_colour_features(flat, **alike)
        features = tf.reshape(features, (-1, num_frames * features.shape[1], 3))
        lattices[JOINT_CRF] = build_lattice_rows(features)._asdict()
    return lattices


def join_frames(rows: dict[str, tf.Tensor]) -> LatticeRows:
    """Undo the split into records: a row for each frame again.

    Args:
        rows: (B, M, ...) of `add_lattices`.

    Returns:
        The rows (B * M, ...).

    Example:
        >>> # see `finetuning.temporal_cam.objective`
    """
    flat = {}
    for name, each in rows.items():
        shape = tf.concat([[-1], tf.shape(each)[2:]], axis=0)
        flat[name] = tf.ensure_shape(tf.reshape(each, shape), (None, *each.shape[2:]))
    return LatticeRows(**flat)


def _make_frame_targets(cam, seed, place, rules, params, uniform):
    roi = None
    if rules.roi != "none":
        roi = region_of_interest_in_graph(cam, method=rules.roi, min_size=rules.roi_min_size)
    own_seed = tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int32), place)
    labels = sample_seeds_in_graph(cam, roi, settings=rules.seeds, seed=own_seed, uniform=uniform)
    targets = {LABELS: labels}
    if params.empty_outside_weight:
        targets[REGION_BOX] = box_of_region(region_of_interest_in_graph(cam, method="largest"))
    if params.temporal_size_weight:
        region = region_of_interest_in_graph(cam) if roi is None else roi
        share = tf.reduce_mean(tf.where(region, cam, 0.0))
        targets[REGION_SHARE] = tf.where(tf.reduce_any(region), share, -1.0)
    return targets


def _count(cams):
    return range(cams.shape[0])


def _split(rows, num_frames):
    """Return (B, M, ...) of (B * M, ...)."""
    shape = tf.concat([[-1, num_frames], tf.shape(rows)[1:]], axis=0)
    return tf.ensure_shape(tf.reshape(rows, shape), (None, num_frames, *rows.shape[1:]))
