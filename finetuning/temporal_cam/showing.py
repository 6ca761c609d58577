"""Shows what a decoder learnt from and what it found: sheets, tables of CorLoc, videos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.schema import TemporalCamParams
from datasets.cam_store import CamStore
from datasets.images import read_image
from datasets.records import ShotRecord
from datasets.shot_views import enlarge_map
from finetuning.temporal_cam.seeding import SeedRules
from finetuning.temporal_cam.seeing import Seeing
from ops.opencv import cv2
from ops.seed_sampling import sample_seeds
from ops.seeds import region_of_interest
from ops.temporal_cams import temporal_max
from reporting.mask_figures import draw_sheet, overlay_saliency
from reporting.videos import FrameResult, annotate_frame, overlay_heat, write_video
from training.video_classifier.cam_stage import read_shot_cams
from training.video_classifier.shot_tables import draw_corloc_tables
from training.video_classifier.summary import Localization

_TRAINING_TITLES = ("frame", "its map", "joined maps", "region and seeds", "prediction")
_SEED_COLOURS = {0: (0, 114, 178), 1: (213, 94, 0)}  # background blue, object orange
_SEED_SHARE = 32  # a seed is drawn as this part of the frame's longer side


def draw_training(
    folder: Path,
    seeing: Seeing,
    shots: Sequence[ShotRecord],
    store: CamStore,
    *,
    params: TemporalCamParams,
    seed: int,
) -> None:
    """Draw training frames on one sheet: maps, joined maps, seeds of one draw, the prediction.

    Args:
        folder: the figure goes there; it is made.
        seeing: what looks at frames.
        shots: the training shots.
        store: their maps.
        params: resolved parameters.
        seed: draws the frames and the seeds.

    Raises:
        InputError: a frame cannot be read any more.
        OSError: the figure cannot be written.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    rows = []
    for place, number in _draw_frames(shots, params.num_pictures, seed):
        shot, one = shots[place], shots[place].take([number])
        image = read_image(shot.frames[number], max_pixels=params.max_pixels)
        shown = _show_seeds(image, read_shot_cams(store, shot), number, params, seed)
        maps, _ = seeing.decode(one)
        name = f"{shot.class_name}: {one.frames[0].name}"
        rows.append((name, [image, *shown, overlay_heat(image, maps[0])]))
    if rows:
        draw_sheet(rows, _TRAINING_TITLES, folder / "seeds_sheet.png")


def draw_scored(
    folder: Path,
    seeing: Seeing,
    shots: Sequence[ShotRecord],
    tracks: Sequence[Sequence[FrameResult]],
    found: Mapping[str, Localization],
    *,
    params: TemporalCamParams,
    seed: int,
) -> None:
    """Draw scored frames with the classifier's maps and the decoder's, and tables of CorLoc.

    Args:
        folder: the figures go there; it is made.
        seeing: what looks at frames.
        shots: those scored.
        tracks: the results of their frames.
        found: {method: how right its boxes are}; {} where no frame has a true box.
        params: resolved parameters.
        seed: draws the frames.

    Raises:
        InputError: a frame cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    rows = []
    for place, number in _draw_frames(shots, params.num_pictures, seed):
        one, result = shots[place].take([number]), tracks[place][number]
        image = read_image(one.frames[0], max_pixels=params.max_pixels)
        maps, _ = seeing.decode(one)
        cams = [overlay_heat(image, draw(one)[0]) for draw in seeing.draw.values()]
        rows.append((one.frames[0].name, [*cams, annotate_frame(image, result, cam=maps[0])]))
    if rows:
        titles = (*seeing.draw, "prediction and truth")
        draw_sheet(rows, titles, folder / "frames_sheet.png")
    if found:
        draw_corloc_tables(folder, found)


def draw_videos(
    folder: Path,
    seeing: Seeing,
    shots: Sequence[ShotRecord],
    tracks: Sequence[Sequence[FrameResult]],
    *,
    params: TemporalCamParams,
    seed: int,
) -> None:
    """Write annotated videos of some shots: the map, its box, the true ones.

    Args:
        folder: the videos go there; it is made where one is wanted.
        seeing: what looks at frames.
        shots: those scored.
        tracks: the results of their frames.
        params: resolved parameters.
        seed: draws the shots.

    Raises:
        InputError: a frame cannot be read any more.
        OSError: a video cannot be written.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    order = np.random.default_rng(seed).permutation(len(shots)).tolist()
    for place in sorted(order[: params.num_videos]):
        name = re.sub(r"[^\w.-]+", "_", shots[place].name).strip("_.") or "shot"
        frames = _annotate(shots[place], tracks[place], seeing, params.max_pixels)
        write_video(frames, folder / f"{place:03d}_{name}.mp4")


