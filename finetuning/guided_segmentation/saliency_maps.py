"""The second stage: a saliency map of every picture, without a network or with a trained one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from config.errors import InputError
from config.files import atomic_file
from datasets.images import read_image, read_labels
from datasets.job_pool import run_pool, run_threads
from ops.grabcut import refine_with_grabcut
from ops.saliency import robust_background_saliency

LEVELS = 255  # of a saliency map's PNG


def write_saliency_maps(
    images: Sequence[Path],
    targets: Sequence[Path],
    *,
    model: Callable[[np.ndarray], np.ndarray] | None,
    grabcut: bool,
    floor: float = 0.0,
    max_pixels: int,
    workers: int,
) -> None:
    """Write the saliency maps that are not there yet.

    Args:
        images: picture files.
        targets: PNG of each; folders are made.
        model: (H, W, 3) uint8 -> (H, W) saliency in [0, 1]; None for robust background detection.
        grabcut: whether GrabCut cuts the object of each map out.
        floor: a map that stays below it holds no object for GrabCut and is left empty; what
            GrabCut returns no longer tells.
        max_pixels: larger pictures are refused.
        workers: processes, or threads beside a model.

    Raises:
        InputError: a picture cannot be read, or a map is NaN.
        OSError: a map cannot be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (8, 6)).save(folder / "a.png")
        >>> write_saliency_maps([folder / "a.png"], [folder / "s" / "a.png"], model=None,
        ...                     grabcut=True, max_pixels=100, workers=1)
        >>> read_saliency(folder / "s" / "a.png").max()
        np.float32(0.0)
    """
    missing = [pair for pair in zip(images, targets, strict=True) if not pair[1].is_file()]
    if not missing:
        return
    cut = partial(_cut_object, floor=floor) if grabcut else None
    if model is None:
        job = partial(_write_detected, cut=cut, max_pixels=max_pixels)
        run_pool(job, *zip(*missing, strict=True), workers=workers, label="saliency", chunk=2)
        return
    answers = _run_model(missing, model, max_pixels)
    done = run_threads(partial(_write_answer, cut=cut), answers, workers=workers)
    for _ in tqdm(done, "saliency", len(missing), unit=" pictures", delay=2, disable=None):
        pass


def read_saliency(path: Path, *, max_pixels: int = 100_000_000) -> np.ndarray:
    """Read a saliency map.

    Args:
        path: PNG that `write_saliency_maps` wrote.
        max_pixels: larger maps are refused.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        InputError: the file cannot be read.

    Example:
        >>> # see `write_saliency_maps`
    """
    return read_labels(path, max_pixels=max_pixels).astype(np.float32) / LEVELS


def _cut_object(pixels: np.ndarray, saliency: np.ndarray, *, floor: float) -> np.ndarray:
    if saliency.max() < floor:
        return np.zeros_like(saliency)
    return refine_with_grabcut(pixels, saliency)


def _write_detected(image: Path, target: Path, *, cut: Callable | None, max_pixels: int) -> None:
    pixels = read_image(image, max_pixels=max_pixels)
    saliency = robust_background_saliency(pixels)
    _write(cut(pixels, saliency) if cut else saliency, target)


def _run_model(missing, model, max_pixels) -> Iterator[tuple]:
    for image, target in missing:
        pixels = read_image(image, max_pixels=max_pixels)
        saliency = np.asarray(model(pixels))
        if not np.isfinite(saliency).all():
            raise InputError(
                f"{image}: the saliency model's map is not finite; choose another "
                "`saliency_model`, or train it anew with a lower `learning_rate`."
            )
        yield pixels, saliency, target


def _write_answer(answer: tuple, *, cut: Callable | None) -> None:
    pixels, saliency, target = answer
    _write(cut(pixels, saliency) if cut else saliency, target)


def _write(saliency: np.ndarray, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    levels = np.rint(np.clip(saliency, 0, 1) * LEVELS).astype(np.uint8)
    with atomic_file(target) as temporary:
        Image.fromarray(levels).save(temporary, "PNG")
