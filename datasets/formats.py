"""The layouts that `--format` can name, and the one call that reads any of them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from config.errors import InputError
from datasets.annotations import read_counted_annotations
from datasets.bbbc039 import read_bbbc039
from datasets.box_csv import list_box_csv_objects, read_box_csv
from datasets.ccp import list_ccp_tags
from datasets.class_folders import list_class_folders
from datasets.class_videos import list_class_videos
from datasets.coco import list_coco_objects, read_coco
from datasets.count_csv import read_count_csv
from datasets.cvat import list_cvat_objects, read_cvat
from datasets.davis import list_davis_shots
from datasets.dots import read_dots
from datasets.fold_files import list_folds
from datasets.label_studio import list_label_studio_objects, read_label_studio
from datasets.labelme import list_labelme_objects, read_labelme
from datasets.mall import read_mall
from datasets.mask_files import place_masks
from datasets.mask_folders import list_mask_folders
from datasets.named_objects import NamedObjects, check_told
from datasets.named_shots import NamedShot
from datasets.otb import list_otb_shots
from datasets.oxford_pets import list_oxford_pets_objects, read_oxford_pets
from datasets.paths import join_inside
from datasets.penguins import read_penguins
from datasets.point_csv import read_point_csv
from datasets.records import BadRecord, CountRecord, PointRecord
from datasets.shanghaitech import read_shanghaitech
from datasets.shot_folders import list_shot_folders
from datasets.tag_table import list_tag_table
from datasets.tagged_pictures import TaggedPicture, tag_objects
from datasets.trancos import read_trancos
from datasets.ucf_cc_50 import read_ucf_cc_50
from datasets.voc import list_voc_objects, read_voc
from datasets.voc_tags import list_voc_tags
from datasets.yolo import list_yolo_objects, read_yolo
from datasets.youtube_objects import list_youtube_objects
from datasets.youtube_objects_22 import list_youtube_objects_22

# Each reads (data_dir, dataset, split); its docstring tells the layout and the split.
FORMATS = {
    "annotations": read_counted_annotations,
    "bbbc039": read_bbbc039,
    "boxes": read_box_csv,
    "coco": read_coco,
    "csv": read_count_csv,
    "cvat": read_cvat,
    "dots": read_dots,
    "label_studio": read_label_studio,
    "labelme": read_labelme,
    "mall": read_mall,
    "oxford_pets": read_oxford_pets,
    "penguins": read_penguins,
    "points": read_point_csv,
    "shanghaitech": read_shanghaitech,
    "trancos": read_trancos,
    "ucf_cc_50": read_ucf_cc_50,
    "voc": read_voc,
    "yolo": read_yolo,
}
# Each lists the objects of all splits of (data_dir, dataset), with their boxes.
BOX_FORMATS = {
    "boxes": list_box_csv_objects,
    "coco": list_coco_objects,
    "cvat": list_cvat_objects,
    "label_studio": list_label_studio_objects,
    "labelme": list_labelme_objects,
    "oxford_pets": list_oxford_pets_objects,
    "voc": list_voc_objects,
    "yolo": list_yolo_objects,
}


def _tag_boxes(list_objects: Callable) -> Callable[[Path, str], list[TaggedPicture]]:
    """Make a reader of tags from one of boxes."""

    def list_tagged(data_dir: Path, dataset: str) -> list[TaggedPicture]:
        pictures = list_objects(data_dir, dataset)
        check_told(pictures, data_dir / dataset)
        return [tag_objects(picture) for picture in pictures]

    return list_tagged


# Each lists the pictures of all splits of (data_dir, dataset), with their tags.
TAG_FORMATS = {
    **{name: _tag_boxes(list_objects) for name, list_objects in BOX_FORMATS.items()},
    "ccp": list_ccp_tags,
    "folders": list_class_folders,
    "masks": list_mask_folders,
    "tags": list_tag_table,
    "voc": list_voc_tags,
}
# Those that can list what training refuses, each with its problem.
_LENIENT_FORMATS = TAG_FORMATS | {"tags": partial(list_tag_table, strict=False)}
# Each lists the shots of all splits of (data_dir, dataset), with their tags.
SHOT_FORMATS = {
    "davis": list_davis_shots,
    "otb": list_otb_shots,
    "shots": list_shot_folders,
    "videos": list_class_videos,
    "wsol": list_folds,
    "youtube_objects": list_youtube_objects,
    "youtube_objects_22": list_youtube_objects_22,
}
COUNT_FORMATS = ("annotations", "csv")  # the others tell where the objects are, too


def read_counted(
    format: str, data_dir: Path, dataset: str, split: str
) -> list[CountRecord | PointRecord | BadRecord]:
    """Read a data set that tells how many objects each picture holds.

    Args:
        format: a key of `FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder inside `data_dir`; for some formats also the file that
            lists it.
        split: "train", "val" or "test"; "val" gives no records where a format has none, and the
            caller holds some of "train" out.

    Returns:
        Records sorted by picture, each with `.image` and `.count`; a `BadRecord` instead, for
        `datasets.bad_files` to take out, where a picture's own annotation file cannot be used.

    Raises:
        InputError: the format is unknown, or the data set cannot be read.

    Example:
        >>> read_counted("shanghaitec", Path("data"), "part_B", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--format` must be one of annotations, bbbc039, boxes, coco, \