def _annotate(
    shot: ShotRecord, track: Sequence[FrameResult], seeing: Seeing, max_pixels: int
) -> Iterator[np.ndarray]:
    """Yield the frames of a shot, all of the first one's size."""
    size = None
    for number, result in enumerate(track):
        image = read_image(shot.frames[number], max_pixels=max_pixels)
        maps, _ = seeing.decode(shot.take([number]))
        size = size or image.shape[:2]
        if image.shape[:2] != size:
            image, result = _resize(image, result, size)
        yield annotate_frame(image, result, cam=maps[0])


def _resize(image: np.ndarray, result: FrameResult, size: tuple[int, int]):
    """Bring a frame of an odd size, and its boxes, to the size of the others."""
    scale = np.tile(np.divide(size, image.shape[:2])[::-1], 2)
    box, truth = (None if each is None else each * scale for each in (result.box, result.truth))
    return cv2.resize(image, size[::-1]), replace(result, box=box, truth=truth)


def _draw_frames(shots: Sequence[ShotRecord], most: int, seed: int) -> list[tuple[int, int]]:
    """Return (place of a shot, place of a frame) of random frames, of annotated ones first."""
    generator = np.random.default_rng(seed)
    drawn = []
    for place in generator.permutation(len(shots)).tolist() * (1 + most // max(1, len(shots))):
        frames = shots[place].annotated or range(len(shots[place].frames))
        drawn.append((place, int(generator.choice(frames))))
    return sorted(set(drawn[:most]))


def _show_seeds(
    image: np.ndarray, cams: np.ndarray, number: int, params: TemporalCamParams, seed: int
) -> list[np.ndarray]:
    """Return the frame with its map, the joined maps, and the region with seeds of one draw."""
    rules = SeedRules.of(params)
    joining = {"n": rules.temporal.n, "mode": rules.temporal.mode, "heat": rules.temporal.heat}
    joined = temporal_max(cams, number, **joining)
    cam, roi = enlarge_map(joined, max(image.shape[:2])), None
    if rules.roi != "none":
        roi = region_of_interest(cam, method=rules.roi, min_size=rules.roi_min_size)
    labels = sample_seeds(cam, roi, settings=rules.seeds, seed=[seed, number])
    height, width = image.shape[:2]
    region = np.zeros((height, width), np.float32)
    if roi is not None:
        region = cv2.resize(np.float32(roi), (width, height), interpolation=cv2.INTER_NEAREST)
    shown = overlay_saliency(image, region)
    reach = max(1, max(height, width) // _SEED_SHARE)
    for label, colour in _SEED_COLOURS.items():
        for row, column in np.argwhere(_find_centres(labels == label)):
            y, x = row * height // len(labels), column * width // len(labels)
            shown[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach] = colour
    return [overlay_heat(image, cams[number]), overlay_heat(image, np.clip(joined, 0, 1)), shown]


def _find_centres(mask: np.ndarray) -> np.ndarray:
    """Return (H, W) bool with one pixel of each 8-connected part."""
    _, _, _, centres = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    found = np.zeros(mask.shape, bool)
    for column, row in np.int64(centres[1:]):
        found[row, column] = True
    return found
