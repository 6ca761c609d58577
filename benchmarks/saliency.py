"""Score the saliency that needs no network against masks, and time it.

`python -m benchmarks.saliency --images FOLDER --masks FOLDER` pairs pictures and masks by name,
cuts each map at half of its maximum, and prints the mean IoU and the milliseconds per picture of
robust background detection (RBD) alone and refined by GrabCut. In a mask all but 0 is object. The
processor's time tells the cost also where other work slows the clock.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.images import read_image, read_labels
from datasets.paths import index_pictures
from ops.cores import count_cores
from ops.grabcut import refine_with_grabcut
from ops.opencv import cv2
from ops.saliency import robust_background_saliency
from ops.salient_components import salient_mask

METHODS = ("RBD", "RBD + GrabCut")


def pair_masks(images: Path, masks: Path) -> list[tuple[Path, Path]]:
    """Pair the pictures of one folder with the masks of another by their names without suffix.

    Args:
        images: folder of pictures.
        masks: folder of masks; more or fewer than there are pictures.

    Returns:
        (picture, mask) paths in the order of names.

    Raises:
        InputError: no name is in both folders.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("a.jpg", "a.png"):
        ...     (folder / name).touch()
        >>> [path.name for path in pair_masks(folder, folder)[0]]
        ['a.jpg', 'a.jpg']
    """
    pictures, truths = index_pictures(images, images), index_pictures(masks, masks)
    names = sorted(pictures.keys() & truths.keys())
    if not names:
        raise InputError(
            f"`{masks}` must hold masks named as the pictures of `{images}`. No name is in both; "
            f"there are {len(pictures)} pictures and {len(truths)} masks."
        )
    return [(pictures[name], truths[name]) for name in names]


def score_picture(paths: tuple[Path, Path]) -> np.ndarray:
    """Compute and score both maps of one picture.

    Args:
        paths: of the picture and its mask.

    Returns:
        (2, 3) float64: of each of `METHODS` its IoU, its seconds and its processor seconds. Reading
        the files is left out.

    Raises:
        InputError: a file is no picture, or the mask is of another size.
    """
    image, truth = read_image(paths[0]), read_labels(paths[1]) > 0
    if truth.shape != image.shape[:2]:
        raise InputError(
            f"`{paths[1]}` must be of its picture's {image.shape[:2]} pixels. "
            f"Received {truth.shape}."
        )
    times = [_read_clocks()]
    rough = robust_background_saliency(image)
    times.append(_read_clocks())
    refined = refine_with_grabcut(image, rough)
    times.append(_read_clocks())
    overlaps = [[measure_overlap(salient_mask(each), truth)] for each in (rough, refined)]
    return np.concatenate([overlaps, np.subtract(times[1:], times[0])], axis=1)


def _read_clocks():
    return time.perf_counter(), time.process_time()


def measure_overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the IoU of two masks.

    Args:
        found: (H, W) bool.
        truth: (H, W) bool.

    Returns:
        The IoU in [0, 1]; 1 when both are empty.

    Example:
        >>> measure_overlap(np.array([[True, True]]), np.array([[True, False]]))
        0.5
    """
    union = np.count_nonzero(found | truth)
    return float(np.count_nonzero(found & truth) / union) if union else 1.0


def score_all(pairs: list[tuple[Path, Path]], workers: int) -> np.ndarray:
    """Score pictures, in several processes when asked to.

    Args:
        pairs: of `pair_masks`, N of them.
        workers: processes; 1 for this one.

    Returns:
        (N, 2, 3) float64, as `score_picture`.
    """
    if workers == 1:
        return np.array([score_picture(pair) for pair in tqdm(pairs, unit="picture")])
    # OpenCV's own threads would fight over the cores that the processes fill.
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        scores = pool.imap(score_picture, pairs, chunksize=4)
        return np.array(list(tqdm(scores, total=len(pairs), unit="picture")))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--masks", type=Path, required=True, help="folder of masks")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    args = parser.parse_args()
    if args.workers < 1:
        parser.error(f"`--workers` must be at least 1. Received {args.workers}.")
    try:
        pairs = pair_masks(args.images, args.masks)
        started = time.perf_counter()
        scores = score_all(pairs, args.workers)
    except InputError as error:
        raise SystemExit(str(error)) from error
    elapsed = time.perf_counter() - started
    print(f"{len(pairs)} pictures, {args.workers} of {count_cores()} cores, {elapsed:.0f} s in all")
    print(f"{'method':15s} mean_IoU  ms/picture (median, largest)  processor_ms/picture")
    for name, (overlaps, *seconds) in zip(METHODS, scores.transpose(1, 2, 0), strict=True):
        wall, processor = (1000 * each for each in seconds)
        print(
            f"{name:15s} {overlaps.mean():8.3f}  {wall.mean():10.0f} "
            f"({np.median(wall):.0f}, {wall.max():.0f}) {processor.mean():25.0f}"
        )


if __name__ == "__main__":
    main()
