"""Writes one page per run that stands alone: numbers, pictures, configuration, command."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import jinja2

from config.files import atomic_file
from config.schema import SCHEMAS
from reporting.results import Results, format_number, read_results

REPORT_FILE = "report.html"
TEMPLATE_FILE = "report.html.jinja"
MAX_FIGURES = 40  # the rest stay in the run's folder; the page stays light
# File name without suffix -> what the figure shows; others are named after their file.
CAPTIONS = {
    "training_curves": "Training and validation over the epochs",
    "pair_differences": "How clearly the rankers of the noise filter put the pairs in order that "
    "they did not learn from",
    "error_boxplot": "Absolute error per range of true counts, and pictures per range",
    "count_scatter": "Predicted against true counts",
    "intervals": "The interval of each picture over its true count",
    "coverage": "Share of true counts inside the intervals, beside what these promise",
    "iou_histogram": "IoU of the predicted and the true box of each picture",
    "saliency_sheet": "Saliency of the worst pictures and of some at random, outlined where it is "
    "half of its maximum: IoU of the network (of RBD + GrabCut)",
    "training_sheet": "From pictures to labels: seeds, saliency, guide labels, prediction, truth",
    "scored_sheet": "Predictions on scored pictures, without and with the CRF",
    "seeds_sheet": "What training frames teach: a frame's map, the joined maps, the region with "
    "the seeds of one draw, and what the decoder then says",
    "frames_sheet": "Scored frames: the classifier's maps, then the decoder's with its box "
    "(orange) and the true ones (blue)",
    "cam_sheet": "Scored frames: the map of the shot's tag, its box (orange), true ones (blue)",
    "corloc_tags": "Share of frames with a right box, by tag, at each method's best threshold and "
    "at the one chosen without labels",
    "corloc_shots": "The same by shot",
    "label_quality": "How well the labels of each rule agree with masks",
    "confusion_matrix": "True against predicted labels, shares of each true label",
    "crf_confusion_matrix": "The same with the CRF",
    "worst_sheet": "The pictures with the smallest IoU: true boxes dashed, predicted ones solid",
    "seed_curves": "Precision of the seeds at each recall; mP reads it at the dotted lines",
    "seed_sheet": "Drawn at random: pictures, their heat, its seeds, and the truth if known",
}
# What single pictures show, by their name before its number.
_PICTURES = {
    "worst": "worst {}: true points, blobs found, probabilities",
    "best": "best {}: true points, blobs found, probabilities",
    "best_boxes": "best {}: true box dashed, predicted one solid",
    "random_boxes": "drawn at random {}: true box dashed, predicted one solid",
}


def write_report(run_dir: str | Path, results: Results | None = None) -> Path:
    """Write `report.html` from what lies in a run folder and nothing else.

    The page is one file without outside resources: pictures of `figures/` are inlined, numbers,
    configuration, versions and command come from `results.json`. Every text is escaped.

    Args:
        run_dir: folder with, where figures were drawn, `figures/*.png`.
        results: what the run reached; None reads its `results.json`.

    Returns:
        The page's path.

    Raises:
        InputError: `results.json` is missing or cannot be used.
        OSError: a figure cannot be read, or the page cannot be written.

    Example:
        >>> import tempfile
        >>> from reporting.results import write_results
        >>> results = Results(experiment="training/baseline", status="finished",
        ...                   metrics={"mae": 2.0}, units={}, config={}, seed=1, seconds=3.0,
        ...                   command="python train_wrapper.py")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write_results(folder, results)
        ...     "<td>mae</td>" in write_report(folder).read_text(encoding="utf-8")
        True
    """
    run = Path(run_dir)
    results = results or read_results(run)
    pictures = sorted((run / "figures").glob("*.png"), key=_figure_order)
    page = render_template(
        TEMPLATE_FILE,
        run=run.resolve().name,
        results=results,
        duration=_format_duration(results.seconds),
        metrics=[
            (name, format_number(value), results.units.get(name, ""))
            for name, value in results.metrics.items()
        ],
        params=_describe_params(results),
        figures=[_inline(path) for path in pictures[:MAX_FIGURES]],
        num_left_out=max(0, len(pictures) - MAX_FIGURES),
    )
    with atomic_file(run / REPORT_FILE) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return run / REPORT_FILE


def render_template(template_file: str, **values: Any) -> str:
    """Fill a page template of this folder; every text is escaped.

    Args:
        template_file: its file name.
        values: what it shows.

    Returns:
        The page.

    Example:
        >>> "<style>" in render_template("style.html.jinja")
        True
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template_file).render(**values)


def _figure_order(path: Path) -> tuple[Any, ...]:
    """Sort overviews first, then single pictures by name, numbers by value."""
    known = list(CAPTIONS)
    rank = known.index(path.stem) if path.stem in known else len(known)
    parts = re.split(r"(\d+)", path.stem)
    return rank, [int(part) if part.isdecimal() else part for part in parts]


def _inline(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    return {
        "caption": CAPTIONS.get(path.stem) or _name_picture(path.stem),
        "data": base64.b64encode(content).decode("ascii"),
        "wide": width > 2.2 * height,
    }


def _name_picture(stem: str) -> str:
    """Turn `worst_00` into "worst 1" and any other name into words."""
    name, _, number = stem.rpartition("_")
    if name in _PICTURES and number.isdecimal():
        return _PICTURES[name].format(int(number) + 1)
    return stem.replace("_", " ")


def _describe_params(results: Results) -> list[tuple[str, str, str]]:
    """Return (key, value with its unit, meaning) for each parameter."""
    schema = SCHEMAS.get(results.experiment)
    known = {item.name: item.metadata for item in fields(schema)} if schema else {}
    rows = []
    for name, value in results.config.items():
        described = known.get(name, {})
        text = value if isinstance(value, str) else json.dumps(value)
        unit = described.get("unit") if value is not None else ""
        rows.append((name, f"{text} {unit}" if unit else text, described.get("meaning", "")))
    return rows


def _format_duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
