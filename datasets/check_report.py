"""Checks a data set before training, and puts what was found into words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets.check_duplicates import find_duplicates
from datasets.check_findings import NOTES, PROBLEMS, Finding
from datasets.check_objects import ClassCount, count_classes, find_class_flaws, find_object_flaws
from datasets.check_pictures import describe_pictures, find_picture_flaws
from datasets.check_reading import read_for_check
from datasets.check_tags import (
    asks_for_tags,
    find_tag_flaws,
    name_tags,
    read_tags_for_check,
)
from datasets.images import MAX_PIXELS

_NUM_SHOWN = 5


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        name: the data set and its format.
        pictures: how many different pictures it lists.
        single: how many of them have exactly one object; None where the format gives no boxes.
        splits: how many pictures each split lists; {} where the data set tells no splits.
        classes: how often each class occurs; [] where the format only counts.
        findings: all findings, problems and notes.
        masks: how many pictures have a label map; None where no tags are read.

    Example:
        >>> CheckReport("raccoon (voc)", 0, 0, {}, [], []).problems
        []
    """

    name: str
    pictures: int
    single: int | None
    splits: dict[str, int]
    classes: list[ClassCount]
    findings: list[Finding]
    masks: int | None = None

    @property
    def problems(self) -> list[Finding]:
        """The findings that should be mended before training."""
        return [finding for finding in self.findings if finding.is_problem]


def check_dataset(
    format: str,
    data_dir: Path,
    dataset: str,
    *,
    class_source: str = "annotation",
    masks: str | None = None,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
) -> CheckReport:
    """Read a data set of any format, decode its pictures and look for what is wrong.

    Args:
        format: a key of `datasets.formats.FORMATS` or `TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing); of formats with boxes or
            tags several joined by `+`.
        class_source: where classes come from, see `datasets.boxes.read_boxes`.
        masks: as for `datasets.tags.read_tags`, to check tags and label maps; None for "own" where
            the format has tags alone, else to check what else it has.
        max_pixels: larger pictures are not decoded and count as a problem.
        workers: threads that decode; None for one a processor.

    Returns:
        The report.

    Raises:
        InputError: the format or `class_source` is unknown, they or `masks` do not go together, or
            the data set cannot be read at all.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "boxes.csv").write_text("a.png,6,8,5,2,1,6,cat,0\\n")
        >>> [finding.kind for finding in check_dataset("boxes", data_dir, ".").problems]
        ['missing', 'inverted', 'few']
    """
    tagged = None
    if asks_for_tags(format, masks=masks, class_source=class_source):
        tagged, findings = read_tags_for_check(format, data_dir, dataset, masks=masks or "own")
        pictures = [name_tags(each) for each in tagged]
    else:
        pictures, findings = read_for_check(format, data_dir, dataset, class_source=class_source)
    splits = defaultdict(set)
    for picture in pictures:
        splits[picture.image].add(picture.split)
    facts = describe_pictures(list(splits), max_pixels=max_pixels, workers=workers)
    counts = count_classes(pictures)
    if tagged is not None:
        counts = [replace(count, objects=None) for count in counts]
        findings += find_tag_flaws(tagged, facts, max_pixels=max_pixels, workers=workers)
    findings += find_picture_flaws(facts)
    findings += [
        finding for each in pictures for finding in find_object_flaws(each, facts[each.image])
    ]
    findings += find_duplicates(facts, splits) + find_class_flaws(counts)
    order = list(PROBLEMS | NOTES)
    has_boxes = any(picture.boxes is not None for picture in pictures)
    return CheckReport(
        name=f"{dataset} ({format})",
        pictures=len(splits),
        single=sum(len(each.names) == 1 for each in pictures) if has_boxes else None,
        splits={
            split: sum(split in told for told in splits.values())
            for split in ("train", "val", "test")
            if any(split in told for told in splits.values())
        },
        classes=counts,
        findings=sorted(findings, key=lambda finding: order.index(finding.kind)),
        masks=None if tagged is None else sum(each.mask is not None for each in tagged),
    )


def describe_report(report: CheckReport) -> str:
    """Put a report into words, with the first findings of each kind.

    Args:
        report: from `check_dataset`.

    Returns:
        Lines of text.

    Example:
        >>> print(describe_report(CheckReport("raccoon (voc)", 0, 0, {}, [], [])))
        raccoon (voc): 0 pictures, 0 with exactly one object, no splits of its own
        no problems
    """
    told = ", ".join(f"{split} {num}" for split, num in report.splits.items())
    single = "" if report.single is None else f"{report.single} with exactly one object, "
    single += "" if report.masks is None else f"{report.masks} with a label map, "
    lines = [f"{report.name}: {report.pictures} pictures, {single}{told or 'no splits of its own'}"]
    lines += _draw_table(report.classes)
    for titles, heading in ((PROBLEMS, "problems"), (NOTES, "notes")):
        found = [finding for finding in report.findings if finding.kind in titles]
        lines += [""] + [heading] if found else []
        for kind, title in titles.items():
            lines += _list_some(title, [each.text for each in found if each.kind == kind])
    num = len(report.problems)
    lines += ([""] if report.findings or report.classes else []) + [
        f"{num} problem{'s' * (num != 1)}" if num else "no problems"
    ]
    return "\n".join(_make_printable(line) for line in lines)


def report_to_dict(report: CheckReport) -> dict[str, Any]:
    """Turn a report into what `config.files.write_json` takes.

    Args:
        report: from `check_dataset`.

    Returns:
        All of it; `clean` says whether there are no problems.

    Example:
        >>> report_to_dict(CheckReport("raccoon (voc)", 0, 0, {}, [], []))["clean"]
        True
    """
    findings = [
        {
            "kind": finding.kind,
            "problem": finding.is_problem,
            "text": _make_printable(finding.text),
            "images": [_make_printable(str(image)) for image in finding.images],
        }
        for finding in report.findings
    ]
    return {**asdict(report), "findings": findings, "clean": not report.problems}


def _make_printable(text: str) -> str:
    """Replace what could steer a terminal, or has no encoding, in names that come from files."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _list_some(title: str, texts: list[str]) -> list[str]:
    if not texts:
        return []
    more = len(texts) - _NUM_SHOWN
    shown = [f"    {text}" for text in texts[:_NUM_SHOWN]]
    return [f"  {title}: {len(texts)}", *shown] + ([f"    ... and {more} more"] if more > 0 else [])


def _draw_table(counts: list[ClassCount]) -> list[str]:
    if not counts:
        return []
    counted = counts[0].objects is not None
    rows = [["class", "pictures", *["objects"] * counted, *counts[0].splits]]
    for count in counts:
        numbers = (count.pictures, *[count.objects] * counted, *count.splits.values())
        rows.append([count.name or "(none)", *map(str, numbers)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [""] + [
        "  "
        + "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
