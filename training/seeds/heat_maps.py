"""Computes the activation maps of pictures with the seeder of a run, and keeps them on disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from config.errors import InputError
from datasets.cam_store import CamStore
from datasets.json_files import read_json
from datasets.records import TagRecord
from datasets.tag_pipeline import TagPictures
from models.seeder import find_tag_names
from ops.squares import unfit_square
from reporting.predictors import trace_pictures
from reporting.tag_settings import TAGS_FILE
from training.continued_runs import SEEDS_FILE
from training.seeds.pictures import describe_picture
from training.seeds.tag_names import find_columns
from training.stage_folders import digest_file, name_picture

_COARSEST = 16  # pixels between the cells of any variant's maps, or a multiple of that
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MapSettings:
    """How the maps of a picture are computed.

    Attributes:
        image_size: side of the square that the network sees, S, pixels.
        scales: factors of it; maps of several are averaged, on the finest one's cells.
        flip: average with the maps of the mirrored picture.

    Example:
        >>> MapSettings(image_size=321, scales=(0.5, 1.0)).sides
        (161, 321)
    """

    image_size: int
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides of the squares, multiples of 16 plus 1 but for the network's own."""
        sides = []
        for scale in self.scales:
            cells = max(1, round((self.image_size - 1) * scale / _COARSEST))
            sides.append(self.image_size if scale == 1 else cells * _COARSEST + 1)
        return tuple(sorted(set(sides)))


@dataclass(frozen=True, eq=False)
class FoundMaps:
    """What a seeder says of one picture.

    Attributes:
        record: the picture.
        size: (height, width) of it, pixels.
        scores: (K,) float32 logits of all tags, in the order of the record's `class_names`.
        maps: (C, h, w) float32, one per tag of the record, over the whole square.

    Example:
        >>> # see `find_heat_maps`
    """

    record: TagRecord
    size: tuple[int, int]
    scores: np.ndarray
    maps: np.ndarray


def find_heat_maps(
    seeder: keras.Model,
    records: Sequence[TagRecord],
    settings: MapSettings,
    *,
    batch_size: int,
    max_pixels: int,
) -> Iterator[FoundMaps]:
    """Compute scores of all tags and maps of the present ones, behind a progress bar.

    Tags are found by name: those of the records may be some of the seeder's, in another order.

    Args:
        seeder: what `models.seeder.build_seeder` returned, as loaded from its file; of a model
            that does not name its tags, they are those of the records.
        records: pictures with their tags; one without tags has no maps.
        settings: how.
        batch_size: pictures at once.
        max_pixels: larger pictures are refused before decoding.

    Yields:
        One per record, in order.

    Raises:
        InputError: the seeder lacks a tag, a picture cannot be read, or a score is NaN.

    Example:
        >>> # see `write_heat_maps`
    """
    call = trace_pictures(lambda images: seeder(tf.cast(images, tf.float32) / 255, training=False))
    columns = _match_tags(seeder, records)
    sources = [TagPictures(records, side, max_pixels=max_pixels) for side in settings.sides]
    with tqdm(total=len(records), desc="heat maps", delay=2, disable=None) as bar:
        for start in range(0, len(records), batch_size):
            numbers = range(start, min(start + batch_size, len(records)))
            scores, maps = _look(call, sources, numbers, settings.flip)
            for number, each, cams in zip(numbers, scores, maps, strict=True):
                record = records[number]
                if not (np.isfinite(each).all() and np.isfinite(cams).all()):
                    raise InputError(
                        f"{record.image}: the network's scores are {each.tolist()}; train anew "
                        "with a lower `learning_rate`."
                    )
                present = columns[np.array(record.tags, int) - 1]
                size = sources[0].images.file_sizes[number]
                maps_of_tags = np.moveaxis(cams[..., present], -1, 0)
                yield FoundMaps(record, size, each[columns], maps_of_tags)
            bar.update(len(numbers))


