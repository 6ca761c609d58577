"""The door of the systems that learn from tagged videos: splits of shots."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import InputError
from datasets.formats import list_shots
from datasets.named_shots import NamedShot
from datasets.records import ShotRecord
from datasets.shot_tags import choose_shot_classes, name_tags
from datasets.splits import fill_splits

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ShotSplits:
    """The shots of a data set, each with one tag.

    Attributes:
        training: shots to learn from, sorted by name.
        validation: shots to validate on, likewise; perhaps none.
        test: shots to test on, likewise; perhaps none.
        class_names: the names of classes 1 to K, as every shot has them.
        transductive: the shots to test on are those to learn from: their frames and tags are seen
            in training, their boxes and masks never.

    Example:
        >>> ShotSplits([], [], [], ("cat",)).transductive
        False
    """

    training: list[ShotRecord]
    validation: list[ShotRecord]
    test: list[ShotRecord]
    class_names: tuple[str, ...]
    transductive: bool = False


@dataclass(frozen=True)
class ShotChoices:
    """Which shots of a data set are kept, under which tags, and how they are split.

    Attributes:
        classes: the tags to keep, which become 1, 2, ... in this order; None keeps all, sorted.
        shot_tags: {pattern: tag}, see `datasets.shot_tags.name_tags`; None leaves the tags as the
            format tells them, which of `davis` and `otb` are the names of the sequences.
        test_fraction: share for testing, from 0 to below 1, where the data have no split.
        validation_fraction: share for validating, likewise.
        split_seed: same seed, same split.

    Example:
        >>> ShotChoices(classes=("cat", "cow")).test_fraction
        0.2
    """

    classes: Sequence[str] | None = None
    shot_tags: Mapping[str, str] | None = None
    test_fraction: float = 0.2
    validation_fraction: float = 0.1
    split_seed: int = 0


_AS_TOLD = ShotChoices()


def read_shots(
    format: str,
    data_dir: Path,
    dataset: str,
    choices: ShotChoices = _AS_TOLD,
    *,
    frame_cache: Path | None = None,
) -> ShotSplits:
    """Read a data set as shots with a tag each, and split it.

    A shot without frames is named in the log and left out. Splits are kept, or drawn by tag as by
    `datasets.boxes.read_boxes`, whole shots. With a `test_fraction` of 0, data that tell neither
    test nor validation shots are tested on the training shots themselves, see
    `ShotSplits.transductive`.

    Args:
        format: a key of `datasets.formats.SHOT_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder inside `data_dir`, or several joined by `+`, which become
            one.
        choices: which shots are kept, under which tags, and how they are split.
        frame_cache: folder for the frames of the format `videos`; None for `.frames` beside them.

    Returns:
        The splits.

    Raises:
        InputError: the format, a tag or a pattern is unknown, the data set cannot be read, no shot
            has frames, two shots have one name, or a fraction cannot be taken.
        MissingSplit: all shots are for validating or testing.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("cat/1", "cat/2", "rat/1"):
        ...     (data_dir / name).mkdir(parents=True)
        ...     (data_dir / name / "1.jpg").touch()
        >>> choices = ShotChoices(test_fraction=0, validation_fraction=0)
        >>> splits = read_shots("shots", data_dir, ".", choices)
        >>> splits.transductive, [(shot.name, shot.tag) for shot in splits.test]
        (True, [('cat/1', 1), ('cat/2', 1), ('rat/1', 2)])
    """
    listed = list_shots(format, data_dir, dataset, frame_cache=frame_cache)
    shots = name_tags(_keep_filled(listed, dataset), choices.shot_tags, dataset)
    _check_names(shots, dataset)
    class_names = choose_shot_classes(shots, choices.classes, dataset)
    kept = [shot for shot in shots if shot.tag in class_names]
    if len(kept) < len(shots):
        _logger.info("Left out %d of %d shots of other tags.", len(shots) - len(kept), len(shots))
    splits = fill_splits(
        kept,
        (choices.test_fraction, choices.validation_fraction),
        get_class=lambda shot: shot.tag,
        seed=choices.split_seed,
        dataset=dataset,
    )
    told = any(shot.split in ("val", "test") for shot in kept)
    transductive = not told and choices.test_fraction == 0
    made = {
        split: sorted(_make_record(each, class_names) for each in members)
        for split, members in splits.items()
    }
    test = list(made["train"]) if transductive else made["test"]
    return ShotSplits(made["train"], made["val"], test, class_names, transductive)


def _keep_filled(shots: Sequence[NamedShot], dataset: str) -> list[NamedShot]:
    """Leave out shots without frames, each named in the log."""
    for shot in shots:
        if not shot.frames:
            _logger.warning("Left out the shot %s: %s", shot.name, shot.problem or "no frames")
    filled = [shot for shot in shots if shot.frames]
    if not filled:
        raise InputError(
            f"`{dataset}` must have shots with frames. None of its {len(shots)} shots has any."
        )
    return filled


def _check_names(shots: Sequence[NamedShot], dataset: str) -> None:
    name, count = Counter(shot.name for shot in shots).most_common(1)[0]
    if count > 1:
        raise InputError(
            f"`{dataset}` must have shots of different names. {count} are called {name}."
        )


def _make_record(shot: NamedShot, class_names: tuple[str, ...]) -> ShotRecord:
    tag = class_names.index(shot.tag) + 1
    return ShotRecord(shot.name, shot.frames, tag, class_names, shot.boxes, shot.masks)
