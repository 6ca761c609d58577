"""The stage between a classifier of shots and what learns from it: maps of all frames, on disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.cam_store import CamStore
from datasets.json_files import read_json
from datasets.records import ShotRecord
from reporting.model_files import load_keras_model
from reporting.tag_settings import TAGS_FILE
from training.continued_runs import LOCALIZING_FILE
from training.run_folders import read_run
from training.stage_folders import StageFolder, describe_changes, digest_file, read_told
from training.video_classifier.frame_runs import ShotCamSettings, make_shot_drawer

CAMS = "cams"  # the stage's folder in a run
_COMMAND = "python -m training.video_classifier.store_cams --model"
_LEARNING_COMMAND = "python finetune_wrapper.py --experiment finetuning/temporal_cam"
_logger = logging.getLogger(__name__)


def write_shot_cams(
    run: Path,
    shots: Sequence[ShotRecord],
    folder: Path,
    *,
    settings: ShotCamSettings,
    batch_size: int,
    max_pixels: int,
    earlier: Iterable[Path] = (),
) -> CamStore:
    """Draw the maps of all frames of shots and keep them: one file a shot, (T, h, w) float16.

    What is there, of the same classifier, settings and frames, stays, so that a command that was
    stopped goes on at the shot where it was. Maps of another classifier or setting are removed.

    Args:
        run: of `training/video_classifier`; its `best_localization.keras` draws.
        shots: whose maps are wanted; each for the shot's own tag.
        folder: where they go, such as `cams/` of a run.
        settings: how they are drawn, see `read_cam_settings`.
        batch_size: frames at once.
        max_pixels: larger frames are refused before decoding.
        earlier: folders of the same stage in other runs, the newest first, whose maps are taken
            over where they are complete and the same.

    Returns:
        The store: keys are the names of the shots.

    Raises:
        InputError: the run has no such model, the method cannot be had, a frame cannot be read or
            a map is not finite.
        OSError: the disk is full.

    Example:
        >>> # see `training.video_classifier.store_cams`
    """
    identity = describe_cams(run, settings)
    stage = StageFolder(folder, {"stage": CAMS, **identity})
    stage.open(earlier)
    store = CamStore(stage.folder, identity, rebuild=True)
    missing = [shot for shot in shots if not _holds(store, shot)]
    if len(missing) < len(shots):
        _logger.info("%s: maps of %d shots are there", folder, len(shots) - len(missing))
    if missing:
        model = load_keras_model(run / LOCALIZING_FILE)
        options = {"batch_size": batch_size, "max_pixels": max_pixels}
        draw = make_shot_drawer(model, settings, **options)
        num_frames = sum(len(shot.frames) for shot in missing)
        with tqdm(total=num_frames, desc="maps", unit=" frames", delay=2, disable=None) as bar:
            for shot in missing:
                _write_shot(store, shot, draw(shot))
                bar.update(len(shot.frames))
    num_frames = sum(len(shot.frames) for shot in shots)
    stage.finish({"num_shots": len(shots), "num_frames": num_frames})
    return store


def open_shot_cams(folder: Path, identity: Mapping[str, Any]) -> CamStore:
    """Open the maps that the stage left, and no others.

    Args:
        folder: as `write_shot_cams` was given it.
        identity: of `describe_cams`.

    Returns:
        The store; `read_shot_cams` reads it.

    Raises:
        InputError: there are no maps, the stage is not complete, or they are of another
            classifier or setting.

    Example:
        >>> open_shot_cams(Path("tests"), {})
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests must hold the activation maps of shots. It is absent or \
not complete; make them with `python -m training.video_classifier.store_cams --model .`.
    """
    if read_told(folder) is None:
        raise InputError(
            f"{folder} must hold the activation maps of shots. It is absent or not complete; make "
            f"them with `{_name_command(folder, identity)}`."
        )
    wanted = {"stage": CAMS, **identity}
    if StageFolder(folder, wanted).told is None:
        changes = describe_changes(read_json(folder / "stage.json").get("identity"), wanted)
        raise InputError(
            f"{folder} must hold maps of this classifier, drawn with these settings: {changes}. "
            f"Make them anew with `{_name_command(folder, identity)}`."
        )
    return CamStore(folder, identity)


def read_shot_cams(store: CamStore, shot: ShotRecord) -> np.ndarray:
    """Read the maps of a shot.

    Args:
        store: of `write_shot_cams` or `open_shot_cams`.
        shot: with all its frames.

    Returns:
        (T, h, w) float32 in [0, 1].

    Raises:
        InputError: there are none, or they are of another number of frames or another tag.

    Example:
        >>> # see `finetuning.temporal_cam`
    """
    try:
        maps, classes = store.read(shot.name)
    except InputError as error:
        raise InputError(
            f"{store.folder} must hold the maps of the shot {shot.name}; make them with "
            f"`{_name_command(store.folder, store.identity)}`. {error}"
        ) from error
    if classes != (shot.tag,) * len(shot.frames):
        raise InputError(
            f"{store.folder} must hold a map of {shot.class_name} for each of the "
            f"{len(shot.frames)} frames of the shot {shot.name}. It holds {len(classes)} maps of "
            f"tags {sorted(set(classes))}; make them anew with "
            f"`{_name_command(store.folder, store.identity)}`."
        )
    return maps.astype(np.float32)


def describe_cams(run: Path, settings: ShotCamSettings) -> dict[str, Any]:
    """Tell maps of one classifier and setting from others: the identity of their store.

    Args:
        run: of `training/video_classifier`.
        settings: how the maps are drawn.

    Returns:
        JSON-ready: `model`, `image_size`, `method`, `salient`.

    Raises:
        InputError: the run has no `best_localization.keras`.

    Example:
        >>> # see `write_shot_cams`
    """
    file = Path(run) / LOCALIZING_FILE
    if not file.is_file():
        raise InputError(
            f"{run}: must be a finished run of training/video_classifier, with {LOCALIZING_FILE}."
        )
    return {"model": digest_file(file), **asdict(settings)}


def read_cam_settings(
    run: Path, *, method: str | None = None, salient: bool = False
) -> ShotCamSettings:
    """Read how the maps of a classifier of shots are drawn.

    Args:
        run: of `training/video_classifier`.
        method: another method; None for that of the run.
        salient: multiply them by what stands out.

    Returns:
        The settings.

    Raises:
        InputError: the run has no sound `tags.json`.

    Example:
        >>> read_cam_settings(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/tags.json must tell how maps of shots are drawn. ...
    """
    path = Path(run) / TAGS_FILE
    stored = read_json(path) if path.is_file() else None
    try:
        return ShotCamSettings(
            image_size=int(stored["image_size"]),
            method=method or str(stored["cam_method"]),
            salient=salient,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} must tell how maps of shots are drawn. It is absent or damaged; score the run "
            "with `python -m training.video_classifier.eval`."
        ) from error


def _name_command(folder: Path, identity: Mapping[str, Any]) -> str:
    """Return the command that makes the maps of this folder, of a classifier's or another run."""
    if not (folder.parent / LOCALIZING_FILE).is_file() and (folder.parent / "args.json").is_file():
        return read_run(folder.parent)[0].get("command") or _LEARNING_COMMAND
    method = f" --method {identity['method']}" if "method" in identity else ""
    return f"{_COMMAND} {folder.parent}{method}{' --salient' if identity.get('salient') else ''}"


def _holds(store: CamStore, shot: ShotRecord) -> bool:
    classes = [shot.tag] * len(shot.frames)
    return store.holds(shot.name, classes, stamp=_describe_frames(shot))


def _write_shot(store: CamStore, shot: ShotRecord, maps: np.ndarray) -> None:
    constant = int((maps.reshape(len(maps), -1).max(axis=1) == 0).sum())
    if constant:
        _logger.warning("%s: %d of %d maps are constant", shot.name, constant, len(maps))
    classes = [shot.tag] * len(shot.frames)
    store.write(shot.name, maps, classes, stamp=_describe_frames(shot))


def _describe_frames(shot: ShotRecord) -> str:
    """Tell a state of a shot's files from others, without opening them."""
    stats = [(frame.name, frame.stat()) for frame in shot.frames]
    told = [f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
