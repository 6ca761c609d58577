"""Says a count in words: its interval, and whether there is anything to count."""

from __future__ import annotations

from collections.abc import Mapping

from ops.count_calibration import NONE_THRESHOLD


def caption_count(
    outputs: Mapping[str, float], *, interval: float | None = None, truth: float | None = None
) -> str:
    """Write a count as a picture's caption.

    Args:
        outputs: `count` and perhaps `count_low`, `count_high` and `none_probability` of a picture.
        interval: share of true counts that the interval is to hold; None where it is not known.
        truth: true count, or None.

    Returns:
        One line.

    Example:
        >>> caption_count({"count": 2.5})
        'Count 2.5'
        >>> outputs = {"count": 0.4, "count_low": 0, "count_high": 2.1, "none_probability": 0.9}
        >>> caption_count(outputs, interval=0.8, truth=0)
        'None here (0.90): count 0.4, 0.0 to 2.1 (80 %), true 0'
    """
    text = f"count {outputs['count']:.1f}"
    if "count_low" in outputs:
        text += f", {outputs['count_low']:.1f} to {outputs['count_high']:.1f}"
        text += f" ({100 * interval:g} %)" if interval else ""
    if truth is not None:
        text += f", true {truth:g}"
    if decide_none(outputs).get("none_here"):
        return f"None here ({outputs['none_probability']:.2f}): {text}"
    return text.capitalize()


def decide_none(outputs: Mapping[str, float]) -> dict[str, bool]:
    """Decide whether there is anything to count.

    Args:
        outputs: of a picture.

    Returns:
        {"none_here": whether `none_probability` is `NONE_THRESHOLD` or more}; {} for a model
        without it.

    Example:
        >>> decide_none({"count": 0.4, "none_probability": 0.9}), decide_none({"count": 0.4})
        ({'none_here': True}, {})
    """
    if "none_probability" not in outputs:
        return {}
    return {"none_here": bool(outputs["none_probability"] >= NONE_THRESHOLD)}
