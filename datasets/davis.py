"""Reads the sequences of DAVIS: a folder of frames and a folder of masks each."""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from datasets.named_shots import NamedShot, name_shot, order_frames
from datasets.paths import find_dataset, index_pictures, list_pictures
from datasets.split_folders import list_folders

_FRAMES, _MASKS = "JPEGImages", "Annotations"
_RESOLUTIONS = ("480p", "1080p", "Full-Resolution")


def list_davis_shots(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the sequences of a copy of DAVIS.

    Layout: `JPEGImages/480p/<sequence>/00000.jpg` and `Annotations/480p/<sequence>/00000.png`, in
    the data set's folder or in a folder inside it, such as `DAVIS`. Other resolutions, `1080p` and
    `Full-Resolution`, are taken where 480p is absent; the folder of the resolution may be absent
    too. A sequence's name is its tag. Whatever is not 0 in a mask is the object; all objects of a
    frame count as one. The lists of `ImageSets` are not read: no split is told.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder that holds `JPEGImages`, or the one above.

    Returns:
        Shots, sorted by sequence; a frame without a mask has None.

    Raises:
        InputError: there is no such folder, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> frame = data_dir / "davis" / "DAVIS" / "JPEGImages" / "480p" / "camel" / "00000.jpg"
        >>> frame.parent.mkdir(parents=True)
        >>> frame.touch()
        >>> shot = list_davis_shots(data_dir, "davis")[0]
        >>> shot.name, shot.tag, shot.masks
        ('davis/camel', 'camel', ())

    References:
        Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
        Segmentation", CVPR 2016.
    """
    folder = _find_frames(data_dir, find_dataset(data_dir, dataset))
    masks = _find_masks(folder)
    return [
        _read_sequence(data_dir, dataset, each, masks) for each in list_folders(data_dir, folder)
    ]


def _find_frames(data_dir: Path, folder: Path) -> Path:
    places = [folder, *list_folders(data_dir, folder)]
    found = next((each / _FRAMES for each in places if (each / _FRAMES).is_dir()), None)
    if found is None:
        raise InputError(
            f"`{folder}` must hold a folder `{_FRAMES}`, as DAVIS does, or a folder that holds it. "
            "There is none."
        )
    return next((found / name for name in _RESOLUTIONS if (found / name).is_dir()), found)


def _find_masks(frames: Path) -> Path:
    if frames.name == _FRAMES:
        return frames.parent / _MASKS
    return frames.parents[1] / _MASKS / frames.name


def _read_sequence(data_dir: Path, dataset: str, folder: Path, masks: Path) -> NamedShot:
    frames = order_frames(list_pictures(data_dir, folder))
    known = index_pictures(data_dir, masks / folder.name)
    found = tuple(known.get(frame.stem) for frame in frames)
    return NamedShot(
        name_shot(dataset, folder.name), frames, folder.name, masks=found if any(found) else ()
    )
