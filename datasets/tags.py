"""The door of the systems that learn from image tags: splits of tagged pictures."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import MissingSplit
from datasets.formats import list_tags
from datasets.named_objects import check_once
from datasets.records import BadRecord, TagRecord
from datasets.splits import fill_splits
from datasets.tag_choices import choose_classes, find_rarest, keep_tagged
from datasets.tagged_pictures import TaggedPicture, make_tag_record

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TagSplits:
    """The pictures of a data set, each with one or more tags.

    Attributes:
        training: records to learn from, sorted by picture, each a `TagRecord`, or a `BadRecord`
            for `datasets.bad_files` to take out.
        validation: records to validate on, likewise; perhaps none.
        test: records to test on, likewise; perhaps none.
        class_names: the names of classes 1 to K, as every `TagRecord` has them.

    Example:
        >>> TagSplits([], [], [], ("cat",)).class_names
        ('cat',)
    """

    training: list[TagRecord | BadRecord]
    validation: list[TagRecord | BadRecord]
    test: list[TagRecord | BadRecord]
    class_names: tuple[str, ...]


def read_tags(
    format: str,
    data_dir: Path,
    dataset: str,
    *,
    classes: Sequence[str] | str | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.1,
    split_seed: int = 0,
    masks: str = "own",
) -> TagSplits:
    """Read a data set as pictures with tags, and split it.

    Splits are kept, or drawn as by `datasets.boxes.read_boxes`; drawn ones are by each picture's
    rarest tag. Pictures without a tag are left out, which the log tells. Masks and boxes serve
    scoring; no pixel of them is read here, but where a format takes its tags from masks.

    Args:
        format: a key of `datasets.formats.TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing) inside `data_dir`, or several joined by `+`,
            which become one.
        classes: see `datasets.tag_choices.choose_classes`; all others count as background.
        test_fraction: share for testing, from 0 to below 1.
        validation_fraction: share for validating, from 0 to below 1.
        split_seed: same seed, same split.
        masks: "own" for those that the format knows; "none"; or a folder of masks relative to the
            data set (of several, to each that has it), see `datasets.mask_files.add_masks`.

    Returns:
        The splits.

    Raises:
        InputError: the format or a class is unknown, the data set cannot be read, no picture has
            a tag, or a fraction cannot be taken.
        MissingSplit: all pictures are for validating or testing.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "tags.csv").write_text(
        ...     "image,tags,split\\n1.jpg,cat;rat,train\\n2.jpg,rat,train\\n3.jpg,rat,test\\n"
        ... )
        >>> splits = read_tags("tags", data_dir, ".", validation_fraction=0)
        >>> splits.class_names, [record.tags for record in splits.training]
        (('cat', 'rat'), [(1, 2), (2,)])
    """
    pictures = check_once(list_tags(format, data_dir, dataset, masks=masks))
    sound = [picture for picture in pictures if not picture.problem]
    class_names = choose_classes(sound, classes, dataset)
    sound = keep_tagged(sound, class_names, dataset)
    fractions = (test_fraction, validation_fraction)
    splits = _split(sound, fractions, seed=split_seed, dataset=dataset)
    splits["train"] += [picture for picture in sound if picture.only_training]
    for picture in pictures:
        if picture.problem:
            splits[picture.split or "train"].append(picture)
    made = {split: _make_records(members, class_names) for split, members in splits.items()}
    return TagSplits(made["train"], made["val"], made["test"], class_names)


def read_test_tags(
    format: str,
    data_dir: Path,
    dataset: str,
    *,
    class_names: Sequence[str],
    test_fraction: float = 0.2,
    split_seed: int = 0,
    masks: str = "own",
) -> list[TagRecord | BadRecord]:
    """Read the test pictures of a data set on which what was learnt elsewhere is scored.

    They are those that `read_tags` gives, but the data set may have test pictures alone, and need
    not have every class; the log names those that it lacks.

    Args:
        format: a key of `datasets.formats.TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: as for `read_tags`.
        class_names: the names of classes 1 to K; all others count as background.
        test_fraction: share for testing where the data set tells no split, from 0 to below 1.
        split_seed: same seed, same split.
        masks: as for `read_tags`.

    Returns:
        Records, sorted by picture, each a `TagRecord` or a `BadRecord`.

    Raises:
        InputError: the format is unknown, the data set cannot be read, no picture has a tag of
            these, or the fraction cannot be taken.
        MissingSplit: there are no pictures for testing.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "tags.csv").write_text("image,tags,split\\n3.jpg,rat,test\\n")
        >>> read_test_tags("tags", data_dir, ".", class_names=["cat", "rat"])[0].tags
        (2,)
    """
    pictures = check_once(list_tags(format, data_dir, dataset, masks=masks))
    sound = [picture for picture in pictures if not picture.problem]
    sound = keep_tagged(sound, class_names, dataset)
    lacking = set(class_names).difference(*(picture.names for picture in sound))
    if lacking:
        _logger.warning("`%s` has no picture of: %s", dataset, ", ".join(sorted(lacking)))
    usable = [picture for picture in sound if not picture.only_training]
    test = [picture for picture in usable if picture.split == "test"]
    if any(picture.split in (None, "train") for picture in usable):
        test = _split(usable, (test_fraction, 0), seed=split_seed, dataset=dataset)["test"]
    if not test:
        raise MissingSplit(
            f"`{dataset}` must have pictures of the split test, to score. It has none; set "
            "`test_fraction` above 0 where it tells no split, or choose another data set."
        )
    test += [each for each in pictures if each.problem and each.split == "test"]
    return _make_records(test, class_names)


def _split(
    pictures: Sequence[TaggedPicture], fractions: tuple[float, float], *, seed: int, dataset: str
) -> dict[str, list]:
    ranks = find_rarest(pictures)

    def get_class(picture: TaggedPicture) -> str:
        return f"{min(picture.names, key=ranks.__getitem__)} (as the rarest tag)"

    drawn = [picture for picture in pictures if not picture.only_training]
    return fill_splits(drawn, fractions, get_class=get_class, seed=seed, dataset=dataset)


def _make_records(pictures: Sequence[TaggedPicture], class_names: Sequence[str]) -> list:
    return [make_tag_record(each, class_names) for each in sorted(pictures, key=_by_image)]


def _by_image(picture: TaggedPicture) -> Path:
    return picture.image