def write_heat_maps(
    seeder: keras.Model,
    records: Sequence[TagRecord],
    store: CamStore,
    *,
    settings: MapSettings,
    data_dir: Path,
    batch_size: int,
    max_pixels: int,
) -> int:
    """Keep the maps of pictures in a store; those that are there and unchanged stay.

    Keys are `training.stage_folders.name_picture` of the pictures.

    Args:
        seeder: the run's.
        records: pictures with their tags.
        store: opened with `describe_maps` as its identity.
        settings: how maps are computed.
        data_dir: the data folder.
        batch_size: pictures at once.
        max_pixels: larger pictures are refused before decoding.

    Returns:
        Number of pictures whose maps were computed now.

    Raises:
        InputError: the seeder lacks a tag, a picture cannot be read, or a score is NaN.
        OSError: the disk is full.

    Example:
        >>> # see `finetuning.guided_segmentation`
    """
    # With the names: ids of the same numbers may be of other classes.
    stamps = {
        record.image: " ".join([describe_picture(record.image), *record.names])
        for record in records
    }
    keys = {record.image: name_picture(record.image, data_dir) for record in records}
    missing = [
        record
        for record in records
        if not store.holds(keys[record.image], record.tags, stamp=stamps[record.image])
    ]
    if len(missing) < len(records):
        logger.info("%d of %d heat maps are there", len(records) - len(missing), len(records))
    options = {"batch_size": batch_size, "max_pixels": max_pixels}
    for found in find_heat_maps(seeder, missing, settings, **options):
        image = found.record.image
        store.write(keys[image], found.maps, found.record.tags, stamp=stamps[image])
    return len(missing)


def enlarge_maps(maps: np.ndarray, size: tuple[int, int], image_size: int) -> np.ndarray:
    """Bring maps of a square to the size of their picture.

    Args:
        maps: (C, h, w) over the square, of any number type; C may be 0.
        size: (H, W) of the picture, pixels.
        image_size: side of the square, S, of `MapSettings`.

    Returns:
        (C, H, W) float32.

    Raises:
        ValueError: the maps are empty or have other axes.

    Example:
        >>> enlarge_maps(np.ones((2, 3, 3), np.float16), (4, 8), 33).shape
        (2, 4, 8)
    """
    spread = unfit_square(np.moveaxis(np.asarray(maps, np.float32), 0, -1), size, image_size)
    return np.ascontiguousarray(np.moveaxis(spread, -1, 0))


def describe_maps(run: Path, settings: MapSettings) -> dict[str, Any]:
    """Tell maps of one model and setting from others: the identity of their `CamStore`.

    Args:
        run: a seeds run.
        settings: how its maps are computed.

    Returns:
        JSON-ready.

    Raises:
        OSError: the run has no `seeds.keras`.

    Example:
        >>> # see `finetuning.guided_segmentation`
    """
    return {"model": digest_file(run / SEEDS_FILE), **asdict(settings)}


def read_map_settings(run: Path) -> tuple[MapSettings, float]:
    """Read how the maps of a run are computed and from which heat on they are seeds.

    Args:
        run: a seeds run.

    Returns:
        (settings, threshold: share of a class's own maximum).

    Raises:
        InputError: the run has no sound `tags.json`.

    Example:
        >>> read_map_settings(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/tags.json must tell how maps of tags are computed. ...
    """
    path = run / TAGS_FILE
    stored = read_json(path) if path.is_file() else None
    try:
        settings = MapSettings(
            image_size=int(stored["image_size"]),
            scales=tuple(float(scale) for scale in stored["cam_scales"]),
            flip=bool(stored["cam_flip"]),
        )
        return settings, float(stored["seed_threshold"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} must tell how maps of tags are computed. It is absent or damaged; score the "
            "run with `python -m training.seeds.eval`."
        ) from error


def _match_tags(seeder: keras.Model, records: Sequence[TagRecord]) -> np.ndarray:
    """Return (K,) the seeder's column of each of the records' classes."""
    wanted = records[0].class_names if records else ()
    known = find_tag_names(seeder) or wanted
    return np.array(find_columns(known, wanted), int)


def _look(call: Callable, sources: Sequence[TagPictures], numbers: range, flip: bool):
    """Return (B, K) scores and (B, h, w, K) maps, means over sizes and mirrored pictures."""
    scores, maps = [], []
    for source in sources:
        images = np.stack([source.read(number) for number in numbers])
        for mirrored in (False, True)[: 1 + flip]:
            found = call(images[:, :, ::-1] if mirrored else images)
            scores.append(found["scores"])
            maps.append(found["cams"][:, :, ::-1] if mirrored else found["cams"])
    finest = maps[-1].shape[1]  # the sizes rise
    return np.mean(scores, axis=0), np.mean([_spread(each, finest) for each in maps], axis=0)


def _spread(maps: np.ndarray, cells: int) -> np.ndarray:
    """Return (B, cells, cells, K): (B, h, h, K) maps on a finer grid with the same corners."""
    if maps.shape[1] == cells:
        return maps
    return np.stack([unfit_square(each, (cells, cells), cells) for each in maps])