csv, cvat, dots, label_studio, labelme, mall, oxford_pets, penguins, points, shanghaitech, \
trancos, ucf_cc_50, voc, yolo. Received shanghaitec; the nearest is shanghaitech.
    """
    check_format(format, FORMATS)
    return FORMATS[format](Path(data_dir), dataset, split)


def list_boxes(format: str, data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the pictures of all splits of one or several data sets that have boxes.

    Args:
        format: a key of `BOX_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing) inside `data_dir`, or several joined by `+`.

    Returns:
        Pictures with their boxes as the files have them; one that a data set lists in several
        splits comes several times.

    Raises:
        InputError: the format is unknown, a data set cannot be read, or tells the split of only
            some pictures.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("cat", "rat"):
        ...     (data_dir / name).mkdir()
        ...     row = f"1.png,6,8,1,2,5,6,{name},0\\n"
        ...     _ = (data_dir / name / "boxes.csv").write_text(row)
        >>> [picture.names for picture in list_boxes("boxes", data_dir, "cat+rat")]
        [('cat',), ('rat',)]
    """
    check_format(format, BOX_FORMATS)
    pictures = []
    for name in _split_names(Path(data_dir), dataset):
        listed = BOX_FORMATS[format](Path(data_dir), name)
        check_told(listed, Path(data_dir) / name)
        pictures += listed
    return pictures


def list_tags(
    format: str, data_dir: Path, dataset: str, *, masks: str = "own", strict: bool = True
) -> list[TaggedPicture]:
    """List the pictures of all splits of one or several data sets that have tags.

    Args:
        format: a key of `TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing) inside `data_dir`, or several joined by `+`.
        masks: "own", "none", or a folder relative to each data set.
        strict: False to look for what is wrong: a picture has a `problem` where a table would be
            refused for it.

    Returns:
        Pictures with their tags.

    Raises:
        InputError: the format is unknown, a data set cannot be read, or none has the folder that
            `masks` names.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "tags.csv").write_text("image,tags\\n1.jpg,cat|rat\\n")
        >>> list_tags("tags", data_dir, ".")[0].names
        ('cat', 'rat')
    """
    check_format(format, TAG_FORMATS)
    data_dir = Path(data_dir)
    list_tagged = (TAG_FORMATS if strict else _LENIENT_FORMATS)[format]
    pictures = []
    for name in _split_names(data_dir, dataset):
        listed = list_tagged(data_dir, name)
        pictures += place_masks(listed, data_dir, name, masks)
    if masks not in ("own", "none") and not any(picture.mask for picture in pictures):
        raise InputError(
            f"`masks` must be own, none, or a folder inside `{dataset}`. Received {masks}, which "
            "is no folder there."
        )
    return pictures


def check_format(format: str, known: Iterable[str]) -> None:
    """Require a layout that is known.

    Args:
        format: what `--format` says.
        known: e.g. `TAG_FORMATS`.

    Raises:
        InputError: it is another one; the nearest is told.

    Example:
        >>> check_format("tag", ("folders", "tags"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--format` must be one of folders, tags. Received tag; the \
nearest is tags.
    """
    if format not in known:
        nearest = difflib.get_close_matches(str(format), known, n=1, cutoff=0)[0]
        raise InputError(
            f"`--format` must be one of {', '.join(known)}. Received {format}; the nearest is "
            f"{nearest}."
        )


def list_shots(
    format: str, data_dir: Path, dataset: str, *, frame_cache: Path | None = None
) -> list[NamedShot]:
    """List the shots of all splits of one or several data sets of videos.

    Args:
        format: a key of `SHOT_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder inside `data_dir`, or several joined by `+`.
        frame_cache: of the format `videos`, see `datasets.class_videos.list_class_videos`.

    Returns:
        Shots with their tags; perhaps some without frames.

    Raises:
        InputError: the format is unknown, or a data set cannot be read.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("zoo/cat/1", "farm/cow/1"):
        ...     (data_dir / name).mkdir(parents=True)
        >>> [shot.name for shot in list_shots("shots", data_dir, "zoo+farm")]
        ['zoo/cat/1', 'farm/cow/1']
    """
    check_format(format, SHOT_FORMATS)
    data_dir = Path(data_dir)
    options = {"frame_cache": frame_cache} if format == "videos" else {}
    names = _split_names(data_dir, dataset)
    return [shot for name in names for shot in SHOT_FORMATS[format](data_dir, name, **options)]


def _split_names(data_dir: Path, dataset: str) -> list[str]:
    """Return the names joined by `+`, unless one data set has the whole as its name."""
    if "+" not in dataset or join_inside(data_dir, dataset).exists():
        return [dataset]
    return [name.strip() for name in dataset.split("+")]
